"""Which IP addresses anybody can reach."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether anybody can reach this IP address, rather than this machine or its network.

    Raises:
        ValueError: it is no IP address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or _find_translated(ip) or ip
    return ip.is_global and not ip.is_multicast


def _find_translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the address behind a translation (NAT64), which is where a connection ends."""
    return ipaddress.IPv4Address(ip.packed[12:]) if ip in _NAT64 else None

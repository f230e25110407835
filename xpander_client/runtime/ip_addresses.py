"""Which IP addresses anybody can reach."""

from __future__ import annotations

import ipaddress

_CLOUDS = (ipaddress.IPv4Network("168.63.129.16/32"), ipaddress.IPv4Network("192.0.0.0/24"))
"""Where Azure and Oracle give out credentials to their machines; `is_global` counts the first as
public, and older Pythons' the second."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether anybody can reach this IP address, rather than this machine or its network.

    Raises:
        ValueError: it is no IP address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or _find_translated(ip) or ip
    if any(ip in network for network in _CLOUDS):
        return False
    return ip.is_global and not ip.is_multicast


def _find_translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the address behind a translation (NAT64), which is where a connection ends."""
    return ipaddress.IPv4Address(ip.packed[12:]) if ip in _NAT64 else None

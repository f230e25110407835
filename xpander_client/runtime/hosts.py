"""Under which names a server answers callers that show no key.

A page in a browser reaches servers on the browser's machine: by letting its own name mean
127.0.0.1, and by sending them requests whose answers it can't see. A proxy on the same machine
makes all its callers look like ones from there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable

PRIVATE = "xpander.private"
"""Whether only this machine can reach the server, among a request's `extensions`."""

_FORWARDED = frozenset(
    (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
)

_Headers = Iterable[tuple[bytes, bytes]]


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address.

    Example:
        >>> [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1", "10.0.0.1", "x.test")]
        [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_from_here(headers: _Headers) -> bool:
    """Tell whether a request that came over loopback began there, as far as it can be told."""
    host = None
    for name, value in headers:
        if name in _FORWARDED:
            return False
        if name == b"host":
            host = _parse_host(value)
    return host is not None and is_loopback(host)


def is_named(headers: _Headers, allowed: Collection[str], *, private: bool) -> bool:
    """Tell whether a request names the server as it may be named.

    A server that only this machine can reach has the names that nobody else can give it: addresses,
    and names without a dot. `allowed` are other ones, and the only other ones where there are any.
    """
    if not allowed and not private:
        return True
    host = next((_parse_host(value) for name, value in headers if name == b"host"), "")
    return is_loopback(host) or host in allowed or (private and _is_local(host))


def is_cross_site(headers: _Headers, allowed: Collection[str], *, private: bool) -> bool:
    """Tell whether a page of another site sent the request, which browsers say in `Origin`.

    Asked of a server that has no names of its own, the answer is no.
    """
    origin, host = b"", b""
    for name, value in headers:
        if name == b"origin":
            origin = value
        elif name == b"host":
            host = value
    if not origin or not (allowed or private):
        return False
    site = origin.lower().partition(b"://")[2]
    named = _parse_host(site)
    return site != host.lower() and named not in allowed and not (private and is_loopback(named))


def _is_local(host: str) -> bool:
    if "." not in host:
        return True
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _parse_host(authority: bytes) -> str:
    """Cut the host out of `host:port`, in lower case, and without a dot at its end."""
    text = authority.decode("latin-1").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].removesuffix(".")

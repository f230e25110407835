"""Requests as they go over the wire: head and body in one piece, and where to."""

from __future__ import annotations

import functools
import re
from urllib.parse import quote, urlsplit

import attrs

from xpander_client.core.call import Prepared

_LONGEST_URL = 65536

_PORTS = {"http": 80, "https": 443}

_IN_TARGETS = "/?:@!$&'()*+,;=%-._~[]"
_URL = re.compile(rf"(https?://[^/?#@]+)(/[A-Za-z0-9{re.escape(_IN_TARGETS)}]*)")

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
"""Methods that a body belongs to: that there is none has to be said."""


class RequestError(Exception):
    """A request can't be sent, now or later."""


@attrs.frozen
class Origin:
    """Where connections lead to; `header` is what a request says of it."""

    is_secure: bool
    host: str
    port: int
    header: str


def compose(request: Prepared) -> tuple[Origin, bytes]:
    """Return a request's bytes, and the origin that they are for.

    Raises:
        RequestError: it can't be sent.
    """
    origin, target = _split(request.url)
    fields = [f"{name}: {value}\r\n" for name, value in request.headers]
    if "host" not in dict(request.headers):
        fields.insert(0, f"host: {origin.header}\r\n")
    body = request.body
    if body is not None or request.method in _WITH_BODY:
        fields.append(f"content-length: {len(body or b'')}\r\n")
    head = f"{request.method} {target} HTTP/1.1\r\n{''.join(fields)}\r\n"
    # All texts were checked where they were given; what slipped through must not become a request.
    lines = len(fields) + 2
    if head.count("\n") != lines or head.count("\r") != lines or "\0" in head:
        raise RequestError("this request can't be sent: a header of it can be none")
    return origin, head.encode() + body if body else head.encode()


def _split(url: str) -> tuple[Origin, str]:
    usual = _URL.fullmatch(url)
    try:
        if len(url) > _LONGEST_URL or not url.isprintable():
            raise ValueError("it is too long, or holds what can't be seen")
        if usual is not None:
            return _parse_origin(usual[1]), usual[2]
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return _parse_origin(f"{parts.scheme}://{parts.netloc}"), quote(target, _IN_TARGETS)
    except (ValueError, KeyError) as error:
        raise RequestError(f"this address can't be asked for ({error})") from None


@functools.lru_cache(maxsize=1024)
def _parse_origin(address: str) -> Origin:
    parts = urlsplit(address)
    host = (parts.hostname or "").encode("idna" if not address.isascii() else "ascii").decode()
    port = parts.port or _PORTS[parts.scheme]
    header = f"[{host}]" if ":" in host else host
    if not host:
        raise ValueError("it names no host")
    if port != _PORTS[parts.scheme]:
        header += f":{port}"
    return Origin(parts.scheme == "https", host, port, header)

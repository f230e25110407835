"""Redirects: which are followed, and where they lead. Pure functions: no I/O."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

import attrs

from xpander_client.core.answer import Answer
from xpander_client.core.call import Prepared

_MOST = 5  # one after the other
_PORTS = {"http": 80, "https": 443}


def follow_redirect(request: Prepared, answer: Answer) -> Prepared | None:
    """Return the request that an answer asks for instead; None if it asks for none that may be
    made.

    The same request is made again, so only 307 and 308 are followed, which ask for just that; and
    it carries the API key, so it stays within the origin, or goes from http to https of its host.
    """
    location = answer.headers.get("location")
    if answer.status_code not in (307, 308) or not location or request.redirects >= _MOST:
        return None
    try:
        url = urljoin(request.url, location)
        before, after = urlsplit(request.url), urlsplit(url)
        if not url.isprintable() or "@" in after.netloc or not _is_allowed(before, after):
            return None
    except ValueError:
        return None
    return attrs.evolve(request, url=url.partition("#")[0], redirects=request.redirects + 1)


def _is_allowed(before: SplitResult, after: SplitResult) -> bool:
    if before.hostname != after.hostname or after.scheme not in _PORTS:
        return False
    is_secured = (before.scheme, after.scheme) == ("http", "https")
    return is_secured or _origin(before) == _origin(after)


def _origin(parts: SplitResult) -> tuple[str, int]:
    return parts.scheme, parts.port or _PORTS[parts.scheme]

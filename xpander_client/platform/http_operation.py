"""A tool that is an HTTP request: what is sent for which arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import attrs
import orjson

from .refusal import Refusal

__all__ = ["BODILESS", "METHODS", "HttpOperation"]

METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
BODILESS = frozenset({"DELETE", "GET", "HEAD"})
"""Methods whose arguments are in the query, unless a tool says otherwise."""

_VARIABLE = re.compile(r"\{([^{}/]+)\}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z")
_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that say how a request is sent; a caller has no word in that."""

_SHORTEST_SECRET = 4


@attrs.frozen(kw_only=True)
class HttpOperation:
    """The request behind a tool. `url` has variables in its path, as in `/weather/{city}`.

    The URL and the headers may hold secrets. They are sent to the tool's server and nowhere else.

    Raises:
        ValueError: it is no such request; the message says why, and shows no secret.

    Example:
        >>> weather = HttpOperation(method="GET", url="https://weather.test/{city}?units=si")
        >>> weather.target({"city": "São Paulo/SP"}, {"day": [1, 2]})
        'https://weather.test/S%C3%A3o%20Paulo%2FSP?units=si&day=1&day=2'
    """

    method: str = attrs.field()
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"the method has to be one of {', '.join(sorted(METHODS))}")
        try:
            parts = urlsplit(self.url)
            there = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            there = False
            parts = urlsplit("")
        if not there:
            raise ValueError("the url has to begin with http:// or https:// and a host")
        if set("{}") & set(parts.netloc + parts.query + _VARIABLE.sub("", parts.path)):
            raise ValueError("the url can have variables like {city} in its path only")
        if parts.fragment:
            raise ValueError("the url can't have a fragment (#)")
        for name, value in self.headers.items():
            if not _HEADER_NAME.match(name) or not _HEADER_VALUE.match(value):
                raise ValueError(f"the header {name!r} can't be sent")

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the path, in order."""
        return tuple(dict.fromkeys(_VARIABLE.findall(urlsplit(self.url).path)))

    def target(self, path_params: Mapping[str, Any], query_params: Mapping[str, Any]) -> str:
        """The URL for these arguments.

        Raises:
            Refusal: 422, a variable is missing, or can't be part of a path.
        """
        parts = urlsplit(self.url)

        def filled(found: re.Match[str]) -> str:
            name = found[1]
            text = _scalar(path_params.get(name))
            place = f"$.path_params.{name}"
            if not text:
                raise Refusal(422, f"the path needs a text or a number for {name}", place)
            if text in (".", ".."):  # no encoding keeps servers from taking these for steps
                raise Refusal(422, f"{text!r} can't be part of a path", place)
            return quote(text, safe="")

        path = _VARIABLE.sub(filled, parts.path)
        given = [
            (name, text)
            for name, value in query_params.items()
            for item in (value if isinstance(value, list) else [value])
            if (text := _query_text(item)) is not None
        ]
        query = "&".join(filter(None, (parts.query, urlencode(given, quote_via=quote))))
        return urlunsplit((parts.scheme, parts.netloc, path, query, ""))

    def sent_headers(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The headers for a call: its own, and over them the tool's.

        Raises:
            Refusal: 422, one can't be sent.
        """
        sent = {}
        for name, value in given.items():
            text = _scalar(value)
            if value is None or name.lower() in _CONNECTION:
                continue
            if text is None or not _HEADER_NAME.match(name) or not _HEADER_VALUE.match(text):
                raise Refusal(422, "a header has a name and a text", f"$.headers.{name}")
            sent[name.lower()] = text
        return sent | {name.lower(): value for name, value in self.headers.items()}

    def redacted(self, text: str) -> str:
        """The text without the tool's secrets; a server may well repeat what it was sent."""
        parts = urlsplit(self.url)
        secrets = {value for _, value in parse_qsl(parts.query)}
        secrets |= {unquote(each) for each in (parts.username, parts.password) if each}
        for value in self.headers.values():
            secrets |= {value, *value.split()[-1:]}  # "Bearer x" is as secret as x alone
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "…")
        return text


def _scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return None


def _query_text(value: Any) -> str | None:
    if value is None:
        return None
    text = _scalar(value)
    return text if text is not None else orjson.dumps(value).decode()

"""A tool that is an HTTP request: what is sent for which arguments."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import attrs
import orjson

from xpander_client.core.requests import HEADER_NAME
from xpander_client.platform.agents.parameters import read_declared, scalar
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.runtime.ip_addresses import is_public
from xpander_client.version import __version__

_METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
BODILESS = frozenset({"DELETE", "GET", "HEAD"})
"""Methods whose arguments are in the query, unless a tool says otherwise."""

_VARIABLE = re.compile(r"\{([^{}/]+)\}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z")
_CONNECTION = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
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

_OWN_NAMES = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".test")

_LONGEST_TARGET = 16_000
"""How long a URL may be, in characters: servers take no longer ones."""

_DECODED = 5
"""So many times a part of a path may have been encoded, one upon the other."""

_HEADERS = {"accept": "application/json, */*;q=0.5", "user-agent": f"xpander-client/{__version__}"}

_SHORTEST_SECRET = 4


@attrs.frozen(kw_only=True)
class Arguments:
    """What a tool is called with, by where it goes in a request."""

    path: Mapping[str, Any] = attrs.field(factory=dict)
    query: Mapping[str, Any] = attrs.field(factory=dict)
    body: Mapping[str, Any] = attrs.field(factory=dict)
    headers: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def keywords(self) -> dict[str, Any]:
        """The arguments of a function."""
        return {**self.path, **self.query, **self.body}


@attrs.frozen(kw_only=True)
class ToolRequest:
    """What is sent to a tool's server. It may hold secrets."""

    method: str
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)
    content: bytes | None = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class HttpOperation:
    """The request behind a tool. `url` has variables in its path, as in `/weather/{city}`.

    The URL and the headers may hold secrets. They are sent to the tool's server and nowhere else.
    `parameters` are the schemas of what callers may give, by `path_params`, `query_params`,
    `body_params` and `headers`. Its host may only be one of a private network where the URL names
    such a host, or `private_network` says so.

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
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    private_network: bool = False

    def __attrs_post_init__(self) -> None:
        if self.method not in _METHODS:
            raise ValueError(f"the method has to be one of {', '.join(sorted(_METHODS))}")
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
            if not HEADER_NAME.match(name) or not _HEADER_VALUE.match(value):
                raise ValueError(f"the header {name!r} can't be sent")

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the path, in order."""
        return tuple(dict.fromkeys(_VARIABLE.findall(urlsplit(self.url).path)))

    def pins(self, name: str) -> bool:
        """Whether a parameter has its value in the URL's query, so that callers can't give it."""
        query = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        pinned = {_plain(each) for each, _ in query}
        return not pinned.isdisjoint({_plain(name), _plain(name.partition("[")[0])})

    def home(self, name: str) -> str | None:
        """Where a parameter goes (`path_params`, …), or None when it is not declared."""
        for group, schema in self.parameters.items():
            if isinstance(schema, Mapping) and name in (schema.get("properties") or {}):
                return group
        return None

    def request(self, given: Arguments) -> ToolRequest:
        """Make the request for these arguments: those that the tool declares, as it declares them.

        Raises:
            HttpError: 422, one is missing, or not as the tool's schema has it, or can't be sent.
        """
        arguments = self._accept(given)
        headers = {**_HEADERS, **self._login(), **self.make_headers(arguments.headers)}
        content = None
        if arguments.body or self.method not in BODILESS:
            content = orjson.dumps(dict(arguments.body))
            headers = {"content-type": "application/json"} | headers
        return ToolRequest(
            method=self.method,
            url=self.target(arguments.path, arguments.query),
            # What a server packs all the same is unpacked within bounds.
            headers=headers | {"accept-encoding": "identity"},
            content=content,
        )

    def _accept(self, given: Arguments) -> Arguments:
        headers = {
            name.lower(): value
            for name, value in given.headers.items()
            if name.lower() not in _CONNECTION
        }
        query = {name: value for name, value in given.query.items() if not self.pins(name)}
        return Arguments(
            path=self._find_declared("path_params", given.path, as_text=True),
            query=self._find_declared("query_params", query, as_text=True),
            body=self._find_declared("body_params", given.body, as_text=False),
            headers=self._find_declared("headers", headers, as_text=True),
        )

    def _find_declared(
        self, name: str, given: Mapping[str, Any], *, as_text: bool
    ) -> Mapping[str, Any]:
        group = self.parameters.get(name)
        if name == "headers" and isinstance(group, Mapping):  # their names have no case
            properties = group.get("properties") or {}
            required = group.get("required") or ()
            group = {
                **group,
                "properties": {each.lower(): schema for each, schema in properties.items()},
                "required": [each.lower() for each in required],
            }
        return read_declared(group, given, f"$.{name}", as_text=as_text)

    def target(self, path_params: Mapping[str, Any], query_params: Mapping[str, Any]) -> str:
        """Return the URL for these arguments.

        Raises:
            HttpError: 422, a variable is missing, or can't be part of a path.
        """
        parts = urlsplit(self.url)
        segments = [self._segment(segment, path_params) for segment in parts.path.split("/")]
        given = [
            (name, text)
            for name, value in query_params.items()
            for item in (value if isinstance(value, list) else [value])
            if (text := _query_text(item)) is not None
        ]
        query = "&".join(filter(None, (parts.query, urlencode(given, quote_via=quote))))
        target = urlunsplit((parts.scheme, parts.netloc, "/".join(segments), query, ""))
        if len(target) > _LONGEST_TARGET:
            raise HttpError(422, f"the url would be longer than {_LONGEST_TARGET} characters")
        return target

    def _segment(self, segment: str, path_params: Mapping[str, Any]) -> str:
        """Fill the variables of a step of the path in."""
        names = _VARIABLE.findall(segment)
        if not names:
            return segment
        texts = {}
        for name in names:
            texts[name] = scalar(path_params.get(name)) or ""
            if not texts[name]:
                raise HttpError(
                    422, f"the path needs a text or a number for {name}", f"$.path_params.{name}"
                )
        if _leaves(_VARIABLE.sub(lambda found: texts[found[1]], segment)):
            name = names[-1]
            raise HttpError(
                422, f"{texts[name]!r} can't be part of a path", f"$.path_params.{name}"
            )
        return _VARIABLE.sub(lambda found: quote(texts[found[1]], safe=""), segment)

    def make_headers(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the headers for a call: its own, and over them the tool's.

        Raises:
            HttpError: 422, one can't be sent.
        """
        sent = {}
        for name, value in given.items():
            text = scalar(value)
            if value is None or name.lower() in _CONNECTION:
                continue
            if text is None or not HEADER_NAME.match(name) or not _HEADER_VALUE.match(text):
                raise HttpError(422, "a header has a name and a text", f"$.headers.{name}")
            sent[name.lower()] = text
        return sent | {name.lower(): value for name, value in self.headers.items()}

    def _login(self) -> dict[str, str]:
        """Return the header for the user and the password in the URL."""
        parts = urlsplit(self.url)
        if parts.username is None:
            return {}
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return {"authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}

    @property
    def is_private(self) -> bool:
        """Whether the operator named a host of a private network, or said that it is in one."""
        host = urlsplit(self.url).hostname or ""
        try:
            return self.private_network or not is_public(host)
        except ValueError:
            # A name: those without a dot, and those that are reserved, are nobody's but one's own.
            name = host.rstrip(".").lower()
            return self.private_network or "." not in name or name.endswith(_OWN_NAMES)

    def redact(self, text: str) -> str:
        """Take the tool's secrets out of a text; a server may well repeat what it was sent."""
        parts = urlsplit(self.url)
        secrets = {value for _, value in parse_qsl(parts.query)}
        secrets |= {unquote(each) for each in (parts.username, parts.password) if each}
        for value in self.headers.values():
            secrets |= {value, *value.split()[-1:]}  # "Bearer x" is as secret as x alone
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "…")
        return text


def _leaves(text: str) -> bool:
    """Whether a server that decodes a part of a path once more than it should, or takes what is
    behind a semicolon off, could find a step in it that leads elsewhere.
    """
    for _ in range(_DECODED):
        steps = re.split(r"[/\\]", text)
        if any(step.partition(";")[0].strip() in (".", "..") for step in steps):
            return True
        decoded = unquote(text)
        if decoded == text:
            return False
        text = decoded
    return True  # encoded again and again: nobody's city


def _plain(name: str) -> str:
    """Return a parameter's name as the most tolerant of servers reads it."""
    return name.strip().casefold().removesuffix("[]")


def _query_text(value: Any) -> str | None:
    if value is None:
        return None
    text = scalar(value)
    return text if text is not None else orjson.dumps(value).decode()

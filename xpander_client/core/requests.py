"""The request of a call: what is sent, and whether it may be sent twice."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import Any
from urllib.parse import quote

import attrs

from xpander_client.configuration import odd_character
from xpander_client.core.fields import with_offset
from xpander_client.errors import ArgumentError

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
"""What can be the name of a header."""

LAST_EVENT_ID = "last-event-id"
"""The header with the id of the event after which a stream goes on."""


class Root(Enum):
    """Which of a configuration's addresses a path is under."""

    API = auto()
    EVENTS = auto()


class Replay(Enum):
    """Whether a request whose fate is unknown may be sent again."""

    ALWAYS = auto()
    """Twice is the same as once."""
    KEYED = auto()
    """Only to a platform that recognises the idempotency key it carries."""
    NEVER = auto()


_NO_HEADERS: Mapping[str, str] = {}


@attrs.frozen(kw_only=True)
class RequestSpec:
    """One request. `path` is percent-encoded and relative to `root`; `template` is for messages."""

    operation: str
    method: str
    path: str
    template: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes | None = attrs.field(default=None, repr=False)
    root: Root = Root.API
    replay: Replay = Replay.NEVER


@attrs.frozen(kw_only=True)
class StreamSpec(RequestSpec):
    """A request answered by an event stream.

    `probe` asks whether the streamed thing is finished, for a stream that ends without saying so.
    With `resume` a broken stream is opened again from where it broke.
    """

    probe: RequestSpec | None = None
    resume: bool = True


def encode_path(template: str, **ids: str) -> str:
    """Return the path with its ids filled in, each staying within its own segment.

    Raises:
        ArgumentError: an id is empty, no string, holds what can't be seen (a line end, for
            example), or would change the route (``.``, ``..``).

    Example:
        >>> encode_path("/agent-execution/{task_id}/status", task_id="a/b c")
        '/agent-execution/a%2Fb%20c/status'
    """
    return template.format_map({name: _segment(name, value) for name, value in ids.items()})


def _segment(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"{name} must be a string, not {type(value).__name__}")
    if not value.strip():
        raise ArgumentError(f"{name} must not be empty")
    if value in (".", ".."):
        raise ArgumentError(f"{name} must not be {value!r}: it would name another route")
    if not value.isprintable():
        raise ArgumentError(f"{name} can't hold {odd_character(value)}")
    if value.isascii() and value.replace("-", "").isalnum():
        return value  # as nearly all ids are
    return quote(value, safe="")


def name_argument(error: ArgumentError, places: Mapping[str, str]) -> ArgumentError:
    """Return the error with the argument that the caller wrote, where it names a place.

    `places` leads to the arguments' names, the longest first; one that ends with a dot is left out.

    Example:
        >>> error = ArgumentError("$.input.files: expected a list, got the string 'a'")
        >>> print(name_argument(error, {"$.input.files": "file_urls", "$.": ""}))
        file_urls: expected a list, got the string 'a'
    """
    for place, name in places.items():
        rest = error.description.removeprefix(place)
        if rest != error.description and (not name or rest[:1] in (":", ".", "[", " ")):
            return ArgumentError(name + rest)
    return error


def add_filters(pairs: Mapping[str, Any], filters: object) -> Mapping[str, Any]:
    """Return query parameters together with those that a caller gave in one mapping, by their names
    on the wire.

    Raises:
        ArgumentError: it is no mapping, or has what is no parameter or was given already.

    Example:
        >>> dict(add_filters({"user_id": None, "limit": 5}, {"user_id": "u1"}))
        {'user_id': 'u1', 'limit': 5}
    """
    if filters is None:
        return pairs
    if not isinstance(filters, Mapping):
        raise ArgumentError(f"filters must be a mapping, not {type(filters).__name__}")
    for name in filters:
        if name not in pairs:
            known = ", ".join(pairs)
            raise ArgumentError(f"filters: there is no {name!r} to filter by, but {known}")
        if pairs[name] is not None:
            raise ArgumentError(f"filters: {name} is given as an argument, too")
    return {**pairs, **filters}


def query(pairs: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Query parameters as wire text: None is left out, a sequence is repeated.

    Example:
        >>> query({"status": "completed", "limit": 5, "user_id": None, "tag": ["a", "b"]})
        (('status', 'completed'), ('limit', '5'), ('tag', 'a'), ('tag', 'b'))
    """
    return tuple(
        (name, _wire_text(name, item))
        for name, value in pairs.items()
        if value is not None
        for item in (value if _is_sequence(value) else (value,))
    )


def header_fields(pairs: Mapping[str, Any]) -> dict[str, str]:
    """Headers as wire text: None is left out.

    Raises:
        ArgumentError: a value is none that a header can have.

    Example:
        >>> header_fields({"x-agent-version": 3, "x-worker-id": None})
        {'x-agent-version': '3'}
    """
    return {
        # An event's id is the platform's, in whatever script; the standard sends it as UTF-8.
        name: header_text(name, _wire_text(name, value), only_ascii=name != LAST_EVENT_ID)
        for name, value in pairs.items()
        if value is not None
    }


def header_text(name: str, value: object, *, only_ascii: bool = True) -> str:
    """Return a header's value without white space around it. `name` is for the message alone.

    Raises:
        ArgumentError: it is no string, or holds what no header can; it is not shown.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{name} must be a string, not {type(value).__name__}")
    text = value.strip()
    odd = odd_character(text.replace("\t", " "), only_ascii=only_ascii)
    if odd is not None:
        raise ArgumentError(f"{name} can't be sent as a header: it holds {odd}")
    return text


def _is_sequence(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _wire_text(name: str, value: object) -> str:
    """Return a scalar as it stands in a query or a header.

    Raises:
        ArgumentError: the value is none that the wire has a text for.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime.datetime):
        return with_offset(value).isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    raise ArgumentError(f"{name} must be a string or a number, not {type(value).__name__}")

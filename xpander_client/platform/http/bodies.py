"""Request bodies: read within bounds, parsed, and held against what the contract says."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import types
import typing
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import attrs
import orjson
from starlette.requests import ClientDisconnect, Request

from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.serialization import ConversionError, structure
from xpander_client.platform.foundation.bounds import fault
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.stores.base.admission import REQUEST_BYTES

T = TypeVar("T")

_DEEPEST = 200
"""How deep JSON may be nested. Answers put what they hold a few levels deeper, and the encoder's
own limit is 254."""

MOST_VALUES = 200_000
"""How many values a body may hold. More take the parser so long that everybody waits."""

_LARGE = 64 * 1024
"""From how many bytes on a body is looked at beside the loop."""

_SMALLEST_NUMBER, _LARGEST_NUMBER = -(2**63), 2**64 - 1
"""The whole numbers that JSON may hold. Those beyond come out of the parser as floats."""

_DIGITS = bytes(ord("0") if chr(byte).isdigit() else ord(".") for byte in range(128)) + b"." * 128
_LONG_NUMBER = b"0" * len(str(2**63))
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_beside = ThreadPoolExecutor(1, "large-bodies")


async def take_body(request: Request, limit: int, check: Callable[[Any], T]) -> T:
    """Return what `check` makes of the JSON in the body. Large bodies are parsed and checked on a
    thread, one after the other, so that they neither hold up the loop nor fill the memory together.

    Raises:
        Refusal: as `_read`, `parse` and `check` have it.
    """
    body = await _read(request, limit)
    if len(body) < _LARGE:
        return check(parse(body))
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_beside, lambda: check(parse(body)))


async def _read(request: Request, limit: int) -> bytes:
    """Read the body's bytes.

    Raises:
        Refusal: 413, it is larger than `limit` bytes. It is not read further then.
    """
    body = await _receive(request, limit)
    REQUEST_BYTES.set(len(body))
    return body


async def _receive(request: Request, limit: int) -> bytes:
    declared = header(request, b"content-length")
    if declared is not None and declared.isdigit() and int(declared[:19]) > limit:
        raise _too_large(limit)
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        whole: bytes = message.get("body", b"")
        if len(whole) > limit:
            raise _too_large(limit)
        return whole
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)
        message = await request.receive()


def header(request: Request, name: bytes) -> str | None:
    """Return a request's header; `name` is in lower case, as the server gives all names."""
    for given, value in request.scope["headers"]:
        if given == name:
            text: str = value.decode("latin-1")
            return text
    return None


def _too_large(limit: int) -> HttpError:
    return HttpError(413, f"the body is larger than {limit} bytes")


def parse(body: bytes) -> Any:
    """Parse the JSON in a body.

    Raises:
        Refusal: 400, it is no JSON; 422, it is nested too deeply, holds too many values, or a whole
            number that would come out as another one.
    """
    if len(body) > MOST_VALUES and _holds_too_much(body):
        raise HttpError(422, f"the JSON holds more than {MOST_VALUES} values", "$")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HttpError(400, f"the body is no JSON: {error}") from None
    if body.count(b"[") + body.count(b"{") > _DEEPEST:
        wrapped = value
        for _ in range(254 - _DEEPEST):
            wrapped = [wrapped]
        try:
            orjson.dumps(wrapped)
        except TypeError:
            raise HttpError(422, f"the JSON is nested deeper than {_DEEPEST} levels", "$") from None
    if _may_hold_a_long_number(body):
        _refuse_long_numbers(json.loads(body, parse_int=_LongNumber.or_int), "$")
    return value


def _holds_too_much(body: bytes) -> bool:
    """Whether there are more values than may be: each stands behind a comma or a bracket."""

    def values(start: int, end: int) -> int:
        return sum(body.count(mark, start, end) for mark in (b",", b"[", b"{"))

    if values(0, len(body)) <= MOST_VALUES:  # those in texts included
        return False
    counted = end = 0
    for text in _TEXT.finditer(body):
        counted += values(end, text.start())
        end = text.end()
        if counted > MOST_VALUES:
            return True
    return counted + values(end, len(body)) > MOST_VALUES


def _may_hold_a_long_number(body: bytes) -> bool:
    """Whether there is something like a whole number that is out of bounds; it may be in a text."""
    digits = body.translate(_DIGITS)
    end = 0
    while (start := digits.find(_LONG_NUMBER, end)) >= 0:
        end = digits.find(b".", start)
        end = len(body) if end < 0 else end
        if body[start - 1 : start] == b"-":
            start -= 1
        before, behind = body[start - 1 : start], body[end : end + 1]
        if (
            before in b"[,: \t\r\n"
            and behind in b"]}, \t\r\n"
            and _LongNumber.or_int(body[start:end].decode()).__class__ is _LongNumber
        ):
            return True
    return False


class _LongNumber:
    """Stands for a whole number that is out of bounds."""

    @staticmethod
    def or_int(text: str) -> int | _LongNumber:
        if len(text) > len(str(_LARGEST_NUMBER)):
            return _LongNumber()
        number = int(text)
        return number if _SMALLEST_NUMBER <= number <= _LARGEST_NUMBER else _LongNumber()


def _refuse_long_numbers(value: Any, path: str) -> None:
    if isinstance(value, _LongNumber):
        raise HttpError(
            422, f"expected a number from {_SMALLEST_NUMBER} to {_LARGEST_NUMBER}", path
        )
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_long_numbers(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_long_numbers(item, f"{path}[{index}]")


def check_model(value: Any, model: type[T], at: str = "$", *, known_values_only: bool = True) -> T:
    """Check the value against a model of the contract, and return it as that. The value itself is
    what gets stored.

    Raises:
        Refusal: 422, it isn't one, or is out of bounds; the path says where.
    """
    try:
        made = structure(value, model)
    except ConversionError as error:
        path = at + error.path.removeprefix("$")
        raise HttpError(422, f"expected {error.expected}, got {error.got}", path) from None
    _examine(made, at, known_values_only)
    return made


def fingerprint(operation: str, value: Any) -> bytes:
    """Tells requests apart that came with the same idempotency key."""
    encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(operation.encode(errors="surrogatepass") + b"\0" + encoded).digest()


def _examine(made: Any, path: str, known_values_only: bool) -> None:
    """Refuse what is out of bounds, and enum values that the contract doesn't list. Clients have to
    bear with new ones; a platform that took them in would hand them to clients that can't.
    """
    if isinstance(made, OpenStrEnum):
        if known_values_only and not made.is_known:
            raise HttpError(
                422, f"{str(made)!r} is not one of the values that are known here", path
            )
    elif isinstance(made, list):
        if any(_leads_on(kind, known_values_only) for kind in set(map(type, made))):
            for index, item in enumerate(made):
                _examine(item, f"{path}[{index}]", known_values_only)
    else:
        for name, wire, bounds in _to_look_at(made.__class__, known_values_only):
            value = getattr(made, name)
            if value is None:
                continue
            if bounds is None:
                _examine(value, f"{path}.{wire}", known_values_only)
            elif (expected := fault(value, bounds)) is not None:
                raise HttpError(422, expected, f"{path}.{wire}")


@cache
def _to_look_at(
    model: Any, enums: bool, above: frozenset[Any] = frozenset()
) -> tuple[tuple[str, str, Mapping[str, Any] | None], ...]:
    """Find the fields of a model that have bounds, and those that lead to such fields, or to
    `enums`; none of other types.
    """
    if not attrs.has(model):
        return ()
    hints = typing.get_type_hints(model)
    above |= {model}
    return tuple(
        (field.name, field.metadata.get("wire", field.name), field.metadata.get("bounds"))
        for field in attrs.fields(model)
        if "bounds" in field.metadata or _leads_on(hints.get(field.name), enums, above)
    )


@cache
def _leads_on(type_: Any, enums: bool, above: frozenset[Any] = frozenset()) -> bool:
    if isinstance(type_, types.UnionType) or typing.get_origin(type_) is not None:
        return any(_leads_on(argument, enums, above) for argument in typing.get_args(type_))
    if isinstance(type_, type) and issubclass(type_, OpenStrEnum):
        return enums
    return type_ not in above and bool(_to_look_at(type_, enums, above))

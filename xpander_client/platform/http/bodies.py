"""Request bodies: read within bounds, parsed, and held against what the contract says."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import orjson

from xpander_client.api.models import TaskUpdate
from xpander_client.platform.foundation.errors import ClientDisconnect, HttpError
from xpander_client.platform.foundation.models import check_model
from xpander_client.platform.http.requests import Request
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
        HttpError: as `_read`, `parse` and `check` have it.
    """
    return await take_bytes(request, limit, lambda body: check(parse(body)))


async def take_bytes(request: Request, limit: int, check: Callable[[bytes], T]) -> T:
    """Return what `check` makes of the body; of a large one likewise on that thread.

    Raises:
        HttpError: as `_read` and `check` have it.
    """
    body = await _read(request, limit)
    if len(body) < _LARGE:
        return check(body)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_beside, check, body)


async def take_object(request: Request, limit: int, model: type[Any]) -> dict[str, Any]:
    """Return the body as it came; it is an object, and what the model says.

    Raises:
        HttpError: as `take_body` has it, and 422 where the body is not what the model says.
    """

    def check(body: Any) -> dict[str, Any]:
        made = check_model(body, model)
        if made.additional_properties:
            # What isn't in this request's contract may still be a field of the task that comes
            # of it, and then it has to have that field's type.
            check_model(made.additional_properties, TaskUpdate)
        plain: dict[str, Any] = body
        return plain

    return await take_body(request, limit, check)


async def _read(request: Request, limit: int) -> bytes:
    """Read the body's bytes.

    Raises:
        HttpError: 413, it is larger than `limit` bytes. It is not read further then.
    """
    body = await _receive(request, limit)
    REQUEST_BYTES.set(len(body))
    return body


async def _receive(request: Request, limit: int) -> bytes:
    declared = request.get_header(b"content-length")
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


def _too_large(limit: int) -> HttpError:
    return HttpError(413, f"the body is larger than {limit} bytes")


def parse(body: bytes) -> Any:
    """Parse the JSON in a body.

    Raises:
        HttpError: 400, it is no JSON; 422, it is nested too deeply, holds too many values, or a
            whole number that would come out as another one.
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


def fingerprint(operation: str, value: Any) -> bytes:
    """Tells requests apart that came with the same idempotency key."""
    encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(operation.encode(errors="surrogatepass") + b"\0" + encoded).digest()

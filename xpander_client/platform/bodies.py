"""Request bodies: read within bounds, parsed, and held against what the contract says."""

from __future__ import annotations

import hashlib
import types
import typing
from functools import cache
from typing import Any, TypeVar

import attrs
import orjson
from starlette.requests import ClientDisconnect, Request

from ..core.convert import ConversionError, structure
from ..core.enums import OpenStrEnum
from .refusal import Refusal
from .stores.admission import REQUEST_BYTES

__all__ = ["checked", "fingerprint", "header", "parsed", "read"]

T = TypeVar("T")

DEEPEST = 200
"""How deep JSON may be nested. Answers put what they hold a few levels deeper, and the encoder's
own limit is 254."""


async def read(request: Request, limit: int) -> bytes:
    """The body's bytes.

    Raises:
        Refusal: 413, it is larger than `limit` bytes. It is not read further then.
    """
    body = await _received(request, limit)
    REQUEST_BYTES.set(len(body))
    return body


async def _received(request: Request, limit: int) -> bytes:
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
    """A request's header; `name` is in lower case, as the server gives all names."""
    for given, value in request.scope["headers"]:
        if given == name:
            text: str = value.decode("latin-1")
            return text
    return None


def _too_large(limit: int) -> Refusal:
    return Refusal(413, f"the body is larger than {limit} bytes")


def parsed(body: bytes) -> Any:
    """The JSON in a body.

    Raises:
        Refusal: 400, it is no JSON; 422, it is nested too deeply.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"the body is no JSON: {error}") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        wrapped = value
        for _ in range(254 - DEEPEST):
            wrapped = [wrapped]
        try:
            orjson.dumps(wrapped)
        except TypeError:
            raise Refusal(422, f"the JSON is nested deeper than {DEEPEST} levels", "$") from None
    return value


def checked(value: Any, model: type[T], at: str = "$", *, known_values_only: bool = True) -> T:
    """The value as a model of the contract. The value itself is what gets stored.

    Raises:
        Refusal: 422, it isn't one; the path says where.
    """
    try:
        made = structure(value, model)
    except ConversionError as error:
        path = at + error.path.removeprefix("$")
        raise Refusal(422, f"expected {error.expected}, got {error.got}", path) from None
    strange = _strange(made, at) if known_values_only else None
    if strange is not None:
        path, member = strange
        raise Refusal(422, f"{member!r} is not one of the values that are known here", path)
    return made


def fingerprint(operation: str, value: Any) -> bytes:
    """Tells requests apart that came with the same idempotency key."""
    encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(operation.encode(errors="surrogatepass") + b"\0" + encoded).digest()


def _strange(made: Any, path: str) -> tuple[str, str] | None:
    """The first enum value that the contract doesn't list. Clients have to bear with new ones; a
    platform that took them in would hand them to clients that can't.
    """
    if isinstance(made, OpenStrEnum):
        return None if made.is_known else (path, str(made))
    if isinstance(made, list):
        for index, item in enumerate(made):
            if (found := _strange(item, f"{path}[{index}]")) is not None:
                return found
    for name, wire in _to_look_at(made.__class__):
        value = getattr(made, name)
        if value is not None and (found := _strange(value, f"{path}.{wire}")) is not None:
            return found
    return None


@cache
def _to_look_at(model: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a model that can hold enums, here or further down; none of other types."""
    if not attrs.has(model):
        return ()
    hints = typing.get_type_hints(model)
    return tuple(
        (field.name, field.metadata.get("wire", field.name))
        for field in attrs.fields(model)
        if _holds_enums(hints.get(field.name))
    )


def _holds_enums(type_: Any) -> bool:
    if isinstance(type_, types.UnionType) or typing.get_origin(type_) is not None:
        return any(_holds_enums(argument) for argument in typing.get_args(type_))
    return isinstance(type_, type) and (issubclass(type_, OpenStrEnum) or attrs.has(type_))

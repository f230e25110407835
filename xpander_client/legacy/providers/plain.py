"""Objects of the providers' packages as plain values, without importing any of those."""

from __future__ import annotations

import base64
import datetime
import enum
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from xpander_client.core.model import Model


class Base64(str):
    """Bytes as JSON has them, told apart from a text until they are stored."""

    __slots__ = ()


def plain(value: Any) -> Any:
    """Return the value as dicts, lists, texts and numbers, made afresh.

    Takes models of this package, what has `model_dump` (pydantic) or `to_dict`, attrs classes,
    dataclasses, mappings and sequences. Of anything else, a stream that nobody has read yet among
    it, only the name of its type is left.
    """
    match value:
        case enum.Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case bytes() | bytearray():
            return Base64(base64.b64encode(value).decode())
        case datetime.datetime() | datetime.date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case Sequence() | set() | frozenset():
            return [plain(inner) for inner in value]
        case _:
            fields = _fields(value)
            return f"<{type(value).__name__}>" if fields is None else plain(fields)


def mend(value: Any) -> Any:
    """Return a plain value with U+FFFD for each half of a character in its texts.

    Models that are cut off within one write such, JSON allows them, and no request can carry them.
    """
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return value
        case Mapping():
            return {mend(key): mend(inner) for key, inner in value.items()}
        case list():
            return [mend(inner) for inner in value]
        case _:
            return value


def make_id_source(value: Any) -> Callable[[int], str]:
    """Ids for calls that have none, by position: the same ones whenever the value is the same.

    So whoever reads an answer twice, once to store it and once to run its tools, gets the same.
    """
    digest = None

    def generated(position: int) -> str:
        nonlocal digest
        if digest is None:  # only when one is needed: answers can be large
            text = json.dumps(value, sort_keys=True, separators=(",", ":"))
            digest = hashlib.sha256(text.encode())
        one = digest.copy()
        one.update(f"#{position}".encode())
        return f"call_{one.hexdigest()[:24]}"

    return generated


def _fields(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, type):
        return None
    found: Any = None
    if isinstance(value, Model):
        found = value.to_dict()
    elif callable(dump := getattr(value, "model_dump", None)):
        try:
            found = dump(warnings=False)  # a server's answer need not be all that its types promise
        except TypeError:
            found = dump()
    elif callable(dump := getattr(value, "to_dict", None)):
        found = dump()
    elif attrs.has(type(value)):
        found = attrs.asdict(value, recurse=False)
    elif hasattr(value, "__dataclass_fields__"):
        found = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return found if isinstance(found, Mapping) else None

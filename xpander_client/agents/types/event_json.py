"""Values of a task as JSON and back: plain data whole, anything else as the text that shows it."""

from __future__ import annotations

import base64
import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from xpander_client.agents.types.messages import Image

_TAG = "$"
"""The key that marks an object which stands for something that JSON has no form for."""
_DEEPEST = 100
_LONGEST_TEXT = 500
_SAFE_INT = 2**53


@attrs.frozen(repr=False)
class Shown:
    """What is left of an object that can't be written down: its class, and how it looked."""

    type: str
    text: str

    def __repr__(self) -> str:
        return self.text


def to_json(value: Any, depth: int = 0) -> Any:
    """Convert the value to what JSON holds.

    Text, numbers, lists and dicts with texts for keys stay as they are; other plain data becomes an
    object with a "$" in it, which `from_json` reads.

    Example:
        >>> to_json({"size": (3, 4)})
        {'size': {'$': 'tuple', 'items': [3, 4]}}
        >>> from_json(to_json({"size": (3, 4)}))
        {'size': (3, 4)}
        >>> from_json(to_json(object))
        <class 'object'>
    """
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if -_SAFE_INT < value < _SAFE_INT else _tag("int", hex(value))
    if kind is float:
        return value if math.isfinite(value) else _tag("float", str(value))
    if depth < _DEEPEST:
        if kind is list:
            return [to_json(item, depth + 1) for item in value]
        if kind is dict:
            return _dict(value, depth)
        if kind in _SEQUENCES:
            items = [to_json(item, depth + 1) for item in value]
            return {_TAG: kind.__name__, "items": items}
        if (write := _WRITERS.get(kind)) is not None:
            return _tag(kind.__name__, write(value))
        if kind is Image:
            return {_TAG: "image", "media_type": value.media_type, "value": _base64(value.data)}
        if kind is Shown:
            return {_TAG: "object", "type": value.type, "text": value.text}
    return {_TAG: "object", "type": f"{kind.__module__}.{kind.__qualname__}", "text": _look(value)}


def from_json(value: Any) -> Any:
    """Read the value that `to_json` wrote; objects come back as `Shown`."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = value.get(_TAG)
    if tag is None:
        return {key: from_json(item) for key, item in value.items()}
    if tag == "object":
        return Shown(value["type"], value["text"])
    if tag == "image":
        return Image(value["media_type"], base64.b64decode(value["value"]))
    if tag == "dict":
        return {from_json(key): from_json(item) for key, item in value["items"]}
    if tag in _MAKERS:
        return _MAKERS[tag](from_json(item) for item in value["items"])
    return _READERS[tag](value["value"])


def _dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    if all(type(key) is str for key in value) and _TAG not in value:
        return {key: to_json(item, depth + 1) for key, item in value.items()}
    items = [[to_json(key, depth + 1), to_json(item, depth + 1)] for key, item in value.items()]
    return {_TAG: "dict", "items": items}


def _tag(name: str, text: str) -> dict[str, str]:
    return {_TAG: name, "value": text}


def _look(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        text = f"<{type(value).__name__} whose repr fails: {type(error).__name__}>"
    return (
        text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _timedelta(text: str) -> datetime.timedelta:
    days, seconds, microseconds = map(int, text.split())
    return datetime.timedelta(days, seconds, microseconds)


_MAKERS: dict[str, Callable[[Any], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_SEQUENCES = frozenset({tuple, set, frozenset})
_WRITERS: dict[type, Callable[[Any], str]] = {
    bytes: _base64,
    complex: str,
    Decimal: str,
    datetime.datetime: datetime.datetime.isoformat,
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: lambda it: f"{it.days} {it.seconds} {it.microseconds}",
    type(...): lambda _: "...",
}
_READERS: dict[str, Callable[[str], Any]] = {
    "int": lambda text: int(text, 16),
    "float": float,
    "bytes": base64.b64decode,
    "complex": complex,
    "Decimal": Decimal,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": _timedelta,
    "ellipsis": lambda _: ...,
}

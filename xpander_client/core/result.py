"""What work left behind, told as well as may be: a result, an event, an error.

The work is done by then, so nothing here fails. What has a JSON form of its own keeps it, as
`convert.dumps` has it; other values get the one that pydantic gives them, and the rest is told by
its text.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
import inspect
import json
import math
from collections import deque
from collections.abc import Iterable, Mapping, Set, ValuesView
from enum import Enum
from itertools import islice
from types import GeneratorType
from typing import Any, cast

import attrs
import orjson

from xpander_client.core.plain_values import PlainValues
from xpander_client.core.serialization import dumps, parts
from xpander_client.errors import ArgumentError

_DEEPEST = 100
"""From this depth on a value is told by its text. Readers of JSON have limits, too."""

_LONGEST_ERROR = 100_000
"""So many characters of an error are told."""

_LONGEST_SHOWN = 1000

_LISTS = (list, tuple, Set, ValuesView, deque, range)

_LAZY = (GeneratorType, map, filter, zip, enumerate, reversed)

_MOST_LAZY = 10_000
"""So many items are taken of what may have no end."""

_METHODS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("to_pylist", ()),  # tables of arrow
    ("to_dicts", ()),  # of polars
    ("to_dict", ("records",)),  # of pandas
    ("to_dict", ()),  # its columns, and others that know their data
    ("tolist", ()),  # arrays, and their numbers
)
"""By what things say their data, in the order in which they are asked."""


def result_text(result: Any) -> str | None:
    """Return the result as text, or None as it is: text stays, anything else becomes JSON.

    What comes down to a text, as an id or a date does, is told as that.

    Raises:
        ArgumentError: it is a coroutine that nobody awaited, or a generator that nobody ran: the
            work has not been done.

    Example:
        >>> result_text({"north": 120}), result_text("done"), result_text(None)
        ('{"north":120}', 'done', None)
        >>> result_text({2026: {"mean": float("nan")}}), result_text(datetime.date(2026, 1, 31))
        ('{"2026":{"mean":null}}', '2026-01-31')
    """
    return None if result is None else value_text(result)


def value_text(value: Any) -> str:
    """Return the same of any value: None becomes JSON, too.

    Raises:
        ArgumentError: it is something that nobody awaited or ran.

    Example:
        >>> value_text(None)
        'null'
    """
    if type(value) is str:
        return readable(value)
    # Structured answers of language models mostly come as pydantic models, which know how.
    if (written := _write(value)) is not None:
        return written
    try:
        said = dumps(value).decode()
    except Exception:  # it has no JSON form, or code of the user's says what is in there and fails
        _refuse_not_run(value)
        value = plain(value)
        return value if isinstance(value, str) else _json(value)
    # A JSON text that is a string is the text of a subclass, or of a moment.
    return cast(str, orjson.loads(said)) if said.startswith('"') else said


def dumps_anyway(value: Any) -> bytes:
    """JSON text for a value, whatever is in it: for the wire, where numbers have 64 bits. Wider
    ones go as their digits.

    Raises:
        ArgumentError: it is something that nobody awaited or ran.

    Example:
        >>> dumps_anyway({"id": 2**70, "tags": {"a"}})
        b'{"id":"1180591620717411303424","tags":["a"]}'
    """
    try:
        return dumps(value)
    except Exception:  # it has no JSON form, or code of the user's says what is in there and fails
        _refuse_not_run(value)
        return orjson.dumps(_Telling(of_wide=_digits).of(value))


def _refuse_not_run(value: Any) -> None:
    if inspect.isawaitable(value):
        raise ArgumentError(f"the result is a {type(value).__name__} that nobody awaited") from None
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        raise ArgumentError("the result is a generator that nobody ran") from None


def plain(value: Any) -> Any:
    """Plain values for a value: what `json.dumps` writes without an error.

    Example:
        >>> plain({"due": datetime.date(2026, 1, 31), "ids": (1, 2**70), "raw": b"text"})
        {'due': '2026-01-31', 'ids': [1, 1180591620717411303424], 'raw': 'text'}
    """
    return _Telling(of_wide=_number).of(value)


def error_text(error: BaseException | str) -> str:
    """Return what to tell about an exception: its text, or its name where it has none.

    A very long one is cut.

    Example:
        >>> error_text(ValueError("no such region")), error_text(KeyError())
        ('no such region', 'KeyError')
    """
    text = _write_text(error) or type(error).__name__
    if len(text) > _LONGEST_ERROR:
        text = f"{text[:_LONGEST_ERROR]}… ({len(text) - _LONGEST_ERROR} characters more)"
    return text


def readable(text: str) -> str:
    r"""Return the text, with halves of characters written out: no file and no request can hold
    them.

    Names of files that are no valid text come so from `os.listdir` and `sys.argv`.

    Example:
        >>> readable("caf\udce9.txt")
        'caf\\udce9.txt'
    """
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def show_value(value: Any) -> str:
    """Return the value as Python shows it, in not too many characters.

    Example:
        >>> show_value({1, "a"} - {1})
        "{'a'}"
    """
    try:
        text = repr(value)
    except Exception as error:
        text = _without_text(value, error)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


class _Telling:
    """One walk through a value. `of_wide` makes something of whole numbers beyond 64 bits."""

    def __init__(self, of_wide: Any) -> None:
        self._of_wide = of_wide
        self._above: set[int] = set()

    def of(self, value: Any) -> Any:
        try:
            return self._convert(value)
        except Exception:
            return _write_text(value)

    def _convert(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Enum):
            return self.of(value.value)
        if isinstance(value, str):
            return readable(str.__str__(value))
        if isinstance(value, int):
            number = int(value)
            return number if -(2**63) <= number < 2**64 else self._of_wide(number)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else None
        if isinstance(value, datetime.date | datetime.time):
            return value.isoformat()
        if isinstance(value, datetime.timedelta):
            return _duration(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return _text_of_bytes(bytes(value))
        if id(value) in self._above:
            return "..."  # it contains itself
        if len(self._above) >= _DEEPEST:
            return _write_text(value)
        self._above.add(id(value))
        try:
            return self._of_parts(value)
        finally:
            self._above.discard(id(value))

    def _of_parts(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._of_pairs(value.items())
        if isinstance(value, _LISTS):
            return [self.of(item) for item in cast(Iterable[Any], value)]
        if isinstance(value, type):
            return _write_text(value)
        if attrs.has(type(value)):
            return self._of_pairs(parts(value).items())
        if callable(getattr(value, "model_dump_json", None)):
            written = _write(value)
            return self._of_pairs(value) if written is None else self.of(json.loads(written))
        if dataclasses.is_dataclass(value):
            fields = dataclasses.fields(value)
            return self._of_pairs((field.name, getattr(value, field.name)) for field in fields)
        if isinstance(value, _LAZY):
            items = [self.of(item) for item in islice(cast(Iterable[Any], value), _MOST_LAZY)]
            return items if len(items) < _MOST_LAZY else [*items, "..."]
        for name, arguments in _METHODS:
            if callable(method := getattr(value, name, None)):
                with contextlib.suppress(TypeError):  # it takes other arguments
                    return self.of(method(*arguments))
        return _write_text(value)

    def _of_pairs(self, pairs: Iterable[tuple[Any, Any]]) -> Any:
        told = [(self._name(key), self.of(item)) for key, item in pairs]
        named = dict(told)
        # Where two keys have one name, nothing is dropped for it.
        return named if len(named) == len(told) else [list(pair) for pair in told]

    def _name(self, key: Any) -> str:
        if isinstance(key, tuple | frozenset):
            return _write_text(key)
        name = self.of(key)
        return name if isinstance(name, str) else _json(name)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _write(value: Any) -> str | None:
    """Return the JSON text that a pydantic model makes of itself, if it can."""
    if isinstance(value, PlainValues):
        return None  # our own models are written as the wire has them
    try:
        write = getattr(value, "model_dump_json", None)
        return str(write()) if callable(write) and not isinstance(value, type) else None
    except Exception:
        return None


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # Python writes no number of many thousand digits in decimals
        return hex(number)


def _number(number: int) -> int | str:
    digits = _digits(number)
    return digits if digits.startswith("0x") else number


def _duration(span: datetime.timedelta) -> str:
    sign, span = ("-", -span) if span < datetime.timedelta() else ("", span)
    seconds = f"{span.seconds}.{span.microseconds:06}".rstrip("0").rstrip(".")
    return f"{sign}P{span.days}DT{seconds}S"


def _text_of_bytes(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def _write_text(value: Any) -> str:
    try:
        return readable(str(value))
    except Exception as error:
        return _without_text(value, error)


def _without_text(value: Any, error: Exception) -> str:
    return f"<{type(value).__name__}, which has no text: {type(error).__name__}>"

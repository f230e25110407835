"""Wire to objects and back: strict, forgiving only of what is new.

Fields that a model does not list are kept in its `additional_properties` and sent back; unknown
enum values stay as they came. Everything else must be what the contract says: the string "false"
is not a boolean, null is no text, a string is no list. Nor is anything made into what it is not on
the way out: bytes, sets and paths are refused at their place. What has happened already, as a
result has, is told as well as may be instead: see `core.result`.

A date and time without an offset is local time, as everywhere in Python. A field that is a moment
says so with the local offset; in free data it is written as it is.
"""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Mapping, Set
from pathlib import PurePath
from typing import Any, TypeVar, get_args

import attrs
import orjson

from xpander_client.core.conversion_errors import (
    TOO_DEEP,
    ConversionError,
    NoJsonError,
    shorten,
)
from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.fields import is_open_enum, is_union
from xpander_client.core.model_functions import Reader, readers, writers
from xpander_client.errors import ArgumentError

T = TypeVar("T")


def loads(data: bytes | str, type_: type[T]) -> T:
    """Return the object that JSON text holds.

    Raises:
        ConversionError: the text is no JSON, or no `type_`.

    Example:
        >>> loads(b"[1, 2]", list[int])
        [1, 2]
    """
    try:
        made: T = readers[type_](orjson.loads(data))
        return made
    except Exception:
        return structure(parse(data), type_)  # once more, to say what is wrong


def parse(data: bytes | str) -> Any:
    """Return the plain values that JSON text holds.

    Raises:
        ConversionError: the text is no JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ConversionError("$", "JSON", f"{shorten(data)} ({error})") from None


def structure(value: Any, type_: type[T]) -> T:
    """Return the object that plain values stand for.

    Raises:
        ConversionError: they are no `type_`.

    Example:
        >>> structure(True, str)
        Traceback (most recent call last):
        ...
        xpander_client.core.conversion_errors.ConversionError: $: expected a string, got true
    """
    try:
        made: T = readers[type_](value)
        return made
    except Exception:
        from xpander_client.core import conversion  # it brings cattrs along

        # Paths cost time, so they are found out only when something is wrong.
        converted: T = conversion.structure(value, type_)
        return converted


# Of each field its name, what it may hold, and the classes whose objects are right as they are.
_declared: dict[type, list[tuple[str, Any, Reader, frozenset[Any]]]] = {}


def complete(model: Any) -> None:
    """Make what a model's constructor was given what its fields declare.

    Raises:
        ArgumentError: a field can't hold its value; the message names both.
    """
    cls: Any = type(model)
    for name, type_, read, right in _declared.get(cls) or _declare(cls):
        value = getattr(model, name)
        if value.__class__ in right:
            continue
        if value.__class__ is str and (enum := _enums(cls).get(name)) is not None:
            enum.from_argument(f"{cls.__name__}.{name}", value)
        try:
            made = read(value)
        except Exception:
            try:
                made = structure(value, type_)  # once more, to say what is wrong
            except ConversionError as error:
                place = f"{cls.__name__}.{name}{error.path[1:]}"
                why = f"{place}: expected {error.expected}, got {error.got}"
                raise ArgumentError(why) from None
        object.__setattr__(model, name, made)  # some are frozen


def _declare(cls: Any) -> list[tuple[str, Any, Reader, frozenset[Any]]]:
    declared: list[tuple[str, Any, Reader, frozenset[Any]]] = []
    for field in attrs.fields(attrs.resolve_types(cls)):
        if "local" in field.metadata:
            continue
        members = get_args(field.type) if is_union(field.type) else (field.type,)
        right = {member for member in members if isinstance(member, type)}
        if any(is_open_enum(member) for member in members):
            right.discard(str)
        if field.type is not Any:
            declared.append((field.name, field.type, readers[field.type], frozenset(right)))
    _declared[cls] = declared
    return declared


@functools.cache
def _enums(model: Any) -> dict[str, type[OpenStrEnum]]:
    """Find the enumerations of a model's fields, but of those that take any text."""
    found: dict[str, type[OpenStrEnum]] = {}
    for field in attrs.fields(attrs.resolve_types(model)):
        members = get_args(field.type) if is_union(field.type) else (field.type,)
        if str not in members:
            found.update((field.name, member) for member in members if is_open_enum(member))
    return found


def unstructure(value: Any) -> Any:
    """Plain values for an object, ready for JSON. Optional fields that are None are left out."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {
            key: item if item.__class__ in _SCALARS else unstructure(item)
            for key, item in value.items()
        }
    if kind is list:
        return [unstructure(item) for item in value]
    if isinstance(value, str):  # an enum's member
        return value
    if (write := writers[kind]) is not None:
        return write(value, unstructure)
    from xpander_client.core import conversion  # it brings cattrs along

    return conversion.unstructure(value)


_SCALARS = frozenset({str, int, float, bool, type(None), datetime.datetime})

_READY = _SCALARS - {float}


def dumps(value: Any) -> bytes:
    """JSON text for a value.

    Raises:
        ArgumentError: something in it has no JSON form; the message says where.

    Example:
        >>> dumps({"files": ["a.csv", object()]})
        Traceback (most recent call last):
        ...
        xpander_client.errors.ArgumentError: $.files[1]: a value of type object has no JSON form
    """
    try:
        return orjson.dumps(_prepare(value))
    except Exception:
        return _dumps_carefully(value)


def _prepare(value: Any) -> Any:
    """Return what orjson writes as the wire has it, or refuses.

    Raises:
        Exception: it has to be looked at more carefully.
    """
    kind = type(value)
    if kind in _READY:
        return value
    if kind is dict:
        return {
            key: item if item.__class__ in _READY else _prepare(item) for key, item in value.items()
        }
    if kind is list or kind is tuple:
        return [_prepare(item) for item in value]
    if kind is float and math.isfinite(value):
        return value
    if isinstance(value, str):
        return value
    if (write := writers[kind]) is not None:
        return write(value, _prepare)
    raise TypeError(kind)


def _dumps_carefully(value: Any) -> bytes:
    try:
        plain = unstructure(value)
        _check(plain)
        try:
            return orjson.dumps(plain, default=_of_subclass)
        except TypeError:  # keys that are texts of a subclass, as those of enums are
            return orjson.dumps(plain, default=_of_subclass, option=orjson.OPT_NON_STR_KEYS)
    except NoJsonError as error:
        raise ArgumentError(f"${''.join(reversed(error.path))}: {error}") from None
    except RecursionError:
        raise ArgumentError(TOO_DEEP) from None
    except TypeError as error:
        limited = "Recursion limit" in str(error)
        raise ArgumentError(TOO_DEEP if limited else f"$: {error}") from None


def body(model: Any) -> bytes:
    """JSON text for a model that a caller's arguments made.

    Raises:
        ArgumentError: an argument is not of its type, or has no JSON form; the message says where.
    """
    data = dumps(model)
    try:
        loads(data, type(model))
    except ConversionError as error:
        raise ArgumentError(str(error)) from None
    return data


def body_of_fields(model: Any, fields: Mapping[str, Any]) -> bytes:
    """JSON text for those of a model's fields that a caller changes, by their names on the wire.

    Raises:
        ArgumentError: one is not of its type, or has no JSON form; the message says where.
    """
    enums = _enums(model)
    for name, value in fields.items():
        if name in enums:
            enums[name].from_argument(f"$.{name}", value)
    data = dumps(dict(fields))
    try:
        loads(data, model)
    except ConversionError as error:
        raise ArgumentError(str(error)) from None
    return data


def parts(model: Any) -> dict[str, Any]:
    """Return the fields of a model by their names on the wire, each as it is."""
    write = writers[type(model)]
    assert write is not None
    return write(model, lambda value: value)


_HINTS: dict[type, str] = {
    bytes: "; decode() makes text of it",
    bytearray: "; decode() makes text of it",
    Set: "; list() or sorted() makes a list of it",
    PurePath: "; str() makes text of it",
}


def _check(value: Any) -> None:
    """Refuse what has no JSON form."""
    # Paths are put together behind a fault only: nearly always there is none.
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise NoJsonError("the text is not valid Unicode (a lone surrogate)") from None
    elif value is None or isinstance(value, bool | datetime.datetime):
        return
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise NoJsonError(f"the number {_digits(value)} does not fit into 64 bits")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise NoJsonError(f"the number {value} has no JSON form")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NoJsonError(f"the key {key!r} is no string")
            try:
                _check(key)
                _check(item)
            except NoJsonError as error:
                error.path.append("." + key.encode(errors="backslashreplace").decode())
                raise
    elif isinstance(value, list | tuple):
        index = 0
        try:
            for item in value:
                _check(item)
                index += 1
        except NoJsonError as error:
            error.path.append(f"[{index}]")
            raise
    else:
        hint = next((hint for kind, hint in _HINTS.items() if isinstance(value, kind)), "")
        raise NoJsonError(f"a value of type {type(value).__name__} has no JSON form{hint}")


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # Python writes no numbers of many thousand digits
        return f"of {number.bit_length()} bits"


def _of_subclass(value: Any) -> Any:
    """Encode what orjson does not see as the number, the list or the object that it is."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__} has no JSON form")

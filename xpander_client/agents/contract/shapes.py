"""Annotations in the form in which data can be held against them, and those that no data fits."""

from __future__ import annotations

import collections.abc
import sys
import types
import typing
from collections import UserDict, UserList, UserString
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from xpander_client.agents.contract.annotations import write_type

_DATA: tuple[Any, ...] = (
    None, True, 1, 1.0, 1j, "", b"", ..., (), [], {}, set(), frozenset(), Decimal(1),
    date.min, datetime.min, time.min, timedelta(0), UUID(int=0), Path(),  # noqa: DTZ901
)  # fmt: skip
"""One of each kind of data that agent code can give."""


_BASES: tuple[tuple[type[Any], type[Any]], ...] = (
    *((kind, kind) for kind in (str, int, float, complex, bytes, Decimal)),
    *((kind, kind) for kind in (datetime, date, time, timedelta)),
    *((kind, kind) for kind in (list, tuple, set, frozenset, dict)),
    (bytearray, bytes), (UserString, str), (UserList, list), (UserDict, dict),
)  # fmt: skip


def find_plain_base(cls: type[Any]) -> type[Any] | None:
    """Find the kind of data that objects of a class are in agent code, if they are data there.

    Example:
        >>> find_plain_base(bytearray), find_plain_base(object)
        (<class 'bytes'>, None)
        >>> find_plain_base(type("Name", (str,), {}))
        <class 'str'>
    """
    return next((plain for base, plain in _BASES if issubclass(cls, base)), None)


def make_converter(cls: type[Any], base: type[Any]) -> Callable[[Any], Any]:
    """Make a function that makes an object of the class of its plain data; all else comes back."""

    def made(value: Any) -> Any:
        if type(value) is not base:
            return value
        try:
            if base is datetime and cls.__module__.partition(".")[0] != "pandas":
                return cls.combine(value.date(), value.timetz())
            if base is date or base is time:
                return cls.fromisoformat(value.isoformat())
            if base is timedelta:
                return cls(days=value.days, seconds=value.seconds, microseconds=value.microseconds)
            return cls(value)
        except Exception:  # its own rules, which are told as a misfit
            return value

    return made


def shape_annotation(annotation: Any, *, is_result: bool = False) -> Any:
    """Put what pydantic can make of data in the annotation, in place of what it can't.

    attrs classes are made of dicts, as dataclasses are; `typing.TypedDict` is one that pydantic
    takes on every Python. The iterator of a result comes as a list.
    """
    return _Shaping(is_result).of(annotation)


class _Shaping:
    def __init__(self, is_result: bool) -> None:
        self.is_result = is_result
        self._typed_dicts: dict[Any, Any] = {}

    def of(self, annotation: Any) -> Any:
        if isinstance(annotation, type) and not typing.get_args(annotation):
            if attrs.has(annotation):
                return typing.Annotated[annotation, _Made(annotation, self)]
            if typing.is_typeddict(annotation):
                return self._make_typed_dict(annotation)
        if self.is_result and annotation in (collections.abc.Iterator, Iterator, typing.Iterator):
            return collections.abc.Iterable
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is None or origin is typing.Literal or origin is collections.abc.Callable:
            return annotation
        if self.is_result and origin is collections.abc.Iterator:
            return collections.abc.Iterable[self.of(arguments[0])]  # type: ignore[misc]
        if origin is typing.Annotated:
            inner = self.of(arguments[0])
            return annotation if inner is arguments[0] else typing.Annotated[inner, *arguments[1:]]
        inner = tuple(self.of(one) for one in arguments)
        if all(new is old for new, old in zip(inner, arguments, strict=True)):
            return annotation
        if origin is typing.Union or origin is types.UnionType:
            return typing.Union[inner]  # noqa: UP007
        return annotation.copy_with(inner) if hasattr(annotation, "copy_with") else origin[inner]

    def _make_typed_dict(self, cls: Any) -> Any:
        from typing import NotRequired, Required

        from typing_extensions import TypedDict

        if cls in self._typed_dicts:
            return self._typed_dicts[cls]
        # One that contains itself is found under its own name, in its module.
        self._typed_dicts[cls] = cls if sys.version_info >= (3, 12) else dict
        fields = {}
        is_taken = sys.version_info >= (3, 12)
        for name, one in typing.get_type_hints(cls, include_extras=True).items():
            # Where annotations are texts, only what is read here tells which keys may be left out.
            is_required = typing.get_origin(one) is not typing.NotRequired and (
                typing.get_origin(one) is typing.Required or name in cls.__required_keys__
            )
            if typing.get_origin(one) in (typing.Required, typing.NotRequired):
                one = typing.get_args(one)[0]
            inner = self.of(one)
            is_taken = is_taken and inner is one
            fields[name] = (Required if is_required else NotRequired)[inner]
        if is_taken:
            return cls
        made: Any = TypedDict(cls.__name__, fields)  # type: ignore[misc]  # made of data
        self._typed_dicts[cls] = made
        return made


class _Made:
    """Has pydantic take an object of an attrs class, or make one of a dict."""

    def __init__(self, cls: type[Any], shaping: _Shaping) -> None:
        self._cls = cls
        self._shaping = shaping

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        cls = self._cls
        hints = typing.get_type_hints(cls, include_extras=True)
        fields = [one for one in attrs.fields(cls) if one.init]
        of_dict = core_schema.typed_dict_schema(
            {
                one.alias or one.name: core_schema.typed_dict_field(
                    handler.generate_schema(self._shaping.of(hints.get(one.name, Any))),
                    required=one.default is attrs.NOTHING,
                )
                for one in fields
            },
            extra_behavior="forbid",
        )
        made = core_schema.no_info_after_validator_function(lambda values: cls(**values), of_dict)
        return core_schema.json_or_python_schema(
            json_schema=made,
            python_schema=core_schema.union_schema(
                [core_schema.is_instance_schema(cls), made], mode="left_to_right"
            ),
        )


def find_unreachable(annotation: Any, *, is_closed: bool) -> str | None:
    """Find the part of a result's annotation for which agent code has no value; None without one.

    Where nothing is open to it (`is_closed`), that may be a class whose objects only the host
    makes.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is Any or origin is typing.Literal:
        return None
    if origin is typing.Annotated:
        return find_unreachable(arguments[0], is_closed=is_closed)
    if origin is typing.Union or origin is types.UnionType:
        parts = [find_unreachable(one, is_closed=is_closed) for one in arguments]
        return parts[0] if all(parts) else None
    if annotation in (Callable, typing.Callable) or origin is collections.abc.Callable:
        return write_type(annotation)
    cls = annotation if origin is None else origin
    if not isinstance(cls, type):
        return None
    if is_closed and _is_opaque(cls):
        return write_type(annotation)
    parts = [find_unreachable(one, is_closed=is_closed) for one in arguments]
    return next(filter(None, parts), None)


def _is_opaque(cls: type[Any]) -> bool:
    if cls in (collections.abc.Iterator, collections.abc.Generator) or issubclass(cls, Enum):
        return False
    if attrs.has(cls) or hasattr(cls, "__dataclass_fields__") or typing.is_typeddict(cls):
        return False
    if hasattr(cls, "__pydantic_core_schema__") or hasattr(cls, "__get_pydantic_core_schema__"):
        return False
    try:
        if any(isinstance(one, cls) or type(one) is cls for one in _DATA):
            return False
    except TypeError:  # a protocol that can't be asked for at run time
        return False
    if issubclass(cls, Mapping) or find_plain_base(cls) is not None:
        return False
    return _is_only_instances(cls)


def _is_only_instances(cls: type[Any]) -> bool:
    """Tell whether pydantic, too, knows nothing of the class but its name."""
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    try:
        adapter = TypeAdapter(cls, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        return False
    return bool(adapter.core_schema.get("type") == "is-instance")

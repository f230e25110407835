"""What the fields of models are called on the wire, and what they may hold: a text, a number or a
moment, and nothing that is like them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from types import UnionType
from typing import Any, Union, get_args, get_origin

import attrs

from xpander_client.core.conversion_errors import MismatchError
from xpander_client.core.enums import OpenStrEnum

EXTRA = "additional_properties"

LOCAL = {"local": True}
"""Metadata of a model's field that is no data of the wire: it is neither read nor sent, and its
value is left as it is.
"""


def wire_name(attribute: attrs.Attribute[Any]) -> str:
    """Return what a model's field is called on the wire."""
    name: str = attribute.metadata.get("wire", attribute.name)
    return name


def is_kept_here(field: attrs.Attribute[Any]) -> bool:
    """Tell whether a field has no name of its own on the wire."""
    return field.name == EXTRA or "local" in field.metadata


def list_known_names(model: Any) -> frozenset[str]:
    """Return the names on the wire that mean something to a model; others are kept as extras."""
    known = frozenset(wire_name(field) for field in attrs.fields(model) if not is_kept_here(field))
    # What the model works out itself is no extra: kept, it would go stale and be sent back.
    return known | getattr(model, "__computed__", frozenset())


def is_omitted_when_none(field: attrs.Attribute[Any]) -> bool:
    """Tell whether a field that is None is not sent: some readers insist on one that may be null,
    and such a field says so.
    """
    return field.default is None and not field.metadata.get("always")


def is_open_enum(type_: Any) -> bool:
    """Tell whether it is an enumeration of the wire."""
    return isinstance(type_, type) and issubclass(type_, OpenStrEnum)


def is_list(type_: Any) -> bool:
    """Tell whether it is a list, of whatever."""
    return type_ is list or get_origin(type_) is list


def is_dict(type_: Any) -> bool:
    """Tell whether it is a dict, of whatever."""
    return type_ is dict or get_origin(type_) is dict


def is_union(type_: Any) -> bool:
    """Tell whether it is one of several types."""
    return get_origin(type_) is Union or isinstance(type_, UnionType)


def list_members(type_: Any) -> list[Any]:
    """Return the types of a union, but for None."""
    return [member for member in get_args(type_) if member is not type(None)]


def is_moment(type_: Any) -> bool:
    """Tell whether a date and time is meant, be it with others."""
    return datetime.datetime in (type_, *get_args(type_))


def _read_text(value: Any, _: Any = None) -> str:
    """Return the value, which must be a text.

    Raises:
        MismatchError: it is none; the same holds below.
    """
    if isinstance(value, str):
        return value
    raise MismatchError("a string", value)


def _read_integer(value: Any, _: Any = None) -> int:
    """Return the value as an integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 2.0 is an integer to JSON Schema
    raise MismatchError("an integer", value)


def _read_number(value: Any, _: Any = None) -> float:
    """Return the value as a float."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise MismatchError("a number", value)


def _read_truth(value: Any, _: Any = None) -> bool:
    """Return the value, which must be true or false."""
    if isinstance(value, bool):
        return value
    raise MismatchError("a boolean", value)


def _read_moment(value: Any, _: Any = None) -> datetime.datetime:
    """Return the value as a date and time with an offset."""
    if isinstance(value, str):
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            raise MismatchError("a date and time (ISO 8601)", value) from None
        # The platform means UTC where it says nothing.
        return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    if isinstance(value, datetime.datetime):
        return with_offset(value)
    raise MismatchError("a date and time (ISO 8601)", value)


def with_offset(moment: datetime.datetime) -> datetime.datetime:
    """Return the moment, with the local offset where it has none."""
    return moment if moment.tzinfo else moment.astimezone()


def read_open_enum(value: Any, type_: Any) -> Any:
    """Return the member of an `OpenStrEnum` that the value means, known or not."""
    if isinstance(value, str):
        # The enum's own look-up, without the call through its metaclass.
        return type_._value2member_map_.get(value) or type_(value)
    raise MismatchError("a string", value)


SCALARS: dict[Any, Callable[..., Any]] = {
    str: _read_text,
    int: _read_integer,
    float: _read_number,
    bool: _read_truth,
    datetime.datetime: _read_moment,
}
"""What reads each of these types."""

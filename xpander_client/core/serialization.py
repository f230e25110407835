"""Wire to objects and back: one cattrs converter, strict, forgiving only of what is new.

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
from collections.abc import Callable, Mapping, Set
from enum import Enum
from pathlib import Path, PurePath
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
import orjson
from cattrs.cols import list_structure_factory, mapping_structure_factory
from cattrs.converters import Converter
from cattrs.errors import ClassValidationError, IterableValidationError
from cattrs.fns import identity
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from xpander_client.core.conversion_errors import (
    TOO_DEEP,
    ConversionError,
    MismatchError,
    NoJsonError,
    name_type,
    shorten,
)
from xpander_client.core.enums import OpenStrEnum
from xpander_client.errors import ArgumentError

T = TypeVar("T")

_Hook = Callable[[Any, Any], Any]

EXTRA = "additional_properties"

LOCAL = {"local": True}
"""Metadata of a model's field that is no data of the wire: it is neither read nor sent, and its
value is left as it is.
"""


def loads(data: bytes | str, type_: type[T]) -> T:
    """Return the object that JSON text holds.

    Raises:
        ConversionError: the text is no JSON, or no `type_`.

    Example:
        >>> loads(b"[1, 2]", list[int])
        [1, 2]
    """
    try:
        made: T = _find_hook(type_)(orjson.loads(data), type_)
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
        made: T = _find_hook(type_)(value, type_)
        return made
    except Exception:
        # Paths cost time, so they are found out only when something is wrong.
        try:
            return _detailed.structure(value, type_)
        except RecursionError:
            raise ConversionError("$", "less nesting", "a value nested too deeply") from None
        except Exception as error:
            raise _locate(error, "$", type_) from None


# Of each field its name, what it may hold, and the classes whose objects are right as they are.
_declared: dict[type, list[tuple[str, Any, _Hook, frozenset[Any]]]] = {}


def complete(model: Any) -> None:
    """Make what a model's constructor was given what its fields declare.

    Raises:
        ArgumentError: a field can't hold its value; the message names both.
    """
    cls: Any = type(model)
    for name, type_, hook, right in _declared.get(cls) or _declare(cls):
        value = getattr(model, name)
        if value.__class__ in right:
            continue
        if value.__class__ is str and (enum := _enums(cls).get(name)) is not None:
            enum.from_argument(f"{cls.__name__}.{name}", value)
        try:
            made = hook(value, type_)
        except Exception:
            try:
                made = structure(value, type_)  # once more, to say what is wrong
            except ConversionError as error:
                place = f"{cls.__name__}.{name}{error.path[1:]}"
                why = f"{place}: expected {error.expected}, got {error.got}"
                raise ArgumentError(why) from None
        object.__setattr__(model, name, made)  # some are frozen


def _declare(cls: Any) -> list[tuple[str, Any, _Hook, frozenset[Any]]]:
    declared: list[tuple[str, Any, _Hook, frozenset[Any]]] = []
    for field in attrs.fields(attrs.resolve_types(cls)):
        if "local" in field.metadata:
            continue
        members = get_args(field.type) if _is_union(field.type) else (field.type,)
        right = {member for member in members if isinstance(member, type)}
        if any(_is_open_enum(member) for member in members):
            right.discard(str)
        if field.type is not Any:
            declared.append((field.name, field.type, _find_hook(field.type), frozenset(right)))
    _declared[cls] = declared
    return declared


@functools.cache
def _enums(model: Any) -> dict[str, type[OpenStrEnum]]:
    """Find the enumerations of a model's fields, but of those that take any text."""
    found: dict[str, type[OpenStrEnum]] = {}
    for field in attrs.fields(attrs.resolve_types(model)):
        members = get_args(field.type) if _is_union(field.type) else (field.type,)
        if str not in members:
            found.update((field.name, member) for member in members if _is_open_enum(member))
    return found


_hooks: dict[Any, _Hook] = {}


def _find_hook(type_: Any) -> _Hook:
    # cattrs' own way to a hook takes as long as reading a small event.
    hook = _hooks.get(type_)
    if hook is None:
        hook = _hooks[type_] = _fast.get_structure_hook(type_)
    return hook


def unstructure(value: Any) -> Any:
    """Plain values for an object, ready for JSON. Optional fields that are None are left out."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    # These two need nobody to look their hooks up.
    if kind is dict:
        return {key: unstructure(item) for key, item in value.items()}
    if kind is list:
        return [unstructure(item) for item in value]
    return _fast.unstructure(value)


_SCALARS = frozenset({str, int, float, bool, type(None), datetime.datetime})


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


def wire_name(attribute: attrs.Attribute[Any]) -> str:
    """Return what a model's field is called on the wire."""
    name: str = attribute.metadata.get("wire", attribute.name)
    return name


def _is_kept_here(field: attrs.Attribute[Any]) -> bool:
    """Tell whether a field has no name of its own on the wire."""
    return field.name == EXTRA or "local" in field.metadata


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


# Strict hooks ------------------------------------------------------------------------------------


def _text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise MismatchError("a string", value)


def _whole_number(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 2.0 is an integer to JSON Schema
    raise MismatchError("an integer", value)


def _number(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise MismatchError("a number", value)


def _truth(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise MismatchError("a boolean", value)


def _moment(value: Any, _: Any) -> datetime.datetime:
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


def _open_enum(value: Any, type_: Any) -> Any:
    if isinstance(value, str):
        # The enum's own look-up, without the call through its metaclass.
        return type_._value2member_map_.get(value) or type_(value)
    raise MismatchError("a string", value)


_STRICT: dict[type, _Hook] = {
    str: _text,
    int: _whole_number,
    float: _number,
    bool: _truth,
    datetime.datetime: _moment,
    OpenStrEnum: _open_enum,
}


# Hooks made for a type ---------------------------------------------------------------------------


def _is_open_enum(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, OpenStrEnum)


def _is_list(type_: Any) -> bool:
    return type_ is list or get_origin(type_) is list


def _is_dict(type_: Any) -> bool:
    return type_ is dict or get_origin(type_) is dict


def _is_union(type_: Any) -> bool:
    return get_origin(type_) is Union or isinstance(type_, UnionType)


def _members(type_: Any) -> list[Any]:
    return [member for member in get_args(type_) if member is not type(None)]


def _list_hook(type_: Any, converter: Any) -> _Hook:
    items: _Hook = list_structure_factory(type_, converter)

    def structure_list(value: Any, type_: Any) -> Any:
        if isinstance(value, list | tuple):
            return items(value, type_)
        raise MismatchError("a list", value)

    return structure_list


def _dict_hook(type_: Any, converter: Any) -> _Hook:
    entries: _Hook = mapping_structure_factory(type_, converter)

    def structure_dict(value: Any, type_: Any) -> Any:
        if isinstance(value, dict):
            return entries(value, type_)
        raise MismatchError("an object", value)

    return structure_dict


@functools.cache
def _pass_unchecked(model: Any) -> Any:
    """Make a model whose constructor does not look at what it is given: on the wire's way that was
    done.

    It differs from the model in this alone, so that its objects can become the model's own.
    """
    members = {"__attrs_post_init__": None, "__module__": model.__module__, "__slots__": ()}
    made = type(model.__name__, (model,), members)
    return attrs.define(made, kw_only=True, repr=False, eq=False)


def _model_hook(model: Any, converter: Any) -> _Hook:
    fields = attrs.fields(model)
    known = frozenset(wire_name(field) for field in fields if not _is_kept_here(field))
    # What the model works out itself is no extra: kept, it would go stale and be sent back.
    known |= getattr(model, "__computed__", frozenset())
    keeps_extra = any(field.name == EXTRA for field in fields)
    overrides: dict[str, Any] = {
        field.name: override(omit=True)
        if _is_kept_here(field)
        else override(rename=wire_name(field))
        for field in fields
    }
    unchecked = _pass_unchecked(model)
    fill = make_dict_structure_fn(
        unchecked, converter, _cattrs_detailed_validation=converter.detailed_validation, **overrides
    )

    def structure_model(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            if isinstance(value, model):
                return value
            raise MismatchError("an object", value)
        made = fill(value, unchecked)
        made.__class__ = model
        if keeps_extra and not known.issuperset(value):
            made.additional_properties = {
                name: item for name, item in value.items() if name not in known
            }
        return made

    return structure_model


def _union_hook(type_: Any, converter: Any) -> _Hook:
    # The first member that fits; cattrs would let any text pass where an enum is meant.
    members = [(member, converter.get_structure_hook(member)) for member in _members(type_)]
    nullable = len(members) < len(get_args(type_))
    if nullable and len(members) == 1:
        [(only, only_hook)] = members

        def structure_optional(value: Any, _: Any) -> Any:
            return None if value is None else only_hook(value, only)

        return structure_optional

    expected = " or ".join(name_type(member) for member, _ in members)

    def structure_union(value: Any, _: Any) -> Any:
        if value is None and nullable:
            return None
        for member, hook in members:
            try:
                return hook(value, member)
            except Exception:
                continue
        raise MismatchError(expected, value)

    return structure_union


def _unstructure_model(
    model: Any, converter: Converter, unstructure: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    # A field may hold something else than it declares (a dict where a model is meant), so the hook
    # is chosen by what is there.
    def unstructure_moment(value: Any) -> Any:
        is_moment = isinstance(value, datetime.datetime)
        return with_offset(value) if is_moment else unstructure(value)

    fields = attrs.fields(model)
    overrides: dict[str, Any] = {
        field.name: override(omit=True)
        if _is_kept_here(field)
        else override(
            rename=wire_name(field),
            # Some readers insist on a field that may be null: such a field says so.
            omit_if_default=field.default is None and not field.metadata.get("always"),
            unstruct_hook=unstructure_moment if _is_moment(field.type) else unstructure,
        )
        for field in fields
    }
    plain = make_dict_unstructure_fn(model, converter, **overrides)
    if not any(field.name == EXTRA for field in fields):
        return plain

    def unstructure_model(value: Any) -> Any:
        values = plain(value)
        if value.additional_properties:
            values = {**unstructure(value.additional_properties), **values}
        return values

    return unstructure_model


def _is_moment(type_: Any) -> bool:
    return datetime.datetime in (type_, *get_args(type_))


@functools.cache
def _find_parts(model: Any) -> Callable[[Any], Any]:
    return _unstructure_model(model, _fast, identity)


def parts(model: Any) -> dict[str, Any]:
    """Return the fields of a model by their names on the wire, each as it is."""
    kind: Any = type(model)
    fields: dict[str, Any] = _find_parts(kind)(model)
    return fields


# What is not JSON stays what it is, for `dumps` to refuse.
_KEPT = (bytes, Enum, PurePath, Set)


def _is_kept(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, _KEPT)


def _unstructure_mapping(value: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: unstructure(item) for key, item in value.items()}


def _unstructure_list(value: list[Any]) -> list[Any]:
    return [unstructure(item) for item in value]


def _is_list_class(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, list)


def _is_mapping(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Mapping)


def _register(converter: Converter) -> Converter:
    for type_, hook in _STRICT.items():
        converter.register_structure_hook(type_, hook)
    for applies, factory in (
        (_is_list, _list_hook),
        (_is_dict, _dict_hook),
        (_is_union, _union_hook),
        (attrs.has, _model_hook),
    ):
        converter.register_structure_hook_factory(applies, factory)
    converter.register_unstructure_hook_factory(
        attrs.has, lambda model: _unstructure_model(model, converter, unstructure)
    )
    converter.register_unstructure_hook(Path, identity)
    converter.register_unstructure_hook_func(_is_kept, identity)
    converter.register_unstructure_hook_func(_is_mapping, _unstructure_mapping)
    converter.register_unstructure_hook_func(_is_list_class, _unstructure_list)
    return converter


_fast = _register(Converter(detailed_validation=False))
_detailed = _register(Converter(detailed_validation=True))


# Where it went wrong -----------------------------------------------------------------------------


def _locate(error: BaseException, path: str, type_: Any) -> ConversionError:
    if isinstance(error, ClassValidationError):
        for inner, field in error.group_exceptions()[0]:
            name = wire_name(getattr(attrs.fields(error.cl), field.name))
            return _locate(inner, f"{path}.{name}", field.type)
    if isinstance(error, IterableValidationError):
        for inner, item in error.group_exceptions()[0]:
            place = f"[{item.index}]" if isinstance(item.index, int) else f".{item.index}"
            return _locate(inner, path + place, item.type)
    if isinstance(error, MismatchError):
        return ConversionError(path, error.expected, error.got)
    if isinstance(error, KeyError):
        return ConversionError(path, name_type(type_), "nothing: it is required")
    return ConversionError(path, name_type(type_), str(error))

"""The way that takes any type and says where a value is wrong: one cattrs converter.

Nearly always `core.model_functions` does the same faster; what it does not know, and what it
refuses, comes here. It says no more than that something is wrong.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Set
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, get_args

import attrs
from cattrs.cols import list_structure_factory, mapping_structure_factory
from cattrs.converters import Converter
from cattrs.errors import ClassValidationError, IterableValidationError
from cattrs.fns import identity
from cattrs.gen import make_dict_structure_fn, override

from xpander_client.core.conversion_errors import ConversionError, MismatchError, name_type
from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.fields import (
    EXTRA,
    SCALARS,
    is_dict,
    is_kept_here,
    is_list,
    is_union,
    list_known_names,
    list_members,
    read_open_enum,
    wire_name,
)
from xpander_client.core.model_functions import writers

_Hook = Callable[[Any, Any], Any]


def structure(value: Any, type_: Any) -> Any:
    """Return the object that plain values stand for.

    Raises:
        ConversionError: they are no `type_`.
    """
    try:
        return _converter.structure(value, type_)
    except RecursionError:
        raise ConversionError("$", "less nesting", "a value nested too deeply") from None
    except Exception as error:
        raise _locate(error, "$", type_) from None


def unstructure(value: Any) -> Any:
    """Return plain values for an object of any class."""
    return _converter.unstructure(value)


# Hooks made for a type ---------------------------------------------------------------------------


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
    known = list_known_names(model)
    keeps_extra = any(field.name == EXTRA for field in fields)
    overrides: dict[str, Any] = {
        field.name: override(omit=True)
        if is_kept_here(field)
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
    members = [(member, converter.get_structure_hook(member)) for member in list_members(type_)]
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


# What is not JSON stays what it is, for `dumps` to refuse.
_KEPT = (bytes, Enum, PurePath, Set)


def _is_kept(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, _KEPT)


def _unstructure_mapping(value: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: _converter.unstructure(item) for key, item in value.items()}


def _unstructure_list(value: list[Any]) -> list[Any]:
    return [_converter.unstructure(item) for item in value]


def _unstructure_model(value: Any) -> Any:
    write = writers[type(value)]
    assert write is not None
    return write(value, _converter.unstructure)


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and writers[type_] is not None


def _is_list_class(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, list)


def _is_mapping(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Mapping)


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=True)
    for type_, hook in {**SCALARS, OpenStrEnum: read_open_enum}.items():
        converter.register_structure_hook(type_, hook)
    for applies, factory in (
        (is_list, _list_hook),
        (is_dict, _dict_hook),
        (is_union, _union_hook),
        (attrs.has, _model_hook),
    ):
        converter.register_structure_hook_factory(applies, factory)
    converter.register_unstructure_hook(Path, identity)
    converter.register_unstructure_hook_func(_is_kept, identity)
    converter.register_unstructure_hook_func(_is_mapping, _unstructure_mapping)
    converter.register_unstructure_hook_func(_is_list_class, _unstructure_list)
    converter.register_unstructure_hook_func(_is_model, _unstructure_model)
    return converter


_converter = _make_converter()


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

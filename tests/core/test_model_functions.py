"""Models are read and written by functions that are printed for each class: they agree with the
converter that takes any type, which they stand in for.
"""

import datetime
import functools
import importlib
import math
import pkgutil
from collections.abc import Iterator
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, strategies as st

import xpander_client.api.models
import xpander_client.api.resources
import xpander_client.tools
from xpander_client import Task, TaskUpdateEvent
from xpander_client.core import conversion, serialization
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.fields import (
    EXTRA,
    is_dict,
    is_kept_here,
    is_list,
    is_union,
    wire_name,
)
from xpander_client.core.model import Model
from xpander_client.core.model_functions import readers
from xpander_client.core.serialization import dumps, structure, unstructure
from xpander_client.errors import ArgumentError


def _find_models(base: type) -> Iterator[Any]:
    cls: Any
    for cls in type.__subclasses__(base):
        if attrs.has(cls) and type(cls) is type:  # kinds of events only tell them apart
            yield cls
        yield from _find_models(cls)


for package in (xpander_client.api.models, xpander_client.api.resources, xpander_client.tools):
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

MODELS = sorted(set(_find_models(Model)), key=lambda cls: (cls.__module__, cls.__name__))

_texts = st.text(max_size=4) | st.sampled_from(["", "completed", "2026-01-01T00:00:00Z", "\ud800"])
_numbers = st.integers() | st.floats() | st.sampled_from([1, True, 1.0, 2.5, -0.0, 2**64])
_moments = st.datetimes() | st.datetimes(timezones=st.just(datetime.UTC))
_anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _numbers | _texts | _moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=5,
)


@functools.cache
def _wire_values(type_: Any, depth: int = 2) -> st.SearchStrategy[Any]:
    """Values as the wire should have them for a type, and now and then others."""
    if type_ is datetime.datetime:
        right: st.SearchStrategy[Any] = _moments.map(lambda moment: moment.isoformat())
    elif type_ is type(None):
        right = st.none()
    elif isinstance(type_, type) and issubclass(type_, OpenStrEnum):
        right = st.sampled_from([*type_, "another"]).map(str)
    elif attrs.has(type_) and depth:
        fields = [
            field for field in attrs.fields(attrs.resolve_types(type_)) if not is_kept_here(field)
        ]
        values = {wire_name(each): _wire_values(each.type, depth - 1) for each in fields}
        values |= dict.fromkeys(getattr(type_, "__computed__", ()), _anything)
        names = sorted(wire_name(each) for each in fields if each.default is attrs.NOTHING)
        right = st.fixed_dictionaries(
            {name: values.pop(name) for name in names},
            optional={**values, "another": _anything},
        )
    elif type_ in (str, int, float, bool):
        right = {str: _texts, int: st.integers(), float: st.floats(), bool: st.booleans()}[type_]
    elif is_union(type_):
        right = st.one_of([_wire_values(each, depth) for each in get_args(type_)])
    elif is_list(type_):
        right = st.lists(_wire_values(get_args(type_)[0], depth), max_size=3)
    elif is_dict(type_):
        right = st.dictionaries(_texts, _wire_values(get_args(type_)[1], depth), max_size=3)
    else:
        right = _anything
    return st.integers(0, 15).flatmap(lambda number: right if number else _anything)


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are alike to the classes of all that is in them, and its order."""
    if type(one) is not type(other):
        return False
    if attrs.has(type(one)):
        names = [field.name for field in attrs.fields(type(one)) if not field.name.startswith("_")]
        return all(_is_same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, dict):
        return list(one) == list(other) and all(_is_same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, datetime.datetime):
        return bool(one.isoformat() == other.isoformat())
    return bool(one == other) or (one != one and other != other)


@given(data=st.data(), model=st.sampled_from(MODELS))
def test_what_is_read_is_what_the_converter_makes(data: st.DataObject, model: Any) -> None:
    value = data.draw(_wire_values(model))
    try:
        read = readers[model](value)
    except Exception:
        return  # it is for the converter then, which may also know better
    assert _is_same(read, conversion.structure(value, model))
    assert _is_same(structure(value, model), read)


@given(data=st.data(), model=st.sampled_from(MODELS))
def test_what_the_converter_refuses_is_refused_in_its_words(
    data: st.DataObject, model: Any
) -> None:
    value = data.draw(_wire_values(model))
    expected, refusal = None, None
    try:
        expected = conversion.structure(value, model)
    except ConversionError as error:
        refusal = error
    if refusal is None:
        assert _is_same(readers[model](value), expected)
        return
    with pytest.raises(ConversionError) as caught:
        structure(value, model)
    assert str(caught.value) == str(refusal)


@given(data=st.data(), model=st.sampled_from(MODELS))
def test_a_model_is_written_as_it_was_read(data: st.DataObject, model: Any) -> None:
    try:
        made = structure(data.draw(_wire_values(model)), model)
    except ConversionError:
        return
    again = structure(unstructure(made), model)
    assert _is_same(again, made)


WIRE_EVENT: dict[str, Any] = {
    "type": "chunk",
    "task_id": "t",
    "organization_id": "o",
    "time": "2026-01-01T00:00:00Z",
}

_odd = st.sampled_from([b"x", {1}, object(), (1, "a"), float("nan"), math.inf, 2**70, {1: 2}, Task])
_written: st.SearchStrategy[Any] = st.recursive(
    _anything | _odd,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_texts, inner, max_size=3)
        | st.builds(
            lambda **values: serialization.structure(WIRE_EVENT, TaskUpdateEvent).model_copy(
                update=values
            ),
            data=inner,
            time=inner,
            type=inner,
            identity=inner,
            additional_properties=st.dictionaries(st.text(max_size=3) | st.just("time"), inner),
        )
    ),
    max_leaves=5,
)


@given(_written)
def test_what_is_written_at_once_is_what_a_careful_look_makes_of_it(value: Any) -> None:
    expected, refusal = None, None
    try:
        expected = serialization._dumps_carefully(value)
    except ArgumentError as error:
        refusal = error
    if refusal is None:
        assert dumps(value) == expected
        return
    with pytest.raises(ArgumentError) as caught:
        dumps(value)
    assert caught.value.description == refusal.description


@attrs.define(kw_only=True)
class Checked:
    size: int = attrs.field(default=1, validator=attrs.validators.gt(0))


@attrs.define(kw_only=True)
class Sized:
    size: int = 1


class Grown(Task):
    """A class of a user's, with nothing of its own."""


def test_a_class_that_does_more_than_hold_values_is_left_to_the_converter() -> None:
    made = structure([{"size": 2}, {"size": -2}], list[Checked | Sized])
    assert made == [Checked(size=2), Sized(size=-2)]
    with pytest.raises(ConversionError, match="While structuring Checked"):
        structure({"size": 0}, Checked)
    assert unstructure(made) == [{"size": 2}, {"size": -2}]


def test_a_subclass_of_a_users_is_read_as_such() -> None:
    wire = {
        "id": "t",
        "agent_id": "a",
        "organization_id": "o",
        "input": {"text": "x"},
        "created_at": "2026-01-01T00:00:00Z",
        "new": 1,
    }
    made = structure(wire, Grown)
    assert type(made) is Grown
    assert getattr(made, EXTRA) == {"new": 1}

"""Values as bytes: what goes in comes out, equal is equal, and bytes of anybody do no harm."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from xpander_client.agents.state.codec import (
    Definition,
    Instance,
    UnreadableValue,
    Unstorable,
    decode,
    encode,
)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.just(...)
)
KEYS = st.text() | st.integers() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.text())
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    back = decode(encode(value))
    assert back == value
    assert type(back) is type(value)


@given(st.sets(st.text(), min_size=2))
def test_equal_sets_are_equal_bytes_however_they_were_made(value: set[str]) -> None:
    items = list(value)
    random.Random(1).shuffle(items)
    other: set[str] = set()
    for item in [*items, *(str(number) for number in range(100))]:
        other.add(item)
    other.difference_update({str(number) for number in range(100)} - value)
    assert encode(other) == encode(value)


@given(st.binary(max_size=200))
def test_bytes_of_anybody_give_a_value_or_a_clear_error(data: bytes) -> None:
    try:
        decode(b"\x01" + data)
    except UnreadableValue:
        return


@given(VALUES, st.data())
def test_a_value_that_is_cut_off_is_an_error(value: object, data: st.DataObject) -> None:
    whole = encode(value)
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(UnreadableValue):
        decode(whole[:end])


@pytest.mark.parametrize(
    "value",
    [
        10**4000,
        -(2**63),
        "\ud800",
        datetime(2024, 5, 6, 7, 8, 9, 10, UTC),
        datetime(2024, 5, 6, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        time(1, 2, 3, tzinfo=timezone(timedelta(hours=-3))),
        date(1, 1, 1),
        timedelta.min,
        Decimal("1.10"),
        Decimal("NaN"),
        Definition("def f():\n    return 1"),
        Instance("Point", {"x": 1, "y": [Instance("Point", {"x": 2, "y": None})]}),
        Instance("Pair", {"a": 1}, record=True),
        Unstorable("a Connection"),
    ],
)
def test_these_come_back_as_well(value: object) -> None:
    assert repr(decode(encode(value))) == repr(value)


def test_an_int_too_long_for_python_to_print_comes_back() -> None:
    assert decode(encode(10**5000)) == 10**5000


def test_infinite_numbers_and_none_of_them_come_back() -> None:
    assert decode(encode([math.inf, -math.inf])) == [math.inf, -math.inf]
    assert math.isnan(decode(encode(math.nan)))
    assert math.copysign(1, decode(encode(-0.0))) == -1


def test_values_that_python_calls_equal_but_are_of_other_types_differ() -> None:
    assert len({encode(value) for value in (1, 1.0, True, Decimal(1), complex(1))}) == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "a object"),
        ([1, {"a": object()}], "a list with a object in it"),
        (open, "a builtin_function_or_method"),
        ([Unstorable("a Connection")], "a list with a Connection in it"),
        (type("Text", (str,), {})("x"), "a Text"),
    ],
)
def test_what_cannot_be_stored_is_described(value: object, text: str) -> None:
    assert decode(encode(value)) == Unstorable(text)


def test_a_list_that_contains_itself_cannot_be_stored() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert isinstance(decode(encode(endless)), Unstorable)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02N",
        b"\x01?",
        b"\x01NN",
        b"\x01l\xff\xff\xff\xff\x7f",
        b"\x01s\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x01l\x01" * 5000,
        b"\x01D\x01l\x00N",
        b"\x01e\x01l\x00",
        b"\x01t\x01x",
        b"\x01zN",
    ],
)
def test_damaged_bytes_are_an_error(data: bytes) -> None:
    with pytest.raises(UnreadableValue):
        decode(data)

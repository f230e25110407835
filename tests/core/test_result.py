"""What work left behind is told as well as may be, and telling it never fails."""

import array
import datetime
import enum
import itertools
import json
import os
import uuid
from collections import OrderedDict, UserDict, deque, namedtuple
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import orjson
import pydantic
import pytest
from hypothesis import given, strategies as st

from xpander_client import ArgumentError
from xpander_client.core.result import (
    dumps_anyway,
    error_text,
    plain,
    readable,
    result_text,
    value_text,
)

HALF = os.fsdecode(b"caf\xe9.txt")
"""A name as `os.listdir` has it, when it is no UTF-8."""


@attrs.frozen
class Region:
    name: str
    revenue: Any


@dataclass
class Row:
    tags: Any


class Report(pydantic.BaseModel):
    when: datetime.date
    mean: float = 1.5
    note: Any = None


class Colour(enum.Enum):
    RED = "red"


class Size(enum.StrEnum):
    BIG = "big"


class PydanticLike:
    def model_dump_json(self) -> str:
        return '{"name":"north"}'


class Scalar:
    """A number of an array, as numpy has them: no int, but it knows one."""

    def tolist(self) -> int:
        return 3


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Nothing(Exception):
    def __str__(self) -> Any:
        return None  # noqa: PLE0307  # that is what is wrong with it


Point = namedtuple("Point", ["x", "y"])  # an untyped one is meant
DAY = datetime.date(2026, 1, 31)
NOON = datetime.datetime(2026, 1, 31, 12)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, None),
        ("", ""),
        ("done", "done"),
        ('{"already": "JSON"}', '{"already": "JSON"}'),
        ({"capabilities": ["Search"]}, '{"capabilities":["Search"]}'),
        ([1, 2.5, None, True], "[1,2.5,null,true]"),
        (42, "42"),
        (False, "false"),
        ([Region("north", 1.5)], '[{"name":"north","revenue":1.5}]'),
        (PydanticLike(), '{"name":"north"}'),
        ({"stadt": "Köln"}, '{"stadt":"Köln"}'),
        (OrderedDict(a=1), '{"a":1}'),
        (Point(1, 2), "[1,2]"),
    ],
)
def test_text_stays_and_everything_else_becomes_json(result: Any, text: str | None) -> None:
    assert result_text(result) == text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({2026: 5, None: 1, True: 2, 1.5: 3}, {"2026": 5, "null": 1, "true": 2, "1.5": 3}),
        ({Colour.RED: 1, (1, 2): 2, DAY: 3}, {"red": 1, "(1, 2)": 2, "2026-01-31": 3}),
        ({1: "a", "1": "b"}, [["1", "a"], ["1", "b"]]),
        ({"mean": float("nan"), "most": float("inf")}, {"mean": None, "most": None}),
        ({"n": 2**70}, {"n": 2**70}),
        ([Decimal("1.10"), uuid.UUID(int=1)], ["1.10", str(uuid.UUID(int=1))]),
        ([DAY, NOON, NOON.time()], ["2026-01-31", "2026-01-31T12:00:00", "12:00:00"]),
        ([NOON.replace(tzinfo=datetime.UTC)], ["2026-01-31T12:00:00+00:00"]),
        ([datetime.timedelta(days=1, seconds=2, milliseconds=50)], ["P1DT2.05S"]),
        ([datetime.timedelta(seconds=-90)], ["-P0DT90S"]),
        ([Colour.RED, Size.BIG, Path("a/b")], ["red", "big", "a/b"]),
        (
            [{1}, frozenset({2}), deque([3]), range(2), {"a": 1}.values()],
            [[1], [2], [3], [0, 1], [1]],
        ),
        ([b"text", bytearray(b"text"), memoryview(b"text")], ["text"] * 3),
        ([b"\xff\x00"], ["/wA="]),
        ([Region("north", {1})], [{"name": "north", "revenue": [1]}]),
        ([Row({1})], [{"tags": [1]}]),
        ([Report(when=DAY)], [{"when": "2026-01-31", "mean": 1.5, "note": None}]),
        (
            {"mean": Report(when=DAY, mean=float("nan"), note=HALF)},
            {"mean": {"when": "2026-01-31", "mean": None, "note": "caf\\udce9.txt"}},
        ),
        ([Scalar(), array.array("i", [1, 2])], [3, [1, 2]]),
        ([HALF, {HALF: 1}], ["caf\\udce9.txt", {"caf\\udce9.txt": 1}]),
        (
            [1 + 2j, ValueError("x"), Unprintable()],
            ["(1+2j)", "x", "<Unprintable, which has no text: RuntimeError>"],
        ),
        (
            [Report, Region],
            ["<class 'tests.core.test_result.Report'>", "<class 'tests.core.test_result.Region'>"],
        ),
    ],
)
def test_what_is_no_json_is_told_as_well_as_may_be(value: Any, told: Any) -> None:
    assert json.loads(value_text(value)) == told
    assert plain(value) == told
    # On the wire, numbers have 64 bits.
    assert json.loads(dumps_anyway(value)) == ({"n": str(2**70)} if told == {"n": 2**70} else told)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (Decimal("1.10"), "1.10"),
        (DAY, "2026-01-31"),
        (NOON, "2026-01-31T12:00:00"),
        (Colour.RED, "red"),
        (Size.BIG, "big"),
        (Path("a"), "a"),
        (b"hello\n", "hello\n"),
        (HALF, "caf\\udce9.txt"),
        (2**70, str(2**70)),
        (float("nan"), "null"),
        (None, "null"),
    ],
)
def test_what_comes_down_to_a_text_is_told_as_that(value: Any, text: str) -> None:
    assert value_text(value) == text


class Broken(UserDict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("no items")


def test_what_fails_to_say_its_data_is_told_by_its_text() -> None:
    unset = Region.__new__(Region)  # its text fails, too
    for value, text in [
        (Broken(a=1), "{'a': 1}"),
        (unset, "<Region, which has no text: AttributeError>"),
    ]:
        assert value_text(value) == text
        assert json.loads(dumps_anyway({"a": value})) == {"a": text}


def test_an_object_that_is_nothing_else_is_told_by_its_text() -> None:
    assert value_text({"regions": [object()]}).startswith('{"regions":["<object object at ')


def _circle() -> Any:
    circle: dict[str, Any] = {"name": "self"}
    circle["self"] = [circle]
    return circle


def _deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"d": value}
    return value


def test_a_value_that_contains_itself_is_told_up_to_there() -> None:
    assert json.loads(value_text(_circle())) == {"name": "self", "self": ["..."]}
    assert orjson.loads(dumps_anyway(_circle())) == {"name": "self", "self": ["..."]}


@pytest.mark.parametrize("depth", [90, 300, 5000])
def test_a_deep_value_is_told_as_deep_as_others_can_read_it(depth: int) -> None:
    read = json.loads(value_text(_deep(depth)))
    for _ in range(min(depth, 100)):
        read = read["d"]
    assert read == 1 if depth < 100 else isinstance(read, str)
    orjson.loads(dumps_anyway(_deep(depth)))


def test_numbers_that_python_itself_does_not_write_in_digits_are_told() -> None:
    assert int(value_text({"n": 10**6000})[6:-2], 16) == 10**6000
    assert int(json.loads(dumps_anyway([10**6000]))[0], 16) == 10**6000


async def test_work_that_nobody_awaited_or_ran_is_no_result() -> None:
    async def work() -> str:
        return "done"

    async def stream() -> AsyncIterator[str]:
        yield "done"

    waiting = work()
    for tell in (result_text, dumps_anyway):
        with pytest.raises(ArgumentError, match="a coroutine that nobody awaited"):
            tell(waiting)
        with pytest.raises(ArgumentError, match="a generator that nobody ran"):
            tell(item for item in "ab")
        with pytest.raises(ArgumentError, match="a generator that nobody ran"):
            tell(stream())
    assert await waiting == "done"


def test_what_is_made_item_by_item_is_a_list_as_far_as_it_has_an_end() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError

    assert plain([map(str, [1]), zip("a", [1], strict=True)]) == [["1"], [["a", 1]]]
    assert plain({"rows": (n for n in range(3))}) == {"rows": [0, 1, 2]}
    [endless] = plain([map(abs, itertools.count())])
    assert (len(endless), endless[-2:]) == (10_001, [9999, "..."])
    [text] = plain([broken()])
    assert text.startswith("<generator object ")


def test_tables_are_told_by_their_rows_and_columns_by_their_names() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"region": ["north", "south"], "mean": [1.5, float("nan")]})
    rows = [{"region": "north", "mean": 1.5}, {"region": "south", "mean": None}]
    assert json.loads(value_text(table)) == rows
    assert plain([table["mean"].head(1), table.count()]) == [
        {"0": 1.5},
        {"region": 2, "mean": 1},
    ]


_anything = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.text(st.characters(categories=["Cs"]), max_size=2)
    | st.binary(max_size=4)
    | st.datetimes()
    | st.timedeltas()
    | st.decimals()
    | st.builds(object)
    | st.builds(Unprintable),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.integers() | st.text(max_size=3) | st.booleans(), inner, max_size=3)
        | st.builds(Region, st.text(max_size=3), inner)
        | st.builds(lambda note: Report(when=DAY, note=note), inner)
        | st.tuples(inner, inner)
    ),
    max_leaves=10,
)


@given(value=_anything)
def test_whatever_it_is_it_becomes_text_and_json_that_everybody_reads(value: Any) -> None:
    value_text(value).encode()
    orjson.loads(dumps_anyway(value))


def test_an_error_without_a_text_is_told_by_its_name() -> None:
    assert error_text(ValueError("no such region")) == "no such region"
    assert error_text(TimeoutError()) == "TimeoutError"


def test_the_text_of_an_error_can_always_be_sent() -> None:
    assert error_text(ValueError(f"cannot read {HALF}")) == r"cannot read caf\udce9.txt"
    assert error_text(Unprintable()) == "<Unprintable, which has no text: RuntimeError>"
    assert error_text(Nothing()) == "<Nothing, which has no text: TypeError>"
    long = error_text(ValueError("x" * 11_000_000))
    assert len(long) < 101_000
    assert long.endswith("… (10900000 characters more)")


def test_text_that_can_be_written_stays_as_it_is() -> None:
    assert readable("Köln 🎉") == "Köln 🎉"

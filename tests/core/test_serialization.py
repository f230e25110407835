import datetime
import time
from collections import OrderedDict, deque, namedtuple
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.serialization import body, dumps, loads, structure, unstructure
from xpander_client.errors import ArgumentError


class Kind(OpenStrEnum):
    Big = "big"


class Plain(Enum):
    RED = "red"


Point = namedtuple("Point", ["x", "y"])  # an untyped one is meant


@attrs.define(kw_only=True)
class Inner:
    text: str
    files: list[str] | None = None
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.define(kw_only=True)
class Other:
    number: int
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.define(kw_only=True)
class Outer:
    id: str
    input: Inner
    created_at: datetime.datetime
    kind: Kind | None = None
    flag: bool | None = None
    size: float | None = None
    either: Inner | Other | str | None = None
    counts: dict[str, int] | None = None
    anything: dict[str, Any] | None = None
    prompt: str | None = attrs.field(default=None, metadata={"wire": "the-prompt"})
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)


WIRE: dict[str, Any] = {
    "id": "t1",
    "input": {"text": "hello", "files": ["a.csv"]},
    "created_at": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": None}, r"$.id: expected a string, got null"),
        ({"input": "x"}, r"$.input: expected an object, got the string 'x'"),
        ({"input": {}}, r"$.input.text: expected a string, got nothing: it is required"),
        (
            {"input": {"text": "x", "files": ["a", 1]}},
            r"$.input.files[1]: expected a string, got the number 1",
        ),
        (
            {"input": {"text": "x", "files": "abc"}},
            r"$.input.files: expected a list, got the string 'abc'",
        ),
        ({"flag": "false"}, r"$.flag: expected a boolean, got the string 'false'"),
        ({"flag": 0}, r"$.flag: expected a boolean, got the number 0"),
        ({"size": "12"}, r"$.size: expected a number, got the string '12'"),
        ({"size": True}, r"$.size: expected a number, got true"),
        ({"kind": 5}, r"$.kind: expected a string, got the number 5"),
        ({"counts": {"a": 1.5}}, r"$.counts.a: expected an integer, got the number 1.5"),
        ({"counts": [1]}, r"$.counts: expected an object, got a list"),
        (
            {"created_at": "yesterday"},
            r"$.created_at: expected a date and time (ISO 8601), got the string 'yesterday'",
        ),
        ({"either": 5}, r"$.either: expected an object or a string, got the number 5"),
        ({"the-prompt": 5}, r"$.the-prompt: expected a string, got the number 5"),
    ],
)
def test_what_is_not_as_promised_is_refused_with_its_place(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConversionError) as caught:
        structure({**WIRE, **change}, Outer)
    assert str(caught.value).replace(" or an object or", " or") == message


@pytest.mark.parametrize("text", [b"", b"{", b"nope", b'{"id": NaN}', b"[" * 5000, b"\xff"])
def test_text_that_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ConversionError, match=r"\$: expected JSON"):
        loads(text, Outer)


def test_unknown_fields_and_values_come_back_as_they_came() -> None:
    wire = {
        **WIRE,
        "created_at": "2026-01-01T00:00:00+00:00",
        "kind": "huge",
        "new": {"a": [1, None]},
        "input": {"text": "x", "newer": 1},
        "anything": {"deep": {"x": None}},
        "the-prompt": "p",
    }
    task = structure(wire, Outer)
    assert task.kind == "huge"
    assert task.additional_properties == {"new": {"a": [1, None]}}
    assert loads(dumps(task), dict[str, Any]) == wire


def test_dates_are_aware() -> None:
    naive = structure({**WIRE, "created_at": "2026-01-01T00:00:00"}, Outer)
    assert naive.created_at == datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_moment_without_an_offset_is_local_time_as_everywhere_in_python() -> None:
    nine = datetime.datetime(2026, 1, 1, 9)
    made = Outer(id="x", input=Inner(text="a"), created_at=nine)
    assert loads(dumps(made), Outer).created_at == datetime.datetime(
        2026, 1, 1, tzinfo=datetime.UTC
    )
    assert b'"2026-01-01T09:00:00+09:00"' in dumps(made)
    assert structure({**WIRE, "created_at": nine}, Outer).created_at == nine.astimezone()
    # Where no moment is meant, it is written as it is.
    assert dumps({"when": nine}) == b'{"when":"2026-01-01T09:00:00"}'


def test_a_union_takes_the_member_that_fits() -> None:
    assert structure({**WIRE, "either": {"number": 1}}, Outer).either == Other(number=1)
    assert structure({**WIRE, "either": {"text": "a"}}, Outer).either == Inner(text="a")
    assert structure({**WIRE, "either": "a"}, Outer).either == "a"


def test_optional_fields_that_are_none_are_left_out() -> None:
    assert unstructure(Inner(text="a")) == {"text": "a"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [0, float("nan")]}, r"$.a[1]: the number nan has no JSON form"),
        ({"a": object()}, r"$.a: a value of type object has no JSON form"),
        ({"a": {1: 2}}, r"$.a: the key 1 is no string"),
        (["\ud800"], r"$[0]: the text is not valid Unicode (a lone surrogate)"),
        ([2**64], rf"$[0]: the number {2**64} does not fit into 64 bits"),
        ([10**5000], r"$[0]: the number of 16610 bits does not fit into 64 bits"),
        ({"\ud800": 1}, r"$.\ud800: the text is not valid Unicode (a lone surrogate)"),
        (
            {"a": [b"x"]},
            r"$.a[0]: a value of type bytes has no JSON form; decode() makes text of it",
        ),
        (
            {"a": {1}},
            r"$.a: a value of type set has no JSON form; list() or sorted() makes a list of it",
        ),
        (
            Inner(text=Path("a")),  # type: ignore[arg-type]
            rf"$.text: a value of type {type(Path()).__name__} has no JSON form; "
            "str() makes text of it",
        ),
        ({"a": datetime.date(2026, 1, 1)}, r"$.a: a value of type date has no JSON form"),
        ({"a": Plain.RED}, r"$.a: a value of type Plain has no JSON form"),
        (OrderedDict({1: 2}), r"$: the key 1 is no string"),
    ],
)
def test_what_has_no_json_form_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        dumps(value)
    assert caught.value.description == message


def test_numbers_texts_and_lists_of_subclasses_are_what_they_are() -> None:
    class Degrees(float):
        pass

    value = {Kind.Big: [Kind.Big, Degrees(1.5), Point(1, 2)], "more": OrderedDict(a=deque([1]))}
    assert dumps(value) == b'{"big":["big",1.5,[1,2]],"more":{"a":[1]}}'


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ArgumentError, match="contains itself"):
        dumps(loop)


def test_arguments_of_the_wrong_type_are_refused_before_they_are_sent() -> None:
    wrong: Any = {"text": 3}
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    with pytest.raises(ArgumentError, match=r"\$\.input\.text: expected a string"):
        body(Outer(id="x", input=wrong, created_at=moment))


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(
    text=st.text(max_size=20),
    files=st.none() | st.lists(st.text(max_size=5), max_size=3),
    kind=st.none() | st.text(min_size=1, max_size=5),
    moment=st.datetimes(timezones=st.just(datetime.UTC)),
    extra=st.dictionaries(st.text(min_size=1, max_size=5).map(lambda t: f"x-{t}"), _json),
)
def test_the_way_to_the_wire_and_back_changes_nothing(
    text: str,
    files: list[str] | None,
    kind: str | None,
    moment: datetime.datetime,
    extra: dict[str, Any],
) -> None:
    task = Outer(
        id="x",
        input=Inner(text=text, files=files),
        created_at=moment,
        kind=None if kind is None else Kind(kind),
        additional_properties=extra,
    )
    assert loads(dumps(task), Outer) == task


@given(_json)
def test_whatever_json_comes_the_refusal_names_a_place(value: Any) -> None:
    with pytest.raises(ConversionError, match=r"^\$"):
        structure(value, Outer)

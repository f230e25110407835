"""Types as models get them, and values of what models write."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import json
import operator
import pathlib
import sys
import typing
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import attrs
import jsonschema_rs
import pytest
from annotated_types import Ge, Len
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import BaseModel, Field, dataclasses as pydantic_dataclasses

from tests.legacy.providers.accepted import ACCEPTED
from xpander_client.api.models import ThreadMessage
from xpander_client.legacy.providers import Tool, messages_for, system_for, tools_for
from xpander_client.tools.functions.form import MisfitError
from xpander_client.tools.functions.forms import Forms
from xpander_client.tools.functions.parameters import Parameters, read_parameters

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Shape(enum.Enum):
    """Its values have no JSON form, so its names stand for it."""

    LINE = (1, 2)
    AREA = (3, 4)


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Point(TypedDict):
    x: int
    y: NotRequired[Annotated[int, "How high."]]


class Pair(NamedTuple):
    left: int
    right: str = "r"


@dataclasses.dataclass
class Line:
    price: decimal.Decimal
    count: int = 1
    note: dataclasses.InitVar[str] = ""
    tags: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self, note: str) -> None:
        if self.count < 0:
            raise ValueError("the count is negative")


@attrs.frozen
class Order:
    _number: int
    lines: list[Line] = attrs.field(factory=list)
    colour: Colour = Colour.RED


@dataclasses.dataclass
class Paint:
    Level: Level
    Colour: Colour | None = None


@dataclasses.dataclass
class Tree:
    value: int
    below: list[Tree] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Page(Generic[T]):
    items: list[T]


class Address(BaseModel):
    street: str
    zip: str = Field(pattern=r"^\d{5}$")


class Person(BaseModel):
    name: str
    home: Address | None = None
    children: list[Person] = []


@pydantic_dataclasses.dataclass
class Amount:
    value: int = Field(ge=0)


Name = typing.NewType("Name", str)


class Unknown:
    """Nobody knows what it looks like in JSON."""


def closed(**properties: Any) -> dict[str, Any]:
    needed = [name for name in properties if "default" not in properties[name]]
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


TEXT, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, TEXT),
        (float, NUMBER),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (Name, TEXT),
        (datetime.date, TEXT | {"format": "date"}),
        (datetime.datetime, TEXT | {"format": "date-time"}),
        (uuid.UUID, TEXT | {"format": "uuid"}),
        (pathlib.Path, TEXT | {"format": "path"}),
        (decimal.Decimal, NUMBER),
        (datetime.timedelta, NUMBER | {"description": "in seconds"}),
        (list[str], {"type": "array", "items": TEXT}),
        (Sequence[int], {"type": "array", "items": INTEGER}),
        (list, {"type": "array", "items": {}}),
        (tuple, {"type": "array", "items": {}}),
        (set[Colour], {"type": "array", "items": TEXT | {"enum": ["red", "blue"]}}),
        (tuple[int, ...], {"type": "array", "items": INTEGER}),
        (
            tuple[int, str],
            {
                "type": "array",
                "items": {"anyOf": [INTEGER, TEXT]},
                "minItems": 2,
                "maxItems": 2,
                "prefixItems": [INTEGER, TEXT],
            },
        ),
        (dict, {"type": "object"}),
        (Mapping[str, float], {"type": "object", "additionalProperties": NUMBER}),
        (int | None, {"anyOf": [INTEGER, {"type": "null"}]}),
        (Any | None, {}),
        (Literal["a", "b"], TEXT | {"enum": ["a", "b"]}),
        (Literal[1, 2], INTEGER | {"enum": [1, 2]}),
        (Literal[Colour.RED], TEXT | {"enum": ["red"]}),
        (
            Literal["a", 1, None],
            {"anyOf": [TEXT | {"enum": ["a"]}, INTEGER | {"enum": [1]}, {"type": "null"}]},
        ),
        (Colour, TEXT | {"enum": ["red", "blue"]}),
        (Level, INTEGER | {"enum": [1, 2]}),
        (Shape, TEXT | {"enum": ["LINE", "AREA"]}),
        (Rights, INTEGER),
        (Point, {**closed(x=INTEGER, y=INTEGER | {"description": "How high."}), "required": ["x"]}),
        (Pair, closed(left=INTEGER, right=TEXT | {"default": "r"})),
        (Page[int], closed(items={"type": "array", "items": INTEGER})),
        (Annotated[str, "The city."], TEXT | {"description": "The city."}),
        (
            Annotated[str, "The city."] | None,
            {"anyOf": [TEXT, {"type": "null"}], "description": "The city."},
        ),
        (
            Annotated[int, Field(description="d", ge=1)],
            INTEGER | {"minimum": 1, "description": "d"},
        ),
        (Annotated[int, Ge(1)], INTEGER | {"minimum": 1}),
        (
            Amount,
            {
                "type": "object",
                "properties": {"value": INTEGER | {"minimum": 0}},
                "required": ["value"],
            },
        ),
        (Any, {}),
        (object, {}),
        (Unknown, {}),
        (Callable[[int], str], {}),
    ],
)
def test_a_type_becomes_a_schema(annotation: Any, schema: dict[str, Any]) -> None:
    assert Forms().of(annotation).schema == schema


def test_a_type_that_contains_itself_becomes_a_definition_and_others_do_not() -> None:
    forms = Forms()
    assert forms.of(list[Tree]).schema == {"type": "array", "items": {"$ref": "#/$defs/Tree"}}
    assert forms.of(Person).schema == {"$ref": "#/$defs/Person"}
    assert set(forms.schemas) == {"Tree", "Person"}
    home = forms.schemas["Person"]["properties"]["home"]
    assert set(home["anyOf"][0]["properties"]) == {"street", "zip"}


def test_two_types_of_one_name_are_two_definitions() -> None:
    def another() -> Any:
        class Tree(BaseModel):
            roots: list[Tree] = []

        return Tree

    forms = Forms()
    assert forms.of(Tree).schema == {"$ref": "#/$defs/Tree"}
    assert forms.of(another()).schema == {"$ref": "#/$defs/Tree2"}
    assert set(forms.schemas["Tree"]["properties"]) == {"value", "below"}
    assert set(forms.schemas["Tree2"]["properties"]) == {"roots"}


FITS = [
    (str, "a", "a"),
    (int, 5, 5),
    (int, "5", 5),
    (int, 5.0, 5),
    (float, "2.5", 2.5),
    (bool, "false", False),
    (bool, "True", True),
    (int | None, "null", None),
    (bytes, "ä", "ä".encode()),
    (Name, "n", "n"),
    (datetime.date, "2024-01-01", datetime.date(2024, 1, 1)),
    (
        datetime.datetime,
        "2024-01-01T09:30:00Z",
        datetime.datetime(2024, 1, 1, 9, 30, tzinfo=datetime.UTC),
    ),
    (datetime.time, "09:30", datetime.time(9, 30)),
    (datetime.timedelta, 90, datetime.timedelta(minutes=1, seconds=30)),
    (decimal.Decimal, 19.99, decimal.Decimal("19.99")),
    (uuid.UUID, str(uuid.UUID(int=1)), uuid.UUID(int=1)),
    (pathlib.PurePosixPath, "a/b", pathlib.PurePosixPath("a/b")),
    (list[str], '["a", "b"]', ["a", "b"]),
    (list[int], ["1", 2], [1, 2]),
    (Iterable[int], [1], [1]),
    (set[int], [1, 1], {1}),
    (frozenset[int], [1], frozenset({1})),
    (tuple[int, str], [1, "a"], (1, "a")),
    (tuple[int, ...], "[1, 2]", (1, 2)),
    (dict, '{"a": 1}', {"a": 1}),
    (dict[int, Colour], {"1": "red"}, {1: Colour.RED}),
    (str | int, "5", "5"),
    (int | str, "5", "5"),
    (int | list[int], "5", 5),
    (Colour, "red", Colour.RED),
    (Level, "2", Level.HIGH),
    (Shape, "AREA", Shape.AREA),
    (Rights, 3, Rights.READ | Rights.WRITE),
    (Literal[1, "a"], "1", 1),
    (Literal[Colour.BLUE], "blue", Colour.BLUE),
    (Point, '{"x": 1}', {"x": 1}),
    (Pair, {"left": 1}, Pair(1)),
    (Line, {"price": 1, "tags": ["t"]}, Line(decimal.Decimal(1), tags=["t"])),
    (
        Order,
        {"number": 1, "lines": [{"price": "1.5"}], "colour": "blue"},
        Order(1, [Line(decimal.Decimal("1.5"))], Colour.BLUE),
    ),
    (Tree, {"value": 1, "below": [{"value": "2"}]}, Tree(1, [Tree(2)])),
    (Paint, {"Level": 1, "Colour": "red"}, Paint(Level.LOW, Colour.RED)),
    (Page[Colour], {"items": ["red"]}, Page([Colour.RED])),
    (Unknown, {"a": 1}, {"a": 1}),
]
FITS_WITH_PYDANTIC = [
    (
        Person,
        {"name": "n", "children": [{"name": "m"}]},
        Person(name="n", children=[Person(name="m")]),
    ),
    (list[Address], [{"street": "s", "zip": "12345"}], [Address(street="s", zip="12345")]),
    (Address, '{"street": "s", "zip": "12345"}', Address(street="s", zip="12345")),
    (Amount | None, {"value": 3}, Amount(3)),
    (Person | Line, {"price": 1}, Line(decimal.Decimal(1))),
    (Annotated[list[int], Len(1, 2)], "[1]", [1]),
]


@pytest.mark.parametrize(("annotation", "said", "value"), [*FITS, *FITS_WITH_PYDANTIC])
def test_what_a_model_wrote_becomes_a_value_of_the_type(
    annotation: Any, said: Any, value: Any
) -> None:
    made = Forms().of(annotation).read(said, True)
    assert (made, type(made)) == (value, type(value))


@pytest.mark.parametrize(
    ("annotation", "said", "why"),
    [
        (str, None, "expected a text, got null"),
        (str, 5, "expected a text, got 5"),
        (int, True, "expected an integer, got true"),
        (int, 5.5, "expected an integer, got 5.5"),
        (int, "five", 'expected an integer, got "five"'),
        (float, "1e999", "expected a number"),
        (decimal.Decimal, "NaN", "expected a number"),
        (bool, 1, "expected true or false, got 1"),
        (Colour, "green", 'expected one of "red", "blue", got "green"'),
        (Literal["a", 1], True, 'expected one of "a", 1, got true'),
        (Rights, 9, "Rights"),
        (datetime.date, "soon", 'expected a date as 2026-01-31, got "soon"'),
        (uuid.UUID, "x", 'expected a UUID, got "x"'),
        (list[int], "1, 2", 'expected an array, got "1, 2"'),
        (list[int], [1, "x"], r'\[1\]: expected an integer, got "x"'),
        (set[Any], [{}], "unhashable"),
        (tuple[int, str], [1], r"expected an array of 2, got \[1\]"),
        (dict[int, str], {"a": "b"}, 'a: expected an integer, got "a"'),
        (int | list[int], {}, r"expected an integer, got {}; or expected an array, got {}"),
        (Point, {"y": 1}, "x: is missing"),
        (Pair, {"left": 1, "middle": 2}, "middle: is no field; there are left, right"),
        (Line, {"price": 1, "count": -1}, "the count is negative"),
        (Order, {"number": 1, "lines": [{"price": []}]}, r"lines\[0\].price: expected a number"),
        (Address, {"street": "s", "zip": "1"}, "zip: String should match pattern"),
        (Address, {}, "street: Field required; zip: Field required"),
        (list[Address], [{"street": "s", "zip": 1}], r"\[0\].zip: "),
        (Amount, {"value": -1}, "value: Input should be greater than or equal to 0"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(annotation: Any, said: Any, why: str) -> None:
    with pytest.raises(MisfitError, match=why):
        Forms().of(annotation).read(said, True)


def test_without_pydantic_the_types_of_the_standard_library_are_what_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pydantic"]:
        monkeypatch.setitem(sys.modules, name, None)
    for annotation, said, value in FITS:
        assert Forms().of(annotation).read(said, True) == value
    assert Forms().of(Annotated[int, Ge(1)]).schema == INTEGER
    assert Forms().of(Address).schema == {}


def test_what_is_shown_of_a_value_is_short() -> None:
    with pytest.raises(MisfitError) as raised:
        Forms().of(int).read("x" * 10_000, True)
    assert len(str(raised.value)) < 150


def test_nesting_without_end_is_refused() -> None:
    said: dict[str, Any] = {"value": 1}
    for _ in range(2000):
        said = {"value": 1, "below": [said]}

    def plant(tree: Tree) -> None:
        """Plant it."""

    with pytest.raises(MisfitError, match="tree: it is nested too deeply"):
        read_parameters(plant, {}).read({"tree": said})


# Any annotation, as what a value of it is in JSON and in Python -----------------------------------

Both = st.SearchStrategy[tuple[Any, Any]]


def plain(values: Any, said: Callable[[Any], Any] = lambda value: value) -> Both:
    made: Both = values.map(lambda value: (said(value), value))
    return made


texts = st.text(st.characters(codec="utf-8"), max_size=5)
LEAVES: list[tuple[Any, Both]] = [
    (str, plain(texts)),
    (int, plain(st.integers(-(2**53), 2**53))),
    (float, plain(st.floats(allow_nan=False, allow_infinity=False))),
    (bool, plain(st.booleans())),
    (None, plain(st.none())),
    (Any, plain(st.one_of(st.none(), st.integers(0, 9), texts))),
    (datetime.date, plain(st.dates(), str)),
    (datetime.datetime, plain(st.datetimes(), lambda value: value.isoformat())),
    (uuid.UUID, plain(st.uuids(), str)),
    (Colour, plain(st.sampled_from(Colour), lambda value: value.value)),
    (Level, plain(st.sampled_from(Level), lambda value: value.value)),
    (Shape, plain(st.sampled_from(Shape), lambda value: value.name)),
    (Literal["a", 2, None], plain(st.sampled_from(["a", 2, None]))),
    (list, plain(st.lists(texts, max_size=2))),
    (dict, plain(st.dictionaries(texts, st.booleans(), max_size=2))),
    (Amount, plain(st.builds(Amount, st.integers(0, 9)), lambda value: {"value": value.value})),
    (Tree, st.just(({"value": 1, "below": [{"value": 2}]}, Tree(1, [Tree(2)])))),
    (
        Person,
        st.just(
            (
                {"name": "n", "children": [{"name": "m"}]},
                Person(name="n", children=[Person(name="m")]),
            )
        ),
    ),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
THREAD = [ThreadMessage(role="user", content="Hello")]
Kind = tuple[Any, Both]


def list_of(kind: Kind) -> Kind:
    def split(pairs: Any) -> Any:
        return [said for said, _ in pairs], [value for _, value in pairs]

    return list[kind[0]], st.lists(kind[1], max_size=3).map(split)  # type: ignore[valid-type]


def dict_of(kind: Kind) -> Kind:
    def split(pairs: Any) -> Any:
        return tuple({key: pair[at] for key, pair in pairs.items()} for at in (0, 1))

    made = st.dictionaries(texts, kind[1], max_size=3).map(split)
    return dict[str, kind[0]], made  # type: ignore[valid-type]


def optional(kind: Kind) -> Kind:
    return typing.Optional[kind[0]], kind[1] | st.just((None, None))  # noqa: UP045


def described(kind: Kind) -> Kind:
    return Annotated[kind[0], "What it is."], kind[1]


def tuple_of(kinds: list[Kind]) -> Kind:
    def split(pairs: Any) -> Any:
        return [said for said, _ in pairs], tuple(value for _, value in pairs)

    made: Any = tuple
    both = st.tuples(*(both for _, both in kinds)).map(split)
    return made[tuple(kind for kind, _ in kinds)], both


def fields_of(make: Callable[[dict[str, Any]], Any], kinds: list[Kind]) -> Kind:
    names = [f"field{number}" for number in range(len(kinds))]
    made = make(dict(zip(names, (kind for kind, _ in kinds), strict=True)))

    def split(pairs: Any) -> Any:
        said = dict(zip(names, (said for said, _ in pairs), strict=True))
        return said, made(**dict(zip(names, (value for _, value in pairs), strict=True)))

    return made, st.tuples(*(both for _, both in kinds)).map(split)


def typed_dict(fields: dict[str, Any]) -> Any:
    make: Any = TypedDict
    return make("Fields", fields)


MAKERS: list[Callable[[dict[str, Any]], Any]] = [
    typed_dict,
    lambda fields: dataclasses.make_dataclass("Fields", fields.items()),
    lambda fields: attrs.make_class("Fields", {n: attrs.field(type=t) for n, t in fields.items()}),
    lambda fields: NamedTuple("Fields", fields.items()),
]


def wrapped(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        *(inner.map(make) for make in (list_of, dict_of, optional, described)),
        several.map(tuple_of),
        st.builds(fields_of, st.sampled_from(MAKERS), several),
    )


kinds = st.recursive(st.sampled_from(LEAVES), wrapped, max_leaves=4)


def taking(annotation: Any) -> tuple[Parameters, Tool]:
    def tool(x: Any) -> None:
        """Take it."""

    tool.__annotations__ = {"x": annotation}
    parameters = read_parameters(tool, {})
    return parameters, Tool("tool", "", parameters.schema)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(kind=kinds, data=st.data())
def test_a_value_that_the_schema_allows_is_read_as_what_it_stands_for(
    kind: Kind, data: st.DataObject
) -> None:
    annotation, both = kind
    parameters, _ = taking(annotation)
    said, value = data.draw(both)
    assert jsonschema_rs.is_valid(parameters.schema, {"x": said})
    assert parameters.read({"x": said}) == {"x": value}
    if not isinstance(said, str):  # what is no text anyway may come as one
        read = parameters.read({"x": json.dumps(said)})["x"]
        assert read in (value, json.dumps(said))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(several=st.lists(kinds, min_size=1, max_size=3), said=json_values)
def test_every_provider_takes_every_annotation_and_what_a_model_writes_never_breaks(
    several: list[Kind], said: Any
) -> None:
    annotation = functools.reduce(operator.or_, (typing.Optional[kind] for kind, _ in several))  # noqa: UP045
    parameters, tool = taking(annotation)
    for provider, accepts in ACCEPTED.items():
        accepts(
            tools_for([tool], provider),
            messages_for(THREAD, provider),
            system_for(THREAD, provider),
        )
    try:
        parameters.read({"x": said})
    except MisfitError as error:
        assert str(error).startswith("x")  # noqa: PT017

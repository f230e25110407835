"""Functions become tools: described by their signatures, called with what fits."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict

import pytest

from xpander_client.errors import ArgumentError
from xpander_client.legacy.local_tools import local_tools, schema_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(TypedDict):
    x: int
    y: int


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (list[str], {"type": "array", "items": {"type": "string"}}),
        (Sequence[int], {"type": "array", "items": {"type": "integer"}}),
        (list, {"type": "array"}),
        (dict[str, float], {"type": "object", "additionalProperties": {"type": "number"}}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (Colour, {"enum": ["red", "blue"]}),
        (
            Point,
            {
                "type": "object",
                "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
                "required": ["x", "y"],
            },
        ),
        (Annotated[str, "the city"], {"type": "string", "description": "the city"}),
        (Any, {}),
        (object, {}),
    ],
)
def test_a_type_becomes_a_schema(annotation: Any, schema: dict[str, Any]) -> None:
    assert schema_of(annotation) == schema


def test_a_function_is_described_by_its_signature() -> None:
    def find(name: str, *, limit: int = 10, **more: Any) -> list[str]:
        """Finds things by name.

        The oldest come first.
        """
        return []

    [made] = local_tools([find])
    assert made.tool.name == "find"
    assert made.tool.description == "Finds things by name.\n\nThe oldest come first."
    assert made.tool.parameters == {
        "type": "object",
        "properties": {"name": {"type": "string"}, "limit": {"type": "integer"}},
        "required": ["name"],
    }
    assert made.bind({"name": "x"}) is None
    assert "missing a required argument: 'name'" in str(made.bind({"limit": 3}))


def test_a_description_with_a_function_runs_here() -> None:
    def find(name: str) -> str:
        return name

    described = {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}
    given = {"type": "function", "function": described, "run": find}
    older = described | {"function": find}
    for each in (given, older):
        [made] = local_tools([each])
        assert (made.tool.name, made.tool.description) == ("look", "Looks.")
        assert made.function is find


@pytest.mark.parametrize(
    ("tools", "why"),
    [
        ([3], r"tools\[0\]: expected a function or an OpenAI-shaped dict, got int"),
        ([{"name": "x"}], r"tools\[0\]: expected \{"),
        ([lambda x: x], "has no name"),
        ([{"function": {"name": "x", "parameters": {"type": "string"}}}], "x"),
        (len, "expected a list"),
        ([{"function": {"name": "x"}, "run": 3}], r"tools\[0\].run: expected a function"),
    ],
)
def test_what_is_no_tool_is_refused(tools: Any, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        local_tools(tools)


def test_two_tools_of_one_name_are_refused() -> None:
    def find(name: str) -> str:
        return name

    with pytest.raises(ArgumentError, match="two tools named find"):
        local_tools([find, find])


def test_a_parameter_without_a_keyword_is_refused() -> None:
    def find(name: str, /) -> str:
        return name

    with pytest.raises(ArgumentError, match="parameter name has no keyword"):
        local_tools([find])

"""Functions become tools: described by their signatures, called with what fits."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from pydantic import Field

from xpander_client import XpanderClient
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import MalformedError
from xpander_client.legacy.providers.tool_call import ToolCall, empty_payload
from xpander_client.legacy.tools.local_tools import LocalTool, local_tools
from xpander_client.tools.functions.form import MisfitError


def call(name: str, arguments: Any) -> ToolCall:
    """A model's call, as scripts read it."""
    part = {"functionCall": {"name": name, "args": arguments}}
    [found] = XpanderClient.extract_tool_calls({"candidates": [{"content": {"parts": [part]}}]})
    return found


def called_with(tool: LocalTool, arguments: Any, **extension: Any) -> dict[str, Any]:
    return tool.arguments(call(tool.tool.name, arguments), extension)


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
        "properties": {"name": {"type": "string"}, "limit": {"type": "integer", "default": 10}},
        "required": ["name"],
    }
    assert called_with(made, {"name": "x"}) == {"name": "x"}
    with pytest.raises(MisfitError, match="missing a required argument: 'name'"):
        called_with(made, {"limit": 3})


def test_parameters_are_described_by_annotations_fields_and_the_docstring() -> None:
    def find(
        city: Annotated[str, "The town to look in."],
        at: Annotated[int, Field(description="The hour.", ge=0)],
        unit: str = Field("C", description="The unit."),  # as users write it
        style: str | None = None,
        other: int = 1,
    ) -> str:
        """Find the weather.

        Args:
            city: Not this.
            style (str, optional): How to say it,
                in a word.

        Returns:
            The weather.
        """
        return f"{city} {at} {unit} {style} {other}"

    [made] = local_tools([find])
    assert made.tool.description == "Find the weather.\n\nReturns:\n    The weather."
    assert made.tool.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "The town to look in."},
            "at": {"type": "integer", "minimum": 0, "description": "The hour."},
            "unit": {"type": "string", "description": "The unit.", "default": "C"},
            "style": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": "How to say it, in a word.",
            },
            "other": {"type": "integer", "default": 1},
        },
        "required": ["city", "at"],
    }
    assert find(**called_with(made, {"city": "Rome", "at": 3})) == "Rome 3 C None 1"
    with pytest.raises(MisfitError, match="at: Input should be greater than or equal to 0"):
        called_with(made, {"city": "Rome", "at": -1})


def test_an_annotation_that_means_nothing_here_costs_its_own_parameter_only() -> None:
    def find(city: str, when: Nowhere, limit: int = 3) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Find it."""

    [made] = local_tools([find])
    assert made.tool.parameters is not None
    assert made.tool.parameters["properties"] == {
        "city": {"type": "string"},
        "when": {},
        "limit": {"type": "integer", "default": 3},
    }
    assert called_with(made, {"city": "Rome", "when": [1], "limit": "4"})["limit"] == 4


def test_the_text_of_a_call_that_does_not_fit_names_all_that_is_wrong() -> None:
    def order(count: int, size: float) -> None:
        """Order it."""

    [made] = local_tools([order])
    with pytest.raises(MisfitError) as raised:
        called_with(made, {"count": "many", "size": [1]})
    assert str(raised.value) == (
        'count: expected an integer, got "many"; size: expected a number, got [1]'
    )


GROUPS = ["headers", "query_params", "path_params", "body_params", "queryParams", "bodyParams"]


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("value", [{"id": 1}, {}, "a text", None])
def test_a_parameter_that_is_called_like_a_group_is_itself(name: str, value: Any) -> None:
    space: dict[str, Any] = {}
    exec(f"def tool(sql, {name}=0): pass\ndef any_tool(**options): pass", space)
    for made in local_tools([space["tool"], space["any_tool"]]):
        assert called_with(made, {"sql": "s", name: value}) == {"sql": "s", name: value}
        assert called_with(made, {"sql": "s"}) == {"sql": "s"}


def test_arguments_that_a_model_put_into_the_platforms_groups_are_taken_out_of_them() -> None:
    def find(city: str, unit: str = "C", headers: dict[str, str] | None = None) -> None:
        """Find it."""

    [made] = local_tools([find])
    assert called_with(made, {"bodyParams": {"city": "Rome"}}) == {"city": "Rome"}
    assert called_with(made, {"path_params": {"city": "Rome"}, "unit": "F"}) == {
        "city": "Rome",
        "unit": "F",
    }
    both = {"body_params": '{"city": "Rome"}', "headers": {"a": "b"}}
    assert called_with(made, both) == {"city": "Rome", "headers": {"a": "b"}}
    with pytest.raises(MalformedError, match="bodyParams is not a JSON object"):
        called_with(made, {"city": "Rome", "bodyParams": 3})


def test_what_a_script_made_of_a_calls_payload_counts() -> None:
    def find(city: str, headers: dict[str, str] | None = None) -> None:
        """Find it."""

    [made] = local_tools([find])
    changed = call("find", {"city": "Rome", "headers": {"a": "b"}})
    changed.payload["bodyParams"]["city"] = "Paris"
    assert made.arguments(changed) == {"city": "Paris", "headers": {"a": "b"}}
    of_the_script = ToolCall("find", payload=empty_payload() | {"bodyParams": {"city": "Rome"}})
    assert made.arguments(of_the_script) == {"city": "Rome"}
    assert made.arguments(ToolCall("find", payload={"city": "Rome"})) == {"city": "Rome"}
    extension = {"bodyParams": {"city": "Oslo"}, "headers": {"secret": "key"}}
    assert called_with(made, {"city": "Rome"}, **extension) == {"city": "Oslo"}


def test_a_parameters_name_is_told_in_the_letters_that_every_provider_takes() -> None:
    def measure(größe: int, unit: str = "cm") -> None:  # noqa: PLC2401  # the point of it
        """Measure it."""

    [made] = local_tools([measure])
    assert made.tool.parameters is not None
    shown, unit = made.tool.parameters["properties"]
    assert re.fullmatch(r"gr__e_\w{8}", shown)
    assert (made.tool.parameters["required"], unit) == ([shown], "unit")
    assert called_with(made, {shown: "3"}) == called_with(made, {"größe": 3}) == {"größe": 3}


def test_a_function_written_in_c_takes_what_the_model_wrote() -> None:
    [made] = local_tools([{"function": {"name": "most"}, "run": max}])
    assert made.parameters is None
    assert called_with(made, {"a": "1"}) == {"a": "1"}


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
        ([max], "max can't be described to a model"),
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

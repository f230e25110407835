"""What a model is told of tools, and what its calls become."""

from __future__ import annotations

import copy
from typing import Any

from xpander_client.api.models import AgentGraphItem, AgentTool
from xpander_client.api.resources import Agent
from xpander_client.legacy.providers import LLMProvider, Tool, wire_name
from xpander_client.legacy.providers.tool_call import FINISH_TOOL, empty_payload, extend
from xpander_client.legacy.tools.catalog import list_offered, on_the_wire, original_name


def agent(*tools: AgentTool, graph: list[AgentGraphItem] | None = None) -> Agent:
    return Agent(id="a", name="A", organization_id="acme", tools=list(tools), graph=graph)


GROUPED = {
    "type": "object",
    "properties": {
        "path_params": {"type": "object", "properties": {"city": {"type": "string"}}},
        "query_params": {"type": "object", "properties": {"days": {"type": "array"}}},
        "headers": {"type": "object"},
    },
}


def test_groups_get_the_names_that_models_know_and_are_all_there() -> None:
    parameters = copy.deepcopy(GROUPED)
    [tool, finish] = list_offered(
        agent(AgentTool(id="t", name="t", parameters=parameters)), [], end_tool=True
    )
    assert tool.parameters is not None
    assert set(tool.parameters["properties"]) == {"bodyParams", "queryParams", "pathParams"}
    assert tool.parameters["required"] == ["bodyParams", "queryParams", "pathParams"]
    assert finish.name == FINISH_TOOL
    assert parameters == GROUPED


def test_the_agents_own_end_tool_is_the_one_that_is_offered() -> None:
    own = AgentTool(id=FINISH_TOOL, name="end", description="Mine.", parameters={"type": "object"})
    tools = list_offered(agent(own), [], end_tool=True)
    assert [(tool.name, tool.description) for tool in tools] == [(FINISH_TOOL, "Mine.")]
    assert list_offered(agent(own), [], end_tool=False) == []


def test_the_graph_describes_tools_anew() -> None:
    node = AgentGraphItem(item_id="t", settings={"description": "New.", "instructions": "Softly."})
    tool = AgentTool(id="t", name="t", description="Old.")
    [described] = list_offered(agent(tool, graph=[node]), [], end_tool=False)
    assert described.description == "New.\nHow to use it: Softly."


def test_flat_arguments_go_to_the_groups_they_belong_to() -> None:
    [tool] = list_offered(
        agent(AgentTool(id="t", name="t", parameters=GROUPED)), [], end_tool=False
    )
    payload = {"bodyParams": {"city": "Rome", "days": ["mon"], "note": "x"}}
    before = copy.deepcopy(payload)
    assert on_the_wire(payload, tool) == {
        "body_params": {"note": "x"},
        "path_params": {"city": "Rome"},
        "query_params": {"days[]": ["mon"]},
        "headers": {},
    }
    assert payload == before
    assert on_the_wire(payload, tool) == on_the_wire(payload, tool), "twice the same"


def test_an_extension_is_merged_deeply_and_neither_side_changes() -> None:
    payload: dict[str, Any] = {"bodyParams": {"a": {"b": 1}, "list": [1]}}
    extension: dict[str, Any] = {"bodyParams": {"a": {"c": 2}, "list": [2], "d": 3}, "headers": {}}
    made = extend(payload, extension)
    assert made == {"bodyParams": {"a": {"b": 1, "c": 2}, "list": [1, 2], "d": 3}, "headers": {}}
    made["bodyParams"]["a"]["b"] = made["bodyParams"]["list"][0] = 9
    assert payload == {"bodyParams": {"a": {"b": 1}, "list": [1]}}
    assert extension["bodyParams"]["a"] == {"c": 2}


def test_names_that_a_provider_refuses_find_their_way_back() -> None:
    tools = [Tool(name, "", None) for name in ("1 find/it", "ünïcode.tool", "a" * 200, "plain")]
    for provider in LLMProvider:
        for tool in tools:
            assert original_name(wire_name(tool.name, provider), tools) == tool.name
    assert original_name("unknown", tools) == "unknown"


def test_a_parameter_called_headers_of_a_tool_without_groups_is_sent_as_one() -> None:
    flat = Tool("fetch", "", {"properties": {"url": {}, "headers": {}}})
    payload = empty_payload() | {"bodyParams": {"url": "u"}, "headers": {"a": "b"}}
    made = on_the_wire(payload, flat)
    assert made["body_params"] == {"url": "u", "headers": {"a": "b"}}
    assert made["headers"] == {}
    assert on_the_wire(empty_payload(), flat)["body_params"] == {}
    group = Tool("fetch", "", {"properties": {"headers": {}}})
    for tool in (None, group):
        assert on_the_wire(payload, tool)["headers"] == {"a": "b"}

"""`agent.tools`: a list of the platform's tools, and a repository with those of this process."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from pydantic import BaseModel

from tests.worlds import World
from xpander_client import Agent, Agents, Configuration, NotFoundError
from xpander_client.api import AgentTool
from xpander_client.platform import LocalPlatform
from xpander_client.tools import (
    ToolHooksRegistry,
    ToolInvocationResult,
    ToolsRepository,
    build_model_from_schema,
    on_tool_before,
    register_tool,
)
from xpander_client.tools.payload_model import read_payload

SCHEMA = {
    "type": "object",
    "properties": {"url": {"type": "string", "description": "Where"}, "limit": {"type": "integer"}},
    "required": ["url"],
}


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ToolsRepository, "_local_tools", [])
    for hooks in ("_before_hooks", "_after_hooks", "_error_hooks"):
        monkeypatch.setattr(ToolHooksRegistry, hooks, [])


@pytest.fixture
def configuration() -> Iterator[Configuration]:
    tool = {"id": "read_csv", "name": "Reads a file", "parameters": SCHEMA}
    functions = {"read_csv": read_csv}
    with LocalPlatform(agents=[{"id": "sales", "tools": [tool]}], tools=functions) as platform:
        yield attrs.evolve(platform.configuration, agent_id="sales")


def read_csv(**payload: Any) -> dict[str, Any]:
    return {"rows": 4, **payload}


def load(configuration: Configuration) -> Agent:
    return Agents(configuration).get("sales")


class Order(BaseModel):
    item: str
    count: int = 1


def register_two() -> None:
    @register_tool
    def add(a: int, b: int = 1) -> int:
        """Add two numbers."""
        return a + b

    @register_tool(add_to_graph=True, name="greeting", description="Greets")
    async def greet(name: str) -> str:
        return f"Hello {name}"


def test_the_tools_of_an_agent_are_the_list_that_they_were(configuration: Configuration) -> None:
    agent = load(configuration)
    register_two()
    [tool] = agent.tools
    assert isinstance(tool, AgentTool)
    assert (tool.id, tool.name, len(agent.tools), bool(agent.tools)) == (
        *("read_csv", "Reads a file"),
        *(1, True),
    )
    assert agent.tools == [AgentTool.from_dict(tool.to_dict())]
    assert agent.tools is agent.tools
    assert agent.to_dict()["tools"] == [tool.to_dict()]
    assert "is_local" not in tool.to_dict()
    agent.tools.append(AgentTool(id="more", name="more"))
    assert [each.id for each in agent.tools] == ["read_csv", "more"]
    agent.tools = [AgentTool(id="other", name="other")]
    assert [each.id for each in agent.tools.list] == ["other", "add", "greeting"]
    assert Agent(id="a", name="a", organization_id="o").tools == []
    assert Agent(id="a", name="a", organization_id="o", tools=None).tools == []


def test_copies_of_an_agent_have_tools_of_their_own(configuration: Configuration) -> None:
    agent = load(configuration)
    assert agent.tools.agent is agent
    for other in (copy.copy(agent), copy.deepcopy(agent), pickle.loads(pickle.dumps(agent))):
        assert other == agent
        assert other.tools.agent is other
        other.tools.clear()
        assert len(agent.tools) == 1
    agent.reload()
    assert agent.tools.agent is agent


def test_registered_tools_stand_behind_those_of_the_platform(configuration: Configuration) -> None:
    register_two()
    tools = load(configuration).tools
    assert [tool.id for tool in tools.list] == ["read_csv", "add", "greeting"]
    assert [tool.is_local for tool in tools.list] == [False, True, True]
    add, greeting = tools.list[1:]
    assert (add.name, add.description, add.method, add.path) == (
        *("add", "Add two numbers."),
        *("POST", "/tools/add"),
    )
    assert add.parameters is not None
    assert add.parameters["required"] == ["a"]
    assert greeting.description == "Greets"
    assert tools.get_tool_by_id("greeting") is greeting
    assert tools.get_tool_by_name("Reads a file") is tools[0]
    assert tools.get_tool_by_id("none") is None
    assert tools.should_sync_local_tools() is True
    assert tools.get_local_tools_for_sync() == [greeting]


def test_a_tool_that_is_registered_again_replaces_the_first() -> None:
    register_two()
    register_two()
    assert [tool.id for tool in ToolsRepository().list] == ["add", "greeting"]


def test_a_decorated_function_stays_what_it_is() -> None:
    @register_tool()
    def double(value: int) -> int:
        return 2 * value

    assert double(2) == 4


def test_classes_of_pydantic_are_made_of_what_a_tool_is_given(world: World) -> None:
    @register_tool
    def total(order: Order, price: float) -> float:
        return order.count * price

    [tool] = ToolsRepository().list
    assert tool.parameters is not None
    assert tool.parameters["properties"]["order"]["properties"]["item"] == {"type": "string"}
    result = world.run(tool, "invoke", "sales", {"order": {"item": "a", "count": 2}, "price": 3})
    assert result.result == 6
    result = world.run(tool, "invoke", "sales", {"order": {"count": 2}, "price": 3})
    assert result.result == "Invalid payload for tool 'total': order.item: Field required"


def test_an_agent_runs_tools_as_objects_and_by_id(
    configuration: Configuration, world: World
) -> None:
    heard: list[Any] = []
    on_tool_before(lambda tool, payload, extension, *more: heard.append((tool.id, extension, more)))
    register_two()
    agent = load(configuration)
    tool = agent.tools.get_tool_by_id("read_csv")
    result = world.run(agent, "invoke_tool", tool=tool, payload={"url": "a"}, task_id="t")
    assert (result.result, result.task_id) == ({"rows": 4, "url": "a"}, "t")
    result = world.run(agent, "invoke_tool", tool, {"url": "a"}, {"more": 1}, "t", "call-1")
    assert result.result == {"rows": 4, "url": "a", "more": 1}
    assert result.tool_call_id == "call-1"
    described = AgentTool(id="none", name="none")
    result = world.run(agent, "invoke_tool", tool=described, payload={})
    assert (result.is_error, result.status_code) == (True, 404)
    assert world.run(agent, "invoke_tool", "read_csv", {"url": "b"}) == {"rows": 4, "url": "b"}
    assert world.run(agent, "invoke_tool", "greeting", {"name": "Ada"}) == "Hello Ada"
    with pytest.raises(NotFoundError):
        world.run(agent, "invoke_tool", "none", {})
    assert heard == [
        ("read_csv", {}, (None, agent.version)),
        ("read_csv", {"more": 1}, ("call-1", agent.version)),
        ("none", {}, (None, agent.version)),
        ("read_csv", {}, (None, None)),
        ("greeting", {}, (None, None)),
        ("none", {}, (None, None)),
    ]


async def test_functions_take_a_payload_and_tell_frameworks_what_is_in_it(
    configuration: Configuration,
) -> None:
    register_two()
    agent = load(configuration)
    read, add, greet = agent.tools.functions
    assert [function.__name__ for function in (read, add, greet)] == [
        *("read_csv", "add", "greeting")
    ]
    assert (add.__doc__ or "").startswith("Add two numbers.\n")
    model = read.__annotations__["payload"]
    schema = model.model_json_schema()
    assert (schema["required"], schema["properties"]["url"]["description"]) == (["url"], "Where")
    assert (await read(payload=model(url="a.csv"))).result == {"rows": 4, "url": "a.csv"}
    assert (await add({"a": 2})).result == 3
    agent.tools.is_async = False
    assert agent.tools.functions[1]({"a": 3}).text == "4"


def test_a_schema_becomes_a_class_with_all_that_it_says() -> None:
    schema = {
        "properties": {
            "body-params": {
                "type": "object",
                "properties": {"tags": {"type": "array", "items": {"type": "string"}}},
                "required": ["tags"],
            },
            "kind": {"enum": ["a", "b"]},
            "count": {"type": ["integer", "null"], "default": 3},
            "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "_any": {},
        },
        "required": ["body-params"],
    }
    model = build_model_from_schema("Payload", schema)
    made = model.model_validate({"body-params": {"tags": ["x"]}, "kind": "b", "_any": 5})
    assert made.model_dump(by_alias=True, exclude_none=True) == {
        "body-params": {"tags": ["x"]},
        "kind": "b",
        "count": 3,
        "_any": 5,
    }
    with pytest.raises(ValueError, match="kind"):
        model.model_validate({"body-params": {"tags": []}, "kind": "c"})


@pytest.mark.parametrize("name", ["model_dump", "model_validate", "model_config", "model_name"])
def test_a_tool_may_take_fields_called_as_methods_of_pydantic(name: str) -> None:
    made = build_model_from_schema("Train", {"properties": {name: {"type": "string"}}})
    assert read_payload(made(**{name: "small"})) == {name: "small"}


def test_one_of_several_objects_is_taken_as_it_comes() -> None:
    schema = {"properties": {"range": {"enum": [[1, 2], {"from": 3}]}, "unit": {"enum": ["m", 1]}}}
    made = build_model_from_schema("Measure", schema)
    given = {"range": {"from": 3}, "unit": "m"}
    assert read_payload(made(**given)) == given


def test_a_result_is_written_by_pydantic_wherever_a_framework_puts_it() -> None:
    class Answer(BaseModel):
        response: dict[str, Any]

    result = ToolInvocationResult(tool_id="add", result={"sum": 3}, is_success=True)
    written = Answer(response={"result": result}).model_dump(mode="json")
    assert written["response"]["result"]["result"] == {"sum": 3}
    assert '"is_success":true' in Answer(response={"result": result}).model_dump_json()

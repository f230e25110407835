"""Interfaces and operations: an agent's own tools, and what to do where it has none."""

from __future__ import annotations

import pytest

from tests.legacy.conftest import Desk
from tests.legacy.model import FINISH, chat
from tests.worlds import World
from xpander_client.errors import ArgumentError
from xpander_client.legacy import Agent, AgenticOperation, XpanderClient
from xpander_client.platform import LocalPlatform


def test_the_tools_of_an_agent_are_listed_by_interface(agent: Agent) -> None:
    (interface,) = agent.retrieve_agentic_interfaces()
    assert (interface.id, interface.name) == ("tools", "Tools of Ada")
    operations = agent.retrieve_agentic_operations(agentic_interface=interface, ignore_cache=True)
    assert [each.id_to_use_on_graph for each in operations] == [
        "get_weather",
        "read_news",
        "break_down",
    ]
    weather = operations[0]
    assert (weather.name, weather.summary) == ("get_weather", "Tells the weather.")
    assert (weather.path, weather.method, weather.is_function) == ("/get_weather", "POST", True)
    agent.attach_operations(operations=operations)


def test_tools_of_a_connector_are_an_interface() -> None:
    tool = {
        "id": "LinkedInSearchPeople",
        "name": "Search people",
        "description": "Searches people.\nAsk for names.",
        "method": "GET",
        "path": "/search-people",
        "connector_id": "linkedin",
        "operation_id": "op-1",
    }
    with LocalPlatform(agents=[{"id": "a", "tools": [tool, "read_news"]}]) as platform:
        agent = XpanderClient(configuration=platform.configuration).agents.get("a")
        found = agent.retrieve_agentic_interfaces()
        assert [interface.name for interface in found] == ["linkedin", "Tools of a"]
        (operation,) = agent.retrieve_agentic_operations(found[0])
        assert operation == AgenticOperation(
            id="op-1",
            name="Search people",
            summary="Searches people.",
            description="Searches people.\nAsk for names.",
            id_to_use_on_graph="LinkedInSearchPeople",
            interface_id="linkedin",
            is_function=False,
            method="GET",
            path="/search-people",
        )


def test_a_tool_that_an_agent_lacks_is_not_attached(agent: Agent) -> None:
    (interface,) = agent.retrieve_agentic_interfaces()
    operation = agent.retrieve_agentic_operations(interface)[1]
    agent.definition.tools = []
    with pytest.raises(ArgumentError, match="agent agent-a has no tool read_news: describe it"):
        agent.attach_operations([operation])


def test_where_an_agent_has_no_tools_it_is_told_where_they_come_from() -> None:
    with LocalPlatform() as platform:
        agent = XpanderClient(configuration=platform.configuration).agents.create(name="New")
        with pytest.raises(ArgumentError, match=r"has no tools.*agents apply.*add_local_tools"):
            agent.retrieve_agentic_interfaces()


def test_tools_of_the_platform_are_listed_without_those_of_the_script(agent: Agent) -> None:
    def len_of(text: str) -> int:
        return len(text)

    agent.add_local_tools([len_of])
    names = [tool["function"]["name"] for tool in agent.retrieve_all_graph_tools()]
    assert names == [tool["function"]["name"] for tool in agent.get_tools()][1:]
    assert agent.get_tools(return_all_tools=True) == agent.get_tools()
    bedrock = agent.retrieve_all_graph_tools("amazonBedrock")
    assert bedrock[0]["toolSpec"]["name"] == "get_weather"


def test_tools_run_for_nobody_where_there_is_no_task(
    world: World, desk: Desk, agent: Agent
) -> None:
    def len_of(text: str) -> int:
        return len(text)

    agent.add_local_tools([len_of])
    answer = chat(
        None,
        ("get_weather", {"bodyParams": {"city": "Oslo"}}),
        ("len_of", {"text": "four"}),
        ("break_down", {}),
        (FINISH, {"bodyParams": {"is_success": True, "result": "done"}}),
        ("read_news", "{"),
    )
    calls = XpanderClient.extract_tool_calls(answer)
    results = world.run(agent, "run_tools", calls)
    assert [(each.status_code, each.is_success) for each in results] == [
        (200, True),
        (200, True),
        (424, False),
        (404, False),
        (400, False),
    ]
    assert [each.result for each in results[:2]] == [{"city": "Oslo", "degrees": 20}, 4]
    assert "out of order" in results[2].result
    # They run at the same time.
    assert sorted(name for name, _ in desk.called) == ["break_down", "get_weather"]
    assert world.run(agent, "run_tool", calls[0]).result == {"city": "Oslo", "degrees": 20}
    assert agent.execution is None

"""The graph of an agent: nodes are found and added, and a model is told of their order."""

from __future__ import annotations

import pytest

from tests.legacy.conftest import Desk
from tests.legacy.model import messages
from tests.worlds import World
from xpander_client.api import AgentGraphItem
from xpander_client.legacy import (
    Agent,
    AgentGraphItemSubType,
    AgentGraphItemType,
    GraphItem,
    XpanderClient,
)
from xpander_client.platform import LocalPlatform


def add(agent: Agent, item_id: str) -> GraphItem:
    return agent.graph.add_node(
        GraphItem(agent=agent, item_id=item_id, name=f"the {item_id}", is_local_tool=True)
    )


def test_nodes_are_added_connected_and_found(agent: Agent) -> None:
    assert agent.graph.is_empty
    assert (agent.graph.root_node, agent.graph.last_node) == (None, None)
    square, plus = add(agent, "square"), add(agent, "plus")
    square.connect([square, plus])
    square.connect([plus])
    graph = agent.graph
    assert [node.item_id for node in graph] == [node.item_id for node in graph.nodes]
    assert graph[0].targets == [square.id, plus.id]
    assert square.id != plus.id
    found = graph.find_node_by_item_id("plus"), graph.find_node_by_name("the plus")
    assert [node is not None and node.id for node in found] == [plus.id, plus.id]
    assert (node := graph.find_node_by_node_id(square.id)) is not None
    assert (node.item_id, node.type, node.sub_type) == (
        "square",
        AgentGraphItemType.TOOL,
        AgentGraphItemSubType.LOCAL_TOOL,
    )
    assert graph.root_node is not None
    assert graph.last_node is not None
    assert graph.last_node_in_sequence is not None
    assert (graph.root_node.item_id, graph.last_node.item_id) == ("square", "plus")
    assert graph.last_node_in_sequence.item_id == "plus"
    assert (again := agent.retrieve_node_from_graph("square")) is not None
    assert (again.id, agent.retrieve_node_from_graph("minus")) == (square.id, None)
    graph.reset()
    assert graph.is_empty
    assert agent.graph.is_empty


def test_a_node_that_is_made_of_another_one_or_given_twice_is_one_of_its_own(agent: Agent) -> None:
    square = add(agent, "square")
    again = agent.graph.add_node(square)
    assert again.id != square.id
    assert len(agent.graph) == 2


def test_a_node_of_the_platform_keeps_what_else_is_known_of_it(agent: Agent) -> None:
    node = {"id": "n1", "item_id": "read_news", "sub_type": "operation", "colour": "red"}
    agent.definition.graph = [AgentGraphItem.from_dict(node)]
    read = agent.graph[0]
    assert (read.sub_type, read.is_local_tool) == ("operation", False)
    read.connect([read])
    assert agent.definition.graph[0].to_dict().items() >= {**node, "targets": ["n1"]}.items()


def test_an_agent_becomes_a_node(desk: Desk, agent: Agent) -> None:
    other = desk.client().agents.get("agent-b")
    node = agent.graph.add_node(other)
    assert (node.item_id, node.name, node.type) == ("agent-b", "Bob", AgentGraphItemType.AGENT)
    assert node.sub_type is None
    assert agent.graph.mcp_nodes == []


def test_a_model_is_told_of_the_order_and_of_nothing_without_one(
    world: World, agent: Agent
) -> None:
    square, plus = add(agent, "square"), add(agent, "plus")
    square.connect([square])
    assert agent.graph.textual == ""
    world.run(agent, "add_task", "hello")
    assert "order" not in messages(world, agent)[0]["content"]
    square.connect([plus])
    assert agent.graph.textual == "The order of your tools:\n- after square: plus"
    world.run(agent, "add_task", "hello")
    assert agent.graph.textual in messages(world, agent)[0]["content"]


def test_a_node_sets_its_tool_up(agent: Agent) -> None:
    node = GraphItem(agent, item_id="read_news", settings={"description": "Reads the paper."})
    agent.graph.add_node(node)
    described = {tool["function"]["name"]: tool["function"] for tool in agent.get_tools()}
    assert described["read_news"]["description"] == "Reads the paper."


def test_sync_loads_the_agent_and_keeps_what_the_script_added(world: World) -> None:
    node = {"item_id": "read_csv", "id": "n1", "name": "Read", "targets": ["n2"]}
    agents = [{"id": "a", "name": "A", "tools": ["read_csv"], "graph": [node]}]
    with LocalPlatform(agents=agents) as platform:
        agent = XpanderClient(configuration=platform.configuration).agents.get("a")
        add(agent, "plus")
        agent.add_local_tools([len_of])
        agent.select_llm_provider("anthropic")
        agent.definition.name = "changed"
        name = "sync" if world.name == "sync" else "async_"
        result = getattr(agent, name)()
        synced = result if world.name == "sync" else world.runner.run(result)
        assert synced is agent
        assert (agent.name, agent.llm_provider) == ("A", "anthropic")
        assert [node.item_id for node in agent.graph] == ["read_csv", "plus"]
        assert agent.has_local_tools


def len_of(text: str) -> int:
    """Count the letters."""
    return len(text)


@pytest.mark.parametrize("strategy", ["MovingWindow", "full", "somebody's own"])
def test_the_strategy_of_an_agent_can_be_set(agent: Agent, strategy: str) -> None:
    agent.memory_strategy = strategy
    assert agent.memory_strategy == strategy

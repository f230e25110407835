"""The graph of an agent: its tools as nodes, and which of them come after which."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Protocol

import attrs

from xpander_client.api.models import AgentGraphItem
from xpander_client.api.resources import Agent as Definition


class AgentGraphItemType(StrEnum):
    """What a node stands for."""

    SOURCE_NODE = "source_node"
    AGENT = "agent"
    TOOL = "tool"
    HUMAN_IN_THE_LOOP = "human_in_the_loop"
    STORAGE = "storage"
    CODING_AGENT = "coding_agent"
    MCP = "mcp"


class AgentGraphItemSubType(StrEnum):
    """More exactly, what a node stands for."""

    SDK = "sdk"
    TASK = "task"
    ASSISTANT = "assistant"
    WEBHOOK = "webhook"
    OPERATION = "operation"
    CUSTOM_FUNCTION = "custom_function"
    LOCAL_TOOL = "local_tool"


class _Described(Protocol):
    """An agent with what the platform says of it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def definition(self) -> Definition: ...


@attrs.define(eq=False)
class GraphItem:
    """A node of an agent's graph. A change counts once it is saved, which `connect` does.

    Example:
        >>> agent = XpanderClient(configuration=configuration).agents.get("agent-sales")
        >>> square = agent.graph.add_node(GraphItem(agent, item_id="square", is_local_tool=True))
        >>> add = agent.graph.add_node(GraphItem(agent, item_id="add", is_local_tool=True))
        >>> square.connect([square, add]).targets == [square.id, add.id]
        True
    """

    agent: _Described = attrs.field(repr=False)
    """The agent."""
    id: str = ""
    """The node's id; it gets one when it is added."""
    item_id: str = ""
    """The id of the tool or agent that it stands for."""
    name: str = ""
    """The node's name."""
    type: AgentGraphItemType | str = AgentGraphItemType.TOOL
    """What it stands for."""
    is_local_tool: bool = False
    """Whether it stands for a tool of the script."""
    targets: list[str] = attrs.field(factory=list)
    """The ids of the nodes that come next."""
    settings: dict[str, Any] | None = None
    """How the tool is set up: a `description` or `instructions` for the model, for example."""
    is_first: bool = False
    """Whether the graph starts here."""
    sub_type: AgentGraphItemSubType | str | None = None
    """More exactly, what it stands for: `local_tool` for a tool of the script."""

    def __attrs_post_init__(self) -> None:
        if self.is_local_tool and self.sub_type is None:
            self.sub_type = AgentGraphItemSubType.LOCAL_TOOL

    def connect(self, targets: Iterable[GraphItem]) -> GraphItem:
        """Say which nodes come next, beside those that do already; return this node."""
        self.targets = list(dict.fromkeys([*self.targets, *(node.id for node in targets)]))
        return self.save()

    def save(self) -> GraphItem:
        """Put the node into the agent's graph as it is now; return it.

        Nothing is sent: it counts for the tasks that this script begins after it.
        """
        definition = self.agent.definition
        self.id = self.id or str(uuid.uuid4())
        nodes = list(definition.graph or ())
        place = next((at for at, node in enumerate(nodes) if node.id == self.id), len(nodes))
        known = nodes[place] if place < len(nodes) else AgentGraphItem(item_id=self.item_id)
        nodes[place : place + 1] = [
            attrs.evolve(
                known,
                id=self.id,
                item_id=self.item_id,
                name=self.name,
                type=str(self.type),
                sub_type=self.sub_type and str(self.sub_type),
                targets=list(self.targets),
                settings=self.settings,
                is_first=self.is_first,
            )
        ]
        definition.graph = nodes
        return self


class Graph(list[GraphItem]):
    """The nodes that a task goes through: a list with ways to find and to add some."""

    def __init__(self, agent: _Described) -> None:
        super().__init__(_read_node(agent, node) for node in agent.definition.graph or ())
        self._agent = agent

    @property
    def nodes(self) -> list[GraphItem]:
        """The nodes."""
        return list(self)

    @property
    def is_empty(self) -> bool:
        """Whether there are none."""
        return not self

    @property
    def mcp_nodes(self) -> list[GraphItem]:
        """The nodes that stand for MCP servers."""
        return [node for node in self if node.type == AgentGraphItemType.MCP]

    @property
    def textual(self) -> str:
        """What a model is told of the order of the nodes; empty where there is none."""
        return describe_order(self._agent.definition.graph or ())

    @property
    def root_node(self) -> GraphItem | None:
        """The first node that comes after no other one."""
        return next((node for node in self if not self._find_before(node)), None)

    @property
    def last_node(self) -> GraphItem | None:
        """The node that was added last."""
        return self[-1] if self else None

    @property
    def last_node_in_sequence(self) -> GraphItem | None:
        """The node that comes after others, and that none comes after."""
        return next((node for node in self if not node.targets and self._find_before(node)), None)

    def add_node(self, node: GraphItem | _Described) -> GraphItem:
        """Add a node, or one for another agent; return it.

        Nothing is sent: it counts for the tasks that this script begins after it.
        """
        if not isinstance(node, GraphItem):
            node = GraphItem(
                self._agent, item_id=node.id, name=node.name, type=AgentGraphItemType.AGENT
            )
        added = attrs.evolve(node, agent=self._agent, id="").save()
        self.append(added)
        return added

    def find_node_by_item_id(self, item_id: str) -> GraphItem | None:
        """Return the node that stands for a tool or an agent, or None."""
        return next((node for node in self if node.item_id == item_id), None)

    def find_node_by_name(self, name: str) -> GraphItem | None:
        """Return the node of a name, or None."""
        return next((node for node in self if node.name == name), None)

    def find_node_by_node_id(self, node_id: str) -> GraphItem | None:
        """Return the node of an id, or None."""
        return next((node for node in self if node.id == node_id), None)

    def reset(self) -> None:
        """Take all nodes out, for the tasks that this script begins after it."""
        self.clear()
        self._agent.definition.graph = []

    def _find_before(self, node: GraphItem) -> list[GraphItem]:
        return [other for other in self if other is not node and node.id in other.targets]


def describe_order(nodes: Sequence[AgentGraphItem]) -> str:
    """Return what a model is told of the order of an agent's tools; nothing where there is none.

    Example:
        >>> read = AgentGraphItem(id="1", item_id="read_csv", targets=["1", "2"])
        >>> print(describe_order([read, AgentGraphItem(id="2", item_id="sum_up")]))
        The order of your tools:
        - after read_csv: sum_up
    """
    names = {node.id: node.item_id for node in nodes}
    lines = [
        f"- after {node.item_id}: {', '.join(following)}"
        for node in nodes
        if (
            following := [
                names[target]
                for target in node.targets or ()
                if target in names and target != node.id
            ]
        )
    ]
    return "\n".join(["The order of your tools:", *lines]) if lines else ""


def _read_node(agent: _Described, node: AgentGraphItem) -> GraphItem:
    return GraphItem(
        agent,
        id=node.id or "",
        item_id=node.item_id,
        name=node.name or "",
        type=node.type or AgentGraphItemType.TOOL,
        is_local_tool=node.sub_type == AgentGraphItemSubType.LOCAL_TOOL,
        targets=list(node.targets or ()),
        settings=node.settings,
        is_first=bool(node.is_first),
        sub_type=node.sub_type,
    )

"""The tools of an agent, and of this process."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Protocol, Self, SupportsIndex

from xpander_client.api.models import AgentTool
from xpander_client.configuration import Configuration
from xpander_client.lacking import refuse_attributes
from xpander_client.tools.current_task import current_task
from xpander_client.tools.payload_model import describe_payload, read_payload
from xpander_client.tools.result import ToolInvocationResult
from xpander_client.tools.tool import Tool, make_tool
from xpander_client.transport import Transport


class ToolsOwner(Protocol):
    """An agent that has tools: `xpander_client.Agent`."""

    @property
    def id(self) -> str:
        """The agent's id."""
        ...

    @property
    def version(self) -> int | None:
        """The agent's version."""
        ...

    @property
    def _transport(self) -> Transport: ...


class ToolsRepository(builtins.list[AgentTool]):
    """The tools that the platform has for an agent, as a list, and with those of this process.

    `agent.tools` is one. As a list it has the tools as the platform describes them; `list` has
    these and those that were registered with `@register_tool`, each with methods to run it.

    Example:
        >>> tools = ToolsRepository(configuration, [Tool(id="read_csv", name="Reads a file")])
        >>> [tool.id for tool in tools.tools]
        ['read_csv']
        >>> tools.get_tool_by_name("Reads a file").is_local
        False
    """

    _local_tools: ClassVar[builtins.list[Tool]] = []

    def __init__(
        self,
        configuration: Configuration | None = None,
        tools: Iterable[AgentTool] = (),
        agent_graph: Any = None,
        is_async: bool | None = True,
    ) -> None:
        """Have these tools of the platform.

        Args:
            configuration: Who calls them, and which platform; the environment's when None.
            tools: The platform's tools.
            agent_graph: Taken for programs that pass it.
            is_async: Whether `functions` are async ones.
        """
        super().__init__(tools)
        self.agent_graph = agent_graph
        self.is_async = is_async
        self._given = configuration
        self._agent: ToolsOwner | None = None

    @classmethod
    def of_agent(cls, agent: ToolsOwner, tools: Iterable[AgentTool]) -> Self:
        """Make the repository of an agent, whose connections its tools use."""
        made = cls(None, tools)
        made._agent = agent
        return made

    # Copies are made of the tools alone: an agent takes its own over.
    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return type(self), (self._given, [*self], self.agent_graph, self.is_async)

    @property
    def agent(self) -> ToolsOwner | None:
        """The agent that these are the tools of."""
        return self._agent

    @property
    def configuration(self) -> Configuration:
        """Who calls the tools, and which platform."""
        if self._agent is not None:
            return self._agent._transport.configuration
        return self._given if self._given is not None else Configuration()

    @classmethod
    def register_tool(cls, tool: Tool) -> None:
        """Make a local tool one of each agent here; one with the same id is replaced.

        Example:
            >>> def greet(name: str) -> str:
            ...     return f"Hello {name}"
            >>> tool = Tool(id="greet", name="greet", is_local=True, fn=greet)
            >>> ToolsRepository.register_tool(tool)
        """
        kept = [each for each in cls._local_tools if each.id != tool.id]
        cls._local_tools[:] = [*kept, tool]

    @property
    def tools(self) -> builtins.list[Tool]:
        """The platform's tools."""
        transport = None if self._agent is None else self._agent._transport
        self[:] = made = [make_tool(tool) for tool in self]
        for tool in made:
            tool.connect(transport, self._given)
        return made

    @property
    def list(self) -> builtins.list[Tool]:
        """The platform's tools, and then those of this process; the first one of an id counts."""
        by_id: dict[str, Tool] = {}
        for tool in (*self.tools, *self._local_tools):
            by_id.setdefault(tool.id, tool)
        return [*by_id.values()]

    def get_tool_by_id(self, tool_id: str) -> Tool | None:
        """Return the tool with this id, or None."""
        return next((tool for tool in self.list if tool.id == tool_id), None)

    def get_tool_by_name(self, tool_name: str) -> Tool | None:
        """Return the first tool with this name, or None."""
        return next((tool for tool in self.list if tool.name == tool_name), None)

    def should_sync_local_tools(self) -> bool:
        """Tell whether there are local tools that belong into the agent's graph, too.

        Nothing is sent to the platform for them: an agent's graph is changed where the agent is
        configured.
        """
        return any(tool.is_local and tool.should_add_to_graph for tool in self.list)

    def get_local_tools_for_sync(self) -> builtins.list[Tool]:
        """Return the local tools that belong into the agent's graph and are not known there."""
        return [
            tool
            for tool in self.list
            if tool.is_local and tool.should_add_to_graph and not tool.is_synced
        ]

    @property
    def functions(self) -> builtins.list[Callable[..., Any]]:
        """The tools as functions for frameworks that make tools of functions.

        Each takes a `payload`, an object of a pydantic class with the tool's parameters or a dict,
        and gives a `ToolInvocationResult`. They are async ones, unless `is_async` is false. Called
        in a worker's handler, they run on behalf of its task.

        Raises:
            ConfigurationError: pydantic is not installed.
        """
        return [self._make_function(tool) for tool in self.list]

    def _make_function(self, tool: Tool) -> Callable[..., Any]:
        async def acall(payload: Any = None) -> ToolInvocationResult:
            return await tool.ainvoke(**self._describe_call(tool), payload=read_payload(payload))

        def call(payload: Any = None) -> ToolInvocationResult:
            return tool.invoke(**self._describe_call(tool), payload=read_payload(payload))

        return describe_payload(acall if self.is_async else call, tool)

    def _describe_call(self, tool: Tool) -> dict[str, Any]:
        described: dict[str, Any] = {"task": current_task.get()}
        if self._agent is not None:
            return {**described, "agent_id": self._agent.id, "agent_version": self._agent.version}
        configuration = self.configuration
        # A local tool can do without an agent.
        own = configuration.agent_id if tool.is_local else configuration.required("agent_id")
        return {**described, "agent_id": own or ""}


refuse_attributes(
    ToolsRepository,
    "abuild_dynamic_tools_hint",
    "aload_tool_by_id",
    "build_dynamic_tools_hint",
    "dynamic_catalog",
    "load_tool_by_id",
)

"""What an agent of the platform does with its tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, Self, overload

import attrs

from xpander_client.api.models import AgentTool
from xpander_client.api.requests import agents as agents_requests
from xpander_client.core.requests import RequestSpec
from xpander_client.errors import ArgumentError
from xpander_client.tools.repository import ToolsOwner, ToolsRepository
from xpander_client.tools.result import ToolInvocationResult
from xpander_client.tools.tool import Tool, make_tool

# A call's answer type is a class; `Any` is none to type checkers.
_ANYTHING: Any = Any


class _Agent(ToolsOwner, Protocol):
    _tools: list[AgentTool] | None

    @property
    def tools(self) -> ToolsRepository: ...


def _find_tools(agent: _Agent) -> ToolsRepository:
    tools = agent._tools
    # What was loaded, or came from another agent, becomes this one's when it is asked for.
    if not isinstance(tools, ToolsRepository) or tools.agent is not agent:
        tools = agent._tools = ToolsRepository.of_agent(agent, tools or ())
    return tools


def _keep_tools(agent: _Agent, tools: Iterable[AgentTool] | None) -> None:
    agent._tools = None if tools is None else [*tools]


class AgentTools:
    """Gives an agent its `tools`, and the calls of them."""

    __slots__ = ()

    @property
    def tools(self: _Agent) -> ToolsRepository:
        """The tools that the agent may call: a list, which has those of this process in `list`.

        Example:
            >>> agent = Agent.load("agent-sales", configuration)
            >>> agent.tools[0].id, agent.tools.get_tool_by_id("read_csv").is_local
            ('read_csv', False)
        """
        return _find_tools(self)

    @tools.setter
    def tools(self: _Agent, tools: Iterable[AgentTool] | None) -> None:
        _keep_tools(self, tools)

    @overload
    def invoke_tool(
        self: _Agent,
        tool_id: str,
        payload: dict[str, Any],
        agent_version: str | int | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
    ) -> Any: ...
    @overload
    def invoke_tool(
        self: _Agent,
        tool_id: AgentTool | None = None,
        payload: Any = None,
        agent_version: dict[str, Any] | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        *,
        tool: AgentTool | None = None,
        payload_extension: dict[str, Any] | None = None,
        task_id: str | None = None,
    ) -> ToolInvocationResult: ...
    def invoke_tool(
        self: _Agent,
        tool_id: str | AgentTool | None = None,
        payload: Any = None,
        agent_version: str | int | dict[str, Any] | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
        *,
        tool: AgentTool | None = None,
        payload_extension: dict[str, Any] | None = None,
        task_id: str | None = None,
    ) -> Any:
        """Call a tool of an agent, with the hooks around it.

        Named by its id, it gives the tool's answer, and a tool that fails is an error: one with the
        status 424 where the platform ran it. Given as an object, it gives a `ToolInvocationResult`
        in any case. A call is never made twice.

        Args:
            tool_id: The tool to call: its id, or the tool.
            payload: The tool's arguments, as its `parameters` describe them.
            agent_version: The agent's version to use, instead of this one. With a tool as an object
                the third argument is `payload_extension`.
            execution_id: The task on whose behalf the tool is called.
            tool_call_id: The model's id of the call.
            preflight_check: Only check whether the call could be made, without making it.
            tool: The tool, by keyword.
            payload_extension: What is added to the payload of a platform's tool.
            task_id: The same as `execution_id`.

        Returns:
            The tool's answer, or a `ToolInvocationResult`.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agent = Agent.load("agent-sales", configuration)
            >>> payload = {"url": "https://example.com/sales.csv"}
            >>> agent.invoke_tool("read_csv", payload)
            {'rows': 4}
            >>> tool = agent.tools.get_tool_by_id("read_csv")
            >>> agent.invoke_tool(tool=tool, payload=payload).result
            {'rows': 4}
        """
        call = _ToolCall.read(
            self,
            tool if tool is not None else tool_id,
            payload,
            agent_version,
            task_id if task_id is not None else execution_id,
            tool_call_id,
            payload_extension,
        )
        if preflight_check:
            return self._transport.call(call.preflight(), _ANYTHING).parsed
        return call.answer(call.tool.invoke(**call.arguments))

    @overload
    async def ainvoke_tool(
        self: _Agent,
        tool_id: str,
        payload: dict[str, Any],
        agent_version: str | int | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
    ) -> Any: ...
    @overload
    async def ainvoke_tool(
        self: _Agent,
        tool_id: AgentTool | None = None,
        payload: Any = None,
        agent_version: dict[str, Any] | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        *,
        tool: AgentTool | None = None,
        payload_extension: dict[str, Any] | None = None,
        task_id: str | None = None,
    ) -> ToolInvocationResult: ...
    async def ainvoke_tool(
        self: _Agent,
        tool_id: str | AgentTool | None = None,
        payload: Any = None,
        agent_version: str | int | dict[str, Any] | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
        *,
        tool: AgentTool | None = None,
        payload_extension: dict[str, Any] | None = None,
        task_id: str | None = None,
    ) -> Any:
        """Call a tool of an agent, with the hooks around it, as `invoke_tool` does.

        What it is given, returns and raises stands there.

        Example:
            >>> agent = await Agent.aload("agent-sales", configuration)
            >>> answer = await agent.ainvoke_tool(
            ...     tool_id="read_csv", payload={"url": "https://example.com/sales.csv"}
            ... )
            >>> print(answer)
            {'rows': 4}
        """
        call = _ToolCall.read(
            self,
            tool if tool is not None else tool_id,
            payload,
            agent_version,
            task_id if task_id is not None else execution_id,
            tool_call_id,
            payload_extension,
        )
        if preflight_check:
            return (await self._transport.acall(call.preflight(), _ANYTHING)).parsed
        return call.answer(await call.tool.ainvoke(**call.arguments))


@attrs.frozen(kw_only=True)
class _ToolCall:
    """A call as `invoke_tool` was asked for it."""

    tool: Tool
    arguments: dict[str, Any]
    is_bare: bool
    """Whether the caller wants the answer alone."""

    @classmethod
    def read(
        cls,
        agent: _Agent,
        tool: str | AgentTool | None,
        payload: Any,
        version: str | int | dict[str, Any] | None,
        task_id: str | None,
        tool_call_id: str | None,
        extension: dict[str, Any] | None,
    ) -> Self:
        """Read what was asked for.

        Raises:
            ArgumentError: no tool is named.
        """
        if tool is None:
            raise ArgumentError("invoke_tool() needs a tool: its id as tool_id, or one as tool")
        if is_bare := not isinstance(tool, AgentTool):
            found = agent.tools.get_tool_by_id(tool) or Tool(id=tool, name=tool)
        else:
            found = make_tool(tool)
            if isinstance(version, dict):
                version, extension = None, version
            version = agent.version if version is None else version
        if found.configuration is None:
            found.connect(agent._transport, None)
        arguments = {
            "agent_id": agent.id,
            "payload": payload,
            "agent_version": version,
            "payload_extension": extension,
            "task_id": task_id,
            "tool_call_id": tool_call_id,
        }
        return cls(tool=found, arguments=arguments, is_bare=is_bare)

    def preflight(self) -> RequestSpec:
        """Return the request that only asks whether the call could be made."""
        call = self.arguments
        return agents_requests.invoke_tool(
            agent_id=call["agent_id"],
            tool_id=self.tool.id,
            payload=call["payload"],
            agent_version=call["agent_version"],
            execution_id=call["task_id"],
            tool_call_id=call["tool_call_id"],
            preflight_check=True,
        )

    def answer(self, result: ToolInvocationResult) -> Any:
        """Return what the caller asked for of a result.

        Raises:
            Exception: the caller wants the answer alone, and there is none.
        """
        if not self.is_bare:
            return result
        result.raise_for_error()
        return result.result

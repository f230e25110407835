"""`Agents`: calls to the platform, each in a sync and an async form."""

from __future__ import annotations

import builtins
from typing import Any

from xpander_client.core.answer import Response
from xpander_client.transport import Resource, Transport

from ..plans import agents as agents_plans
from .agent import Agent
from .agents_list_item import AgentsListItem

__all__ = ["Agents", "AgentsWithRawResponse"]

# A call's answer type is a class; `Any` is none to type checkers.
_ANYTHING: Any = Any


class Agents(Resource):
    """Finds agents and calls their tools.

    Every call has an `a…` twin for async code, with the same parameters.
    """

    @property
    def with_raw_response(self) -> AgentsWithRawResponse:
        """The same calls, answering with status, headers and the object."""
        return AgentsWithRawResponse(self._transport)

    def list(self) -> builtins.list[AgentsListItem]:
        """List the agents that the key may use.

        Returns:
            What there is to know about each agent without loading it.

        Raises:
            ModuleException: Anything else that may go wrong: an argument that can't be sent, no
                connection, no time left, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> items = agents.list()
            >>> for item in items:
            ...     print(item.name)
            Sales
        """
        plan = agents_plans.list()
        return self._transport.call(plan, builtins.list[AgentsListItem]).parsed

    async def alist(self) -> builtins.list[AgentsListItem]:
        """List the agents that the key may use.

        Returns:
            What there is to know about each agent without loading it.

        Raises:
            ModuleException: Anything else that may go wrong: an argument that can't be sent, no
                connection, no time left, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> items = await agents.alist()
            >>> for item in items:
            ...     print(item.name)
            Sales
        """
        plan = agents_plans.list()
        return (await self._transport.acall(plan, builtins.list[AgentsListItem])).parsed

    def get(self, agent_id: str | None = None, version: str | int | None = None) -> Agent:
        """Get an agent with its instructions, tools and model.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: There is none of that id in the organization.
            ModuleException: Anything else that may go wrong: an argument that can't be sent, no
                connection, no time left, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> agent = agents.get(agent_id="agent-sales")
            >>> print(agent.name)
            Sales
        """
        plan = agents_plans.get(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            version=version,
        )
        return self._transport.call(plan, Agent).parsed

    async def aget(self, agent_id: str | None = None, version: str | int | None = None) -> Agent:
        """Get an agent with its instructions, tools and model.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: There is none of that id in the organization.
            ModuleException: Anything else that may go wrong: an argument that can't be sent, no
                connection, no time left, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> agent = await agents.aget(agent_id="agent-sales")
            >>> print(agent.name)
            Sales
        """
        plan = agents_plans.get(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            version=version,
        )
        return (await self._transport.acall(plan, Agent)).parsed

    def invoke_tool(
        self,
        agent_id: str,
        tool_id: str,
        payload: dict[str, Any],
        agent_version: str | int | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
    ) -> Any:
        """Call a tool of an agent.

        The answer is whatever the tool answers. A call is never made twice; a tool that fails is an
        error with the status 424 and the text of the tool's error.

        Args:
            agent_id: The agent.
            tool_id: The tool to call.
            payload: What the tool is called with, as its `parameters` describe.
            agent_version: The agent's version to use, instead of its current one.
            execution_id: The task on whose behalf the tool is called.
            tool_call_id: The model's id of the call.
            preflight_check: Only check whether the call could be made, without making it.

        Returns:
            The tool's answer.

        Raises:
            NotFoundError: There is none of that id in the organization.
            ModuleException: Anything else that may go wrong: an argument that can't be sent, no
                connection, no time left, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> answer = agents.invoke_tool(
            ...     agent_id="agent-sales",
            ...     tool_id="read_csv",
            ...     payload={"url": "https://example.com/sales.csv"},
            ... )
            >>> print(answer)
            {'rows': 4}
        """
        plan = agents_plans.invoke_tool(
            agent_id=agent_id,
            tool_id=tool_id,
            payload=payload,
            agent_version=agent_version,
            execution_id=execution_id,
            tool_call_id=tool_call_id,
            preflight_check=preflight_check,
        )
        return self._transport.call(plan, _ANYTHING).parsed

    async def ainvoke_tool(
        self,
        agent_id: str,
        tool_id: str,
        payload: dict[str, Any],
        agent_version: str | int | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
    ) -> Any:
        """Call a tool of an agent.

        The answer is whatever the tool answers. A call is never made twice; a tool that fails is an
        error with the status 424 and the text of the tool's error.

        Args:
            agent_id: The agent.
            tool_id: The tool to call.
            payload: What the tool is called with, as its `parameters` describe.
            agent_version: The agent's version to use, instead of its current one.
            execution_id: The task on whose behalf the tool is called.
            tool_call_id: The model's id of the call.
            preflight_check: Only check whether the call could be made, without making it.

        Returns:
            The tool's answer.

        Raises:
            NotFoundError: There is none of that id in the organization.
            ModuleException: Anything else that may go wrong: an argument that can't be sent, no
                connection, no time left, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> answer = await agents.ainvoke_tool(
            ...     agent_id="agent-sales",
            ...     tool_id="read_csv",
            ...     payload={"url": "https://example.com/sales.csv"},
            ... )
            >>> print(answer)
            {'rows': 4}
        """
        plan = agents_plans.invoke_tool(
            agent_id=agent_id,
            tool_id=tool_id,
            payload=payload,
            agent_version=agent_version,
            execution_id=execution_id,
            tool_call_id=tool_call_id,
            preflight_check=preflight_check,
        )
        return (await self._transport.acall(plan, _ANYTHING)).parsed


class AgentsWithRawResponse:
    """The calls of `Agents`, answering with status, headers and the object."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Response[builtins.list[AgentsListItem]]:
        """`Agents.list`, with the answer's status and headers."""
        plan = agents_plans.list()
        return self._transport.call(plan, builtins.list[AgentsListItem])

    async def alist(self) -> Response[builtins.list[AgentsListItem]]:
        """`Agents.alist`, with the answer's status and headers."""
        plan = agents_plans.list()
        return await self._transport.acall(plan, builtins.list[AgentsListItem])

    def get(self, agent_id: str | None = None, version: str | int | None = None) -> Response[Agent]:
        """`Agents.get`, with the answer's status and headers."""
        plan = agents_plans.get(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            version=version,
        )
        return self._transport.call(plan, Agent)

    async def aget(
        self, agent_id: str | None = None, version: str | int | None = None
    ) -> Response[Agent]:
        """`Agents.aget`, with the answer's status and headers."""
        plan = agents_plans.get(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            version=version,
        )
        return await self._transport.acall(plan, Agent)

    def invoke_tool(
        self,
        agent_id: str,
        tool_id: str,
        payload: dict[str, Any],
        agent_version: str | int | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
    ) -> Response[Any]:
        """`Agents.invoke_tool`, with the answer's status and headers."""
        plan = agents_plans.invoke_tool(
            agent_id=agent_id,
            tool_id=tool_id,
            payload=payload,
            agent_version=agent_version,
            execution_id=execution_id,
            tool_call_id=tool_call_id,
            preflight_check=preflight_check,
        )
        return self._transport.call(plan, _ANYTHING)

    async def ainvoke_tool(
        self,
        agent_id: str,
        tool_id: str,
        payload: dict[str, Any],
        agent_version: str | int | None = None,
        execution_id: str | None = None,
        tool_call_id: str | None = None,
        preflight_check: bool | None = None,
    ) -> Response[Any]:
        """`Agents.ainvoke_tool`, with the answer's status and headers."""
        plan = agents_plans.invoke_tool(
            agent_id=agent_id,
            tool_id=tool_id,
            payload=payload,
            agent_version=agent_version,
            execution_id=execution_id,
            tool_call_id=tool_call_id,
            preflight_check=preflight_check,
        )
        return await self._transport.acall(plan, _ANYTHING)

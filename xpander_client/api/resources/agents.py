"""`Agents`: calls to the platform, each in a sync and an async form."""

from __future__ import annotations

import builtins
from typing import Any

from xpander_client.core.answer import Response
from xpander_client.transport import Resource
from xpander_client.transport.raw import RawCalls, araw, raw

from .. import models
from ..models.agent_type import AgentType, AgentTypeLiteral
from ..requests import agents as agents_requests
from .agent import Agent
from .agents_list_item import AgentsListItem

# A call's answer type is a class; `Any` is none to type checkers.
_ANYTHING: Any = Any


class Agents(Resource):
    """Finds agents and calls their tools.

    Every call has an `a…` twin for async code, with the same parameters.
    """

    @property
    def with_raw_response(self) -> AgentsWithRawResponse:
        """The same calls, each returning a `Response`: status, headers and the object."""
        return AgentsWithRawResponse(self._transport)

    def get_default_llm_extra_headers(self) -> dict[str, Any]:
        """Get the headers that the organization's calls of models have.

        The embedded platform knows of none. The official client asks before it runs an agent.

        Returns:
            The headers by their names.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> headers = agents.get_default_llm_extra_headers()
            >>> print(headers)
            {}
        """
        spec = agents_requests.get_default_llm_extra_headers()
        return self._transport.call(spec, dict[str, Any]).parsed

    async def aget_default_llm_extra_headers(self) -> dict[str, Any]:
        """Get the headers that the organization's calls of models have.

        The embedded platform knows of none. The official client asks before it runs an agent.

        Returns:
            The headers by their names.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> headers = await agents.aget_default_llm_extra_headers()
            >>> print(headers)
            {}
        """
        spec = agents_requests.get_default_llm_extra_headers()
        return (await self._transport.acall(spec, dict[str, Any])).parsed

    def list(self) -> builtins.list[AgentsListItem]:
        """List the agents that the key may use.

        Returns:
            What there is to know about each agent without loading it.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> items = agents.list()
            >>> for item in items:
            ...     print(item.name)
            Sales
        """
        spec = agents_requests.list()
        return self._transport.call(spec, builtins.list[AgentsListItem]).parsed

    async def alist(self) -> builtins.list[AgentsListItem]:
        """List the agents that the key may use.

        Returns:
            What there is to know about each agent without loading it.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> items = await agents.alist()
            >>> for item in items:
            ...     print(item.name)
            Sales
        """
        spec = agents_requests.list()
        return (await self._transport.acall(spec, builtins.list[AgentsListItem])).parsed

    def get(self, agent_id: str | None = None, version: str | int | None = None) -> Agent:
        """Get an agent with its instructions, tools and model.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> agent = agents.get(agent_id="agent-sales")
            >>> print(agent.name)
            Sales
        """
        spec = agents_requests.get(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            version=version,
        )
        return self._transport.call(spec, Agent).parsed

    async def aget(self, agent_id: str | None = None, version: str | int | None = None) -> Agent:
        """Get an agent with its instructions, tools and model.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> agent = await agents.aget(agent_id="agent-sales")
            >>> print(agent.name)
            Sales
        """
        spec = agents_requests.get(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            version=version,
        )
        return (await self._transport.acall(spec, Agent)).parsed

    def get_database(self, agent_id: str | None = None) -> models.AgentDatabase:
        """Get the database that an agent's own sessions are kept in.

        The embedded platform has none for agents, so that there is no `connection_uri`, and its
        agents' `agno_settings` say that they keep no sessions there, unless they are described so.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.

        Returns:
            The database.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> database = agents.get_database(agent_id="agent-sales")
            >>> print(database.connection_uri)
            None
        """
        spec = agents_requests.get_database(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id")
        )
        return self._transport.call(spec, models.AgentDatabase).parsed

    async def aget_database(self, agent_id: str | None = None) -> models.AgentDatabase:
        """Get the database that an agent's own sessions are kept in.

        The embedded platform has none for agents, so that there is no `connection_uri`, and its
        agents' `agno_settings` say that they keep no sessions there, unless they are described so.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.

        Returns:
            The database.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> database = await agents.aget_database(agent_id="agent-sales")
            >>> print(database.connection_uri)
            None
        """
        spec = agents_requests.get_database(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id")
        )
        return (await self._transport.acall(spec, models.AgentDatabase)).parsed

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
            payload: The tool's arguments, as its `parameters` describe them.
            agent_version: The agent's version to use, instead of its current one.
            execution_id: The task on whose behalf the tool is called.
            tool_call_id: The model's id of the call.
            preflight_check: Only check whether the call could be made, without making it.

        Returns:
            The tool's answer.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

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
        spec = agents_requests.invoke_tool(
            agent_id=agent_id,
            tool_id=tool_id,
            payload=payload,
            agent_version=agent_version,
            execution_id=execution_id,
            tool_call_id=tool_call_id,
            preflight_check=preflight_check,
        )
        return self._transport.call(spec, _ANYTHING).parsed

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
            payload: The tool's arguments, as its `parameters` describe them.
            agent_version: The agent's version to use, instead of its current one.
            execution_id: The task on whose behalf the tool is called.
            tool_call_id: The model's id of the call.
            preflight_check: Only check whether the call could be made, without making it.

        Returns:
            The tool's answer.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

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
        spec = agents_requests.invoke_tool(
            agent_id=agent_id,
            tool_id=tool_id,
            payload=payload,
            agent_version=agent_version,
            execution_id=execution_id,
            tool_call_id=tool_call_id,
            preflight_check=preflight_check,
        )
        return (await self._transport.acall(spec, _ANYTHING)).parsed

    def run_operation(
        self,
        agent_id: str,
        execution_id: str,
        operation_id: str,
        body_params: dict[str, Any] | None = None,
        path_params: dict[str, Any] | None = None,
        query_params: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        tool_call_id: str | None = None,
        parallel: bool | None = None,
        with_auto_report_result: bool | None = None,
        agent_version: str | int | None = None,
        execution_attempt: int | None = None,
    ) -> Any:
        """Call a tool of an agent in the course of a task.

        The answer is whatever the tool answers, JSON or text. A call is never made twice; a tool
        that fails is an error with the status 424 and the text of the tool's error. With
        `with_auto_report_result` the platform adds the answer, or the error, to the task's thread
        as the tool's message. `xpfinish-agent-execution-finished` ends the task.

        Args:
            agent_id: The agent.
            execution_id: The task on whose behalf the tool is called.
            operation_id: The tool to call.
            body_params: The fields of the tool's body.
            path_params: The variables of the tool's path.
            query_params: The tool's query.
            headers: The tool's headers.
            tool_call_id: The model's id of the call.
            parallel: Whether other calls of the same answer run at the same time.
            with_auto_report_result: Whether the platform adds the tool's message to the thread.
            agent_version: The agent's version to use, instead of its current one.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Returns:
            The tool's answer.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> answer = agents.run_operation(
            ...     agent_id="agent-sales",
            ...     execution_id="task-1",
            ...     operation_id="read_csv",
            ...     body_params={"url": "https://example.com/sales.csv"},
            ... )
            >>> print(answer)
            {'rows': 4}
        """
        spec = agents_requests.run_operation(
            agent_id=agent_id,
            execution_id=execution_id,
            operation_id=operation_id,
            body_params=body_params,
            path_params=path_params,
            query_params=query_params,
            headers=headers,
            tool_call_id=tool_call_id,
            parallel=parallel,
            with_auto_report_result=with_auto_report_result,
            agent_version=agent_version,
            execution_attempt=execution_attempt,
        )
        return self._transport.call(spec, _ANYTHING).parsed

    async def arun_operation(
        self,
        agent_id: str,
        execution_id: str,
        operation_id: str,
        body_params: dict[str, Any] | None = None,
        path_params: dict[str, Any] | None = None,
        query_params: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        tool_call_id: str | None = None,
        parallel: bool | None = None,
        with_auto_report_result: bool | None = None,
        agent_version: str | int | None = None,
        execution_attempt: int | None = None,
    ) -> Any:
        """Call a tool of an agent in the course of a task.

        The answer is whatever the tool answers, JSON or text. A call is never made twice; a tool
        that fails is an error with the status 424 and the text of the tool's error. With
        `with_auto_report_result` the platform adds the answer, or the error, to the task's thread
        as the tool's message. `xpfinish-agent-execution-finished` ends the task.

        Args:
            agent_id: The agent.
            execution_id: The task on whose behalf the tool is called.
            operation_id: The tool to call.
            body_params: The fields of the tool's body.
            path_params: The variables of the tool's path.
            query_params: The tool's query.
            headers: The tool's headers.
            tool_call_id: The model's id of the call.
            parallel: Whether other calls of the same answer run at the same time.
            with_auto_report_result: Whether the platform adds the tool's message to the thread.
            agent_version: The agent's version to use, instead of its current one.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Returns:
            The tool's answer.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> answer = await agents.arun_operation(
            ...     agent_id="agent-sales",
            ...     execution_id="task-1",
            ...     operation_id="read_csv",
            ...     body_params={"url": "https://example.com/sales.csv"},
            ... )
            >>> print(answer)
            {'rows': 4}
        """
        spec = agents_requests.run_operation(
            agent_id=agent_id,
            execution_id=execution_id,
            operation_id=operation_id,
            body_params=body_params,
            path_params=path_params,
            query_params=query_params,
            headers=headers,
            tool_call_id=tool_call_id,
            parallel=parallel,
            with_auto_report_result=with_auto_report_result,
            agent_version=agent_version,
            execution_attempt=execution_attempt,
        )
        return (await self._transport.acall(spec, _ANYTHING)).parsed

    def create(
        self,
        name: str,
        type: AgentType | AgentTypeLiteral | None = None,
        description: str | None = None,
        instructions: models.AgentInstructions | None = None,
    ) -> Agent:
        """Create an agent.

        Args:
            name: The agent's name.
            type: The kind of agent.
            description: What it is for.
            instructions: The agent's instructions.

        Returns:
            The agent.

        Raises:
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> agent = agents.create(name="Sales")
            >>> print(agent.name)
            Sales
        """
        spec = agents_requests.create(
            name=name, type=type, description=description, instructions=instructions
        )
        return self._transport.call(spec, Agent).parsed

    async def acreate(
        self,
        name: str,
        type: AgentType | AgentTypeLiteral | None = None,
        description: str | None = None,
        instructions: models.AgentInstructions | None = None,
    ) -> Agent:
        """Create an agent.

        Args:
            name: The agent's name.
            type: The kind of agent.
            description: What it is for.
            instructions: The agent's instructions.

        Returns:
            The agent.

        Raises:
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> agent = await agents.acreate(name="Sales")
            >>> print(agent.name)
            Sales
        """
        spec = agents_requests.create(
            name=name, type=type, description=description, instructions=instructions
        )
        return (await self._transport.acall(spec, Agent)).parsed

    def report_llm_usage(
        self,
        agent_id: str,
        provider: str,
        model: str,
        prompt_tokens: int,
        completion_tokens: int,
        total_tokens: int,
        duration: float | None = None,
        finish_reason: str | None = None,
        source_node_type: str | None = None,
        function_name: builtins.list[str] | None = None,
    ) -> None:
        """Report what one call of a model took.

        Args:
            agent_id: The agent.
            provider: The provider of the model.
            model: The model.
            prompt_tokens: Tokens read.
            completion_tokens: Tokens written.
            total_tokens: Tokens read and written together.
            duration: How long it took, in seconds.
            finish_reason: Why the model ended its answer.
            source_node_type: How the task was submitted, for example by the SDK or a webhook.
            function_name: The tools that the model called.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> agents.report_llm_usage(
            ...     agent_id="agent-sales",
            ...     provider="openai",
            ...     model="gpt-5",
            ...     prompt_tokens=100,
            ...     completion_tokens=20,
            ...     total_tokens=120,
            ... )
        """
        spec = agents_requests.report_llm_usage(
            agent_id=agent_id,
            provider=provider,
            model=model,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            total_tokens=total_tokens,
            duration=duration,
            finish_reason=finish_reason,
            source_node_type=source_node_type,
            function_name=function_name,
        )
        response: Response[None] = self._transport.call(spec, None)
        return response.parsed

    async def areport_llm_usage(
        self,
        agent_id: str,
        provider: str,
        model: str,
        prompt_tokens: int,
        completion_tokens: int,
        total_tokens: int,
        duration: float | None = None,
        finish_reason: str | None = None,
        source_node_type: str | None = None,
        function_name: builtins.list[str] | None = None,
    ) -> None:
        """Report what one call of a model took.

        Args:
            agent_id: The agent.
            provider: The provider of the model.
            model: The model.
            prompt_tokens: Tokens read.
            completion_tokens: Tokens written.
            total_tokens: Tokens read and written together.
            duration: How long it took, in seconds.
            finish_reason: Why the model ended its answer.
            source_node_type: How the task was submitted, for example by the SDK or a webhook.
            function_name: The tools that the model called.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agents = Agents(configuration)
            >>> await agents.areport_llm_usage(
            ...     agent_id="agent-sales",
            ...     provider="openai",
            ...     model="gpt-5",
            ...     prompt_tokens=100,
            ...     completion_tokens=20,
            ...     total_tokens=120,
            ... )
        """
        spec = agents_requests.report_llm_usage(
            agent_id=agent_id,
            provider=provider,
            model=model,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            total_tokens=total_tokens,
            duration=duration,
            finish_reason=finish_reason,
            source_node_type=source_node_type,
            function_name=function_name,
        )
        response: Response[None] = await self._transport.acall(spec, None)
        return response.parsed


class AgentsWithRawResponse(RawCalls):
    """The calls of `Agents`, each returning a `Response`: status, headers and the object."""

    get_default_llm_extra_headers = raw(Agents.get_default_llm_extra_headers)
    aget_default_llm_extra_headers = araw(Agents.aget_default_llm_extra_headers)
    list = raw(Agents.list)
    alist = araw(Agents.alist)
    get = raw(Agents.get)
    aget = araw(Agents.aget)
    get_database = raw(Agents.get_database)
    aget_database = araw(Agents.aget_database)
    invoke_tool = raw(Agents.invoke_tool)
    ainvoke_tool = araw(Agents.ainvoke_tool)
    run_operation = raw(Agents.run_operation)
    arun_operation = araw(Agents.arun_operation)
    create = raw(Agents.create)
    acreate = araw(Agents.acreate)
    report_llm_usage = raw(Agents.report_llm_usage)
    areport_llm_usage = araw(Agents.areport_llm_usage)

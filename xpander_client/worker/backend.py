"""What a handler needs of the platform: its agent as a framework's, other agents, and reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xpander_client.api.models import AttachmentRef, OutputFormat, SourceNodeType, Tokens, User
from xpander_client.api.resources import Agent, Agents, Task, Tasks
from xpander_client.configuration import Configuration, check_configuration
from xpander_client.frameworks.adapters import find_adapter
from xpander_client.lacking import refuse_attributes
from xpander_client.worker.agent_settings import read_settings
from xpander_client.worker.auth_events import AuthEventHandler, follow_auth_events


class Backend:
    """Makes agents of frameworks out of the platform's records, and runs the platform's agents.

    Without a `configuration` the task's own is used where there is a task, and the environment's
    where there is none; it is read when it is needed, so that a module may make its `Backend` while
    it is imported. Every call has an `a…` twin for async code, with the same parameters.

    Example:
        >>> backend = Backend(configuration)
        >>> backend.configuration.organization_id
        'example'
    """

    def __init__(self, configuration: Configuration | None = None) -> None:
        check_configuration(configuration)
        self._given = configuration

    @property
    def configuration(self) -> Configuration:
        """Who calls, and which platform."""
        return self._given if self._given is not None else Configuration()

    def get_args(
        self,
        agent_id: str | None = None,
        agent: Agent | None = None,
        agent_version: str | int | None = None,
        task: Task | None = None,
        override: Mapping[str, Any] | None = None,
        tools: Sequence[Callable[..., Any]] | None = None,
        *,
        framework: str | None = None,
        auth_events_callback: AuthEventHandler | None = None,
    ) -> dict[str, Any]:
        """Return what the agent's framework makes the agent of, for sync use.

        | framework | what the arguments are for |
        |---|---|
        | `agno` | `agno.agent.Agent` that is run with `run` |
        | `open-ai-agents` | `agents.Agent` of the OpenAI Agents SDK |
        | `langchain` | `langchain.agents.create_agent`, which makes a graph of LangGraph |
        | `google-adk` | `google.adk.agents.Agent` |
        | `strands-agents` | `strands.Agent` |

        They are made from the agent's record: its name, its instructions, its model by provider and
        name, its tools as functions that have the platform call them, and the form of its results.
        With a `task` they have the task's model, output format and schema, for agno its session,
        user and limit of tool calls as well, and each tool call is made on the task's behalf and
        told to whoever follows it. What the task says in words is in `task.to_message()`. The
        model's keys and address come from the environment variables that the provider's own package
        reads, as `OPENAI_API_KEY` and `OPENAI_BASE_URL`.

        Args:
            agent_id: The agent. The task's, or the configuration's `agent_id`, when None.
            agent: The agent as it was loaded before, instead of its id.
            agent_version: The agent's version to use, instead of its current one.
            task: The task that the agent is to work on.
            override: Arguments that replace those made here, as a `model` of another provider.
            tools: Functions to offer besides the agent's tools.
            framework: The framework, by the name in the first column. The one that the agent's
                record names when None, and agno if it names none of them.
            auth_events_callback: Called with the agent, the task and the event when somebody has to
                log in for the task, as functions under `@on_auth_event` are.

        Returns:
            Keyword arguments.

        Raises:
            ConfigurationError: The framework or the provider's package is not installed, no agent
                is named, or the framework or the provider of the agent's model is not known.
            NotFoundError: There is no such agent.
            ModuleException: Anything else that may go wrong with the call for the agent's record.

        Example:
            >>> args = Backend(configuration).get_args("agent-sales")
            >>> args["name"], args["model"].id, [tool.name for tool in args["tools"]]
            ('Sales', 'gpt-5', ['read_csv'])
        """
        if agent is None:
            configuration = self._for(task)
            wanted = _agent_id(agent_id, task, configuration)
            agent = Agents(configuration).get(wanted, agent_version)
        follow_auth_events(agent, task, auth_events_callback)
        return _make_arguments(agent, task, tools, override, framework, is_async=False)

    async def aget_args(
        self,
        agent_id: str | None = None,
        agent: Agent | None = None,
        agent_version: str | int | None = None,
        task: Task | None = None,
        override: Mapping[str, Any] | None = None,
        tools: Sequence[Callable[..., Any]] | None = None,
        *,
        framework: str | None = None,
        auth_events_callback: AuthEventHandler | None = None,
    ) -> dict[str, Any]:
        """Return what the agent's framework makes the agent of, for async use.

        They are those of `get_args`, but that the tools are async functions: agno's agents are run
        with `arun`. What it is given and what it raises stands there.

        Example:
            >>> args = await Backend(configuration).aget_args("agent-sales")
            >>> print(args["name"], args["model"].id, [tool.name for tool in args["tools"]])
            Sales gpt-5 ['read_csv']
        """
        if agent is None:
            configuration = self._for(task)
            wanted = _agent_id(agent_id, task, configuration)
            agent = await Agents(configuration).aget(wanted, agent_version)
        follow_auth_events(agent, task, auth_events_callback)
        return _make_arguments(agent, task, tools, override, framework, is_async=True)

    def invoke_agent(
        self,
        agent_id: str | None = None,
        prompt: str = "",
        existing_task_id: str | None = None,
        file_urls: list[str] | None = None,
        user_details: User | None = None,
        agent_version: str | int | None = None,
        tool_call_payload_extension: dict[str, Any] | None = None,
        source: SourceNodeType | str | None = SourceNodeType.SDK,
        worker_id: str | None = None,
        run_locally: bool | None = None,
        output_format: OutputFormat | None = None,
        output_schema: dict[str, Any] | None = None,
        events_streaming: bool = True,
        additional_context: str | None = None,
        expected_output: str | None = None,
        attachments: list[AttachmentRef] | None = None,
        timeout: float | None = None,
    ) -> Task:
        """Have an agent do something: create a task for it, and wait until the task is over.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            prompt: What the agent is to do.
            existing_task_id: A task to continue, instead of a new one.
            file_urls: Addresses of files that go with it.
            user_details: The person on whose behalf the task runs.
            agent_version: The agent's version to use, instead of its current one.
            tool_call_payload_extension: What is added to the payload of each tool call.
            source: How the task was submitted, for example by the SDK or a webhook.
            worker_id: The only worker that may run it.
            run_locally: Whether the worker that is named runs it for a test.
            output_format: What kind of text the result is.
            output_schema: The JSON Schema of a JSON result.
            events_streaming: Whether its events can be followed. Without them the end is found by
                asking for it now and then.
            additional_context: What the agent should know besides the prompt.
            expected_output: What a good result looks like.
            attachments: The files with what is known about them.
            timeout: How long to wait, in seconds; without end when None.

        Returns:
            The task as it is at its end. Its `status` says whether it was completed.

        Raises:
            WaitTimeoutError: The time is over and the task is not.
            ModuleException: Anything else that may go wrong with the calls.

        Example:
            >>> task = Backend(configuration).invoke_agent("agent-sales", "Sum up the sales")
            >>> task.id
            'task-1'
        """
        configuration = self.configuration
        return Tasks(configuration).run(
            agent_id=_agent_id(agent_id, None, configuration),
            prompt=prompt,
            existing_task_id=existing_task_id,
            file_urls=file_urls,
            user_details=user_details,
            agent_version=agent_version,
            tool_call_payload_extension=tool_call_payload_extension,
            source=source,
            worker_id=worker_id,
            run_locally=run_locally,
            output_format=output_format,
            output_schema=output_schema,
            events_streaming=events_streaming,
            additional_context=additional_context,
            expected_output=expected_output,
            attachments=attachments,
            timeout=timeout,
        )

    async def ainvoke_agent(
        self,
        agent_id: str | None = None,
        prompt: str = "",
        existing_task_id: str | None = None,
        file_urls: list[str] | None = None,
        user_details: User | None = None,
        agent_version: str | int | None = None,
        tool_call_payload_extension: dict[str, Any] | None = None,
        source: SourceNodeType | str | None = SourceNodeType.SDK,
        worker_id: str | None = None,
        run_locally: bool | None = None,
        output_format: OutputFormat | None = None,
        output_schema: dict[str, Any] | None = None,
        events_streaming: bool = True,
        additional_context: str | None = None,
        expected_output: str | None = None,
        attachments: list[AttachmentRef] | None = None,
        timeout: float | None = None,
    ) -> Task:
        """Have an agent do something, and wait until the task is over, as `invoke_agent` does.

        What it is given, returns and raises stands there.

        Example:
            >>> backend = Backend(configuration)
            >>> task = await backend.ainvoke_agent("agent-sales", "Sum up the sales")
            >>> print(task.id)
            task-1
        """
        configuration = self.configuration
        return await Tasks(configuration).arun(
            agent_id=_agent_id(agent_id, None, configuration),
            prompt=prompt,
            existing_task_id=existing_task_id,
            file_urls=file_urls,
            user_details=user_details,
            agent_version=agent_version,
            tool_call_payload_extension=tool_call_payload_extension,
            source=source,
            worker_id=worker_id,
            run_locally=run_locally,
            output_format=output_format,
            output_schema=output_schema,
            events_streaming=events_streaming,
            additional_context=additional_context,
            expected_output=expected_output,
            attachments=attachments,
            timeout=timeout,
        )

    def report_external_task(
        self,
        agent_id: str | None = None,
        agent: Agent | None = None,
        id: str | None = None,
        input: str | None = None,
        llm_response: Any = None,
        tokens: Tokens | None = None,
        is_success: bool = True,
        result: str | None = None,
        duration: float = 0,
        used_tools: list[str] | None = None,
        configuration: Configuration | None = None,
    ) -> Task:
        """Report a task that was run elsewhere; the platform keeps it as a finished one.

        Args:
            agent_id: The agent that it was run for. The configuration's `agent_id` when None.
            agent: The agent, instead of its id.
            id: The id that the task gets; one is made up when None.
            input: What was asked.
            llm_response: What the model answered, as it came.
            tokens: The tokens that it took.
            is_success: Whether it succeeded.
            result: What came out.
            duration: How long it ran, in seconds.
            used_tools: The tools that were called.
            configuration: Who calls, and which platform, instead of this object's.

        Returns:
            The task that stands for the report.

        Raises:
            ModuleException: What may go wrong with the call.

        Example:
            >>> task = Backend(configuration).report_external_task("agent-sales", result="200")
            >>> print(task.status)
            completed
        """
        configuration = configuration if configuration is not None else self.configuration
        return Task.report_external_task(
            configuration,
            agent_id=agent.id if agent is not None else agent_id,
            id=id,
            input=input,
            llm_response=llm_response,
            tokens=tokens,
            is_success=is_success,
            result=result,
            duration=duration,
            used_tools=used_tools,
        )

    async def areport_external_task(
        self,
        agent_id: str | None = None,
        agent: Agent | None = None,
        id: str | None = None,
        input: str | None = None,
        llm_response: Any = None,
        tokens: Tokens | None = None,
        is_success: bool = True,
        result: str | None = None,
        duration: float = 0,
        used_tools: list[str] | None = None,
        configuration: Configuration | None = None,
    ) -> Task:
        """Report a task that was run elsewhere, as `report_external_task` does.

        What it is given, returns and raises stands there.

        Example:
            >>> backend = Backend(configuration)
            >>> task = await backend.areport_external_task("agent-sales", result="200")
            >>> print(task.status)
            completed
        """
        configuration = configuration if configuration is not None else self.configuration
        return await Task.areport_external_task(
            configuration,
            agent_id=agent.id if agent is not None else agent_id,
            id=id,
            input=input,
            llm_response=llm_response,
            tokens=tokens,
            is_success=is_success,
            result=result,
            duration=duration,
            used_tools=used_tools,
        )

    def _for(self, task: Task | None) -> Configuration:
        if self._given is not None or task is None:
            return self.configuration
        return task.configuration


def _make_arguments(
    agent: Agent,
    task: Task | None,
    tools: Sequence[Any] | None,
    override: Mapping[str, Any] | None,
    framework: str | None,
    *,
    is_async: bool,
) -> dict[str, Any]:
    override = override or {}
    make = find_adapter(framework or agent.framework, is_asked=framework is not None)
    made = make(read_settings(agent, task), tools or (), override, is_async=is_async)
    given = {name: value for name, value in made.items() if value is not None and value != ""}
    return {**given, **override}


def _agent_id(agent_id: str | None, task: Task | None, configuration: Configuration) -> str:
    if agent_id is not None:
        return agent_id
    return task.agent_id if task is not None else configuration.required("agent_id")


refuse_attributes(Backend, "get_current_task", "get_tool", "mock_tool")

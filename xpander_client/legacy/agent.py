"""An agent and the task that a script drives for it."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import attrs

from xpander_client.api.models import (
    AgentAccessScope,
    AgentInstructions,
    AgentStatus,
    AgentTool,
)
from xpander_client.api.resources import Agent as Definition, Task
from xpander_client.configuration import Configuration
from xpander_client.core.plain_values import PlainValues
from xpander_client.core.serialization import dumps, loads
from xpander_client.core.steps import Steps, ask, is_async
from xpander_client.errors import ArgumentError, CallError
from xpander_client.lacking import refuse_attributes
from xpander_client.legacy import files as task_files
from xpander_client.legacy.agentic_operations import (
    AgenticInterface,
    AgenticOperation,
    check_attached,
    list_interfaces,
    list_operations,
)
from xpander_client.legacy.driven_agent import DrivenAgent, DrivenTask, PlatformResources
from xpander_client.legacy.execution import Execution, ListedExecution
from xpander_client.legacy.graph import Graph, GraphItem
from xpander_client.legacy.instructions import UserDetails
from xpander_client.legacy.loop import Loop
from xpander_client.legacy.memory import Memory, MemoryStrategy
from xpander_client.legacy.pending import pending_local_tool_calls
from xpander_client.legacy.providers import LLMProvider, provider, tool_calls_in, tools_for
from xpander_client.legacy.providers.tool_call import ToolCall, ToolCallResult
from xpander_client.legacy.tools.local_tools import local_tools
from xpander_client.legacy.usage import Tokens, read_usage
from xpander_client.transport.drivers import adrive, drive

_logger = logging.getLogger(__name__)


@attrs.frozen
class MemoryThread(PlainValues):
    """A thread of a user, as lists show it."""

    id: str
    created_at: datetime.datetime | None
    name: str | None
    metadata: Mapping[str, Any]


class Agent:
    """An agent of the platform in a script that drives its loop, one task at a time.

    Two other classes have the name: `xpander_client.Agent` is what the platform says of an agent
    (here `definition`), and `xpander_client.agents.Agent` stands in for the bodies of functions.

    Made by `client.agents.get`. `add_task` begins a task; then, while it is not `is_finished()`, a
    model is asked with `messages` and `get_tools()`, its answer goes into `add_messages`, and the
    tools that it calls into `run_tools`. Every method has a form for async code whose name begins
    with an `a`; that of the property `messages` is the method `amessages()`.

    What goes wrong is a `ModuleException`; a tool that fails is not an exception but a result.

    Example:
        >>> client = XpanderClient(configuration=configuration)
        >>> agent = client.agents.get("agent-sales")
        >>> execution = agent.add_task("Sum up the sales by region")
        >>> execution.status == "PENDING"
        True
    """

    def __init__(self, driven: DrivenAgent) -> None:
        self._driven = driven
        self._loop = Loop(driven)

    # What it is ----------------------------------------------------------------------------------

    @property
    def definition(self) -> Definition:
        """The agent as the platform describes it."""
        return self._driven.definition

    @property
    def id(self) -> str:
        """The agent's id."""
        return self.definition.id

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.definition.name

    @property
    def organization_id(self) -> str:
        """The organization that it belongs to."""
        return self.definition.organization_id

    @property
    def status(self) -> AgentStatus | None:
        """Whether it can be used."""
        return self.definition.status

    @property
    def version(self) -> int | None:
        """Which version of it this is."""
        return self.definition.version

    @property
    def tools(self) -> list[AgentTool]:
        """The tools that the platform runs for it; `get_tools` gives them in a provider's form."""
        return list(self.definition.tools or ())

    @property
    def configuration(self) -> Configuration:
        """Who calls, and which platform."""
        return self._driven.platform.configuration

    @property
    def access_scope(self) -> AgentAccessScope | None:
        """Who may use it."""
        return self.definition.access_scope

    @property
    def graph(self) -> Graph:
        """The nodes that a task goes through. Changes here count for tasks that begin after them.

        They say how tools are set up, and a model is told which tool comes after which.
        """
        return Graph(self)

    def retrieve_node_from_graph(self, item_id: str) -> GraphItem | None:
        """Return the node that stands for a tool or an agent, or None."""
        return self.graph.find_node_by_item_id(item_id)

    @property
    def instructions(self) -> AgentInstructions:
        """What it is told to be and to do. Changes here count for tasks that begin after them."""
        if self.definition.instructions is None:
            self.definition.instructions = AgentInstructions()
        return self.definition.instructions

    @property
    def memory_strategy(self) -> MemoryStrategy | str:
        """Which view of a thread it gets. A change counts for this script's next look.

        One that this release does not know comes as the platform wrote it.
        """
        given = self.definition.memory_strategy or "full"
        return MemoryStrategy(given) if given in set(MemoryStrategy) else given

    @memory_strategy.setter
    def memory_strategy(self, strategy: MemoryStrategy | str) -> None:
        self.definition.memory_strategy = str(strategy)

    def sync(self) -> Agent:
        """Load what the platform has of the agent now; return this agent.

        What the script has put into the graph stays, as do its own tools, its task and the selected
        provider. Scripts for version 1.x deploy the agent with this; here there is nothing to
        deploy.

        Raises:
            ModuleException: Anything that may go wrong.
        """
        return drive(self._sync())

    async def async_(self) -> Agent:
        """As `sync`."""
        return await adrive(self._sync())

    def _sync(self) -> Steps[Agent]:
        agents = self._driven.platform.agents
        loaded = yield from ask(agents.get, agents.aget, self.id, self._driven.version)
        known = {node.id for node in loaded.graph or ()}
        added = [node for node in self.definition.graph or () if node.id not in known]
        loaded.graph = [*(loaded.graph or ()), *added]
        self._driven.definition = loaded
        return self

    # How it is driven ----------------------------------------------------------------------------

    @property
    def llm_provider(self) -> LLMProvider:
        """The provider whose form `messages` and `get_tools` have."""
        return self._driven.provider

    def select_llm_provider(self, llm_provider: LLMProvider | str) -> None:
        """Choose the provider whose form `messages` and `get_tools` have; it stays chosen.

        Raises:
            ArgumentError: there is no such provider.
        """
        self._driven.provider = provider(llm_provider)

    @property
    def max_turns(self) -> int:
        """How many answers in a row may call no tool before `is_finished` raises; 50 at first."""
        return self._driven.max_turns

    @max_turns.setter
    def max_turns(self, turns: int) -> None:
        if turns < 1:
            raise ArgumentError("max_turns: expected 1 or more")
        self._driven.max_turns = turns

    @property
    def tool_choice(self) -> Literal["required", "auto"]:
        """What to ask a model for: a tool in each answer, as long as a tool ends the task."""
        return "required" if self._driven.end_tool else "auto"

    @property
    def end_tool_enabled(self) -> bool:
        """Whether the model ends the task, with a tool of its own."""
        return self._driven.end_tool

    def enable_agent_end_tool(self) -> None:
        """Let the model end the task; so it is at first."""
        self._driven.end_tool = True

    def disable_agent_end_tool(self) -> None:
        """Take the tool that ends the task from the model: `stop_execution` ends it then."""
        self._driven.end_tool = False

    @property
    def user_details(self) -> UserDetails | None:
        """The person that tasks are for."""
        return self._driven.user

    def update_user_details(self, user_details: UserDetails | Mapping[str, Any]) -> None:
        """Say for whom the tasks are that begin after this. Nothing is sent before that.

        A dict may have `id`, `first_name`, `last_name`, `email`, `additional_attributes`, and
        `user_id` and `name` in place of the first two.

        Raises:
            ArgumentError: there is no id, or something else in it.
        """
        if isinstance(user_details, Mapping):
            given = dict(user_details)
            if "user_id" in given:
                given["id"] = given.pop("user_id")
            if "name" in given:
                given["first_name"] = given.pop("name")
            try:
                user_details = UserDetails(**given)
            except TypeError as error:
                raise ArgumentError(f"user_details: {error}") from None
        self._driven.user = user_details

    def on_delegation(self, loop: Callable[[Agent], Any] | None) -> None:
        """Say how this script drives tasks that the agent hands to other agents.

        `loop` is called with another `Agent` object, whose task is set, and returns when that is
        finished; its result becomes the tool's. It may be async where `arun_tools` is used. Without
        one, workers of the other agent carry such a task out.
        """
        self._driven.delegate = None if loop is None else _driver(loop)

    # Tasks ---------------------------------------------------------------------------------------

    def add_task(
        self,
        input: str = "",
        thread_id: str | None = None,
        files: Sequence[str | Mapping[str, Any]] | None = None,
        use_worker: bool = True,
    ) -> Execution:
        """Create a task for the agent, and turn to it.

        Args:
            input: What is asked.
            thread_id: The thread of an earlier task, of whichever agent, to go on from. Its
                messages stay; this agent's instructions and the input are put behind them.
            files: Addresses, or dicts with a `name` and a base64 `content`.
            use_worker: Whether a worker may take the task. Then it belongs to whoever moves first:
                a connected worker, or this script, at its first `is_finished()` or `messages`.

        Returns:
            The execution, which is `agent.execution` from now on.

        Raises:
            ArgumentError: a file has no name or no proper content.
            ModuleException: Anything else that may go wrong.
        """
        return drive(self._add_task(input, thread_id, files, use_worker))

    async def aadd_task(
        self,
        input: str = "",
        thread_id: str | None = None,
        files: Sequence[str | Mapping[str, Any]] | None = None,
        use_worker: bool = True,
    ) -> Execution:
        """As `add_task`."""
        return await adrive(self._add_task(input, thread_id, files, use_worker))

    def _add_task(
        self,
        input: str,
        thread_id: str | None,
        files: Sequence[str | Mapping[str, Any]] | None,
        use_worker: bool,
    ) -> Steps[Execution]:
        urls = task_files.addresses(files)
        task = yield from self._loop.add_task(input, thread_id, urls, use_worker=use_worker)
        return Execution(task)

    def invoke_agent(
        self,
        input: str = "",
        files: Sequence[str | Mapping[str, Any]] | None = None,
        use_worker: bool = True,
        thread_id: str | None = None,
    ) -> Execution:
        """Create a task as `add_task` does; early releases of version 1.x call it so."""
        return drive(self._add_task(input, thread_id, files, use_worker))

    async def ainvoke_agent(
        self,
        input: str = "",
        files: Sequence[str | Mapping[str, Any]] | None = None,
        use_worker: bool = True,
        thread_id: str | None = None,
    ) -> Execution:
        """As `invoke_agent`."""
        return await adrive(self._add_task(input, thread_id, files, use_worker))

    def init_task(self, execution: Mapping[str, Any] | Task | Execution) -> Execution:
        """Turn to a task that a worker has been given: in its handler, the script is the worker.

        Nothing is sent.

        Args:
            execution: The task, or its JSON as the platform sends it.

        Raises:
            ArgumentError: this is no task.
        """
        task = execution.task if isinstance(execution, Execution) else execution
        if not isinstance(task, Task):
            try:
                task = loads(dumps(dict(task)), Task)
            except (TypeError, ValueError) as error:
                raise ArgumentError(f"execution: {error}") from None
            task.configuration = self._driven.platform.configuration
        self._driven.current = DrivenTask(task, "", attempt=task.execution_attempts, claimed=True)
        return Execution(task)

    @property
    def execution(self) -> Execution | None:
        """The task, as the platform last described it; None before `add_task`."""
        at = self._driven.current
        return None if at is None else Execution(at.task)

    def is_finished(self) -> bool:
        """Tell whether the loop is over: the model ended the task, or the platform says that it
        ended.

        The first call takes the task for this script and begins its thread; each one after that
        asks the platform once at most. If a worker was faster, the call returns when the worker is
        done.

        Returns:
            True when the task is completed, failed or stopped, or waits for a person.

        Raises:
            ArgumentError: there is no task.
            TurnLimitError: the model gave `max_turns` answers in a row that called no tool.
            ModuleException: Anything else that may go wrong.
        """
        return drive(self._loop.check_finished())

    async def ais_finished(self) -> bool:
        """As `is_finished`."""
        return await adrive(self._loop.check_finished())

    def get_execution_status(self) -> Execution:
        """Return the task as it is now; its `status` is PENDING, RUNNING, COMPLETED or FAILED."""
        return Execution(drive(self._loop.status()))

    async def aget_execution_status(self) -> Execution:
        """As `get_execution_status`."""
        return Execution(await adrive(self._loop.status()))

    def retrieve_execution_result(self, timeout: float | None = None) -> Execution:
        """Wait until the task is over, and give its outcome.

        Args:
            timeout: How long to wait, in seconds; without end when None.

        Returns:
            The execution at its end: `result` if it is COMPLETED, `error` if it FAILED, and
            `thread_id` to go on from it.

        Raises:
            ArgumentError: there is no task.
            WaitTimeoutError: it is not over in time; it goes on.
            ModuleException: Anything else that may go wrong.
        """
        return Execution(drive(self._loop.wait_for_end(timeout)))

    async def aretrieve_execution_result(self, timeout: float | None = None) -> Execution:
        """As `retrieve_execution_result`."""
        return Execution(await adrive(self._loop.wait_for_end(timeout)))

    def list_executions(self) -> list[ListedExecution]:
        """List the agent's tasks, the newest first."""
        return drive(self._list_executions())

    async def alist_executions(self) -> list[ListedExecution]:
        """As `list_executions`."""
        return await adrive(self._list_executions())

    def _list_executions(self) -> Steps[list[ListedExecution]]:
        tasks = self._driven.platform.tasks
        items = yield from ask(tasks.list, tasks.alist, self.id)
        return [ListedExecution(item) for item in items]

    def get_execution(self, execution_id: str) -> Execution:
        """Fetch a task by its id; `agent.execution` stays what it is.

        Raises:
            NotFoundError: there is no such task.
        """
        return drive(self._get_execution(execution_id))

    async def aget_execution(self, execution_id: str) -> Execution:
        """As `get_execution`."""
        return await adrive(self._get_execution(execution_id))

    def _get_execution(self, execution_id: str) -> Steps[Execution]:
        tasks = self._driven.platform.tasks
        return Execution((yield from ask(tasks.get, tasks.aget, execution_id)))

    def stop(self) -> None:
        """Stop the task, on the platform too: it ends as FAILED, and `is_finished()` is true."""
        drive(self._loop.stop())

    async def astop(self) -> None:
        """As `stop`."""
        await adrive(self._loop.stop())

    def stop_execution(self, is_success: bool, result: str = "") -> None:
        """End the task with a result, as the model would: the thread says so, too."""
        drive(self._loop.end(result, is_success=is_success))

    async def astop_execution(self, is_success: bool, result: str = "") -> None:
        """As `stop_execution`."""
        await adrive(self._loop.end(result, is_success=is_success))

    # The thread ----------------------------------------------------------------------------------

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The thread, in the form of the selected provider; a new list each time.

        Only what is not known yet is read from the platform.

        Raises:
            TaskHeldError: a worker has the task, so it is not for this script to ask a model.
        """
        return drive(self._loop.conversation.list_messages())

    async def amessages(self) -> list[dict[str, Any]]:
        """As `messages`."""
        return await adrive(self._loop.conversation.list_messages())

    @property
    def memory(self) -> Memory:
        """The task's thread."""
        return drive(self._memory())

    async def amemory(self) -> Memory:
        """As `memory`."""
        return await adrive(self._memory())

    def _memory(self) -> Steps[Memory]:
        copy = yield from self._loop.conversation.open_thread()
        return Memory(self._driven, self._loop.conversation, copy.id)

    def add_messages(self, messages: Any) -> None:
        """Put a model's answer behind the thread's last message, or messages of your own.

        Args:
            messages: What the provider's client returned, as an object or a dict, or one message,
                or a list of messages. It is not changed.

        Raises:
            ArgumentError: this is no answer of a provider that is known, and no message.
        """
        drive(self._loop.conversation.add_messages(messages))

    async def aadd_messages(self, messages: Any) -> None:
        """As `add_messages`."""
        await adrive(self._loop.conversation.add_messages(messages))

    def add_tool_call_results(self, tool_call_results: Sequence[ToolCallResult]) -> None:
        """Tell the model what tools gave that this script ran itself."""
        drive(self._loop.conversation.add_results(tool_call_results))

    async def aadd_tool_call_results(self, tool_call_results: Sequence[ToolCallResult]) -> None:
        """As `add_tool_call_results`."""
        await adrive(self._loop.conversation.add_results(tool_call_results))

    def retrieve_threads_list(self) -> list[MemoryThread]:
        """List the threads of the user with this agent, the newest first.

        Raises:
            ArgumentError: no user is known; `update_user_details` says who it is.
        """
        return drive(self._retrieve_threads_list())

    async def aretrieve_threads_list(self) -> list[MemoryThread]:
        """As `retrieve_threads_list`."""
        return await adrive(self._retrieve_threads_list())

    def _retrieve_threads_list(self) -> Steps[list[MemoryThread]]:
        if self._driven.user is None:
            raise ArgumentError(
                "User details required for listing threads. Use agent.update_user_details first "
                "(user must have an ID)."
            )
        threads = self._driven.platform.threads
        items = yield from ask(
            threads.list_user_threads, threads.alist_user_threads, self._driven.user.id, self.id
        )
        return [
            MemoryThread(item.thread_id, item.created_at, item.name, item.metadata or {})
            for item in items
        ]

    # Tools ---------------------------------------------------------------------------------------

    def get_tools(
        self, llm_provider: LLMProvider | str | None = None, *, return_all_tools: bool = True
    ) -> list[dict[str, Any]]:
        """Return the tools that a model may call, in a provider's form: the script's own ones
        first.

        Args:
            llm_provider: Whose form; that of the selected provider when None.
            return_all_tools: Changes nothing: no tool depends on another one's call.
        """
        chosen = self.llm_provider if llm_provider is None else provider(llm_provider)
        return tools_for(self._driven.tools, chosen)

    def retrieve_all_graph_tools(
        self, llm_provider: LLMProvider | str | None = None
    ) -> list[dict[str, Any]]:
        """Return the tools that the platform runs, as `get_tools` does, without the script's own.

        Early releases of version 1.x have it.
        """
        chosen = self.llm_provider if llm_provider is None else provider(llm_provider)
        own = {each.tool.name for each in self._driven.local}
        return tools_for([tool for tool in self._driven.tools if tool.name not in own], chosen)

    def retrieve_agentic_interfaces(
        self, ignore_cache: bool | None = None
    ) -> list[AgenticInterface]:
        """Return the interfaces that the agent has tools of.

        There is no catalog of tools that it could be given: it has those that are described where
        it is configured.

        Args:
            ignore_cache: Changes nothing: `sync` loads what the platform has of the agent now.

        Raises:
            ArgumentError: the agent has no tools.
        """
        return list_interfaces(self.definition)

    def retrieve_agentic_operations(
        self, agentic_interface: AgenticInterface, ignore_cache: bool | None = None
    ) -> list[AgenticOperation]:
        """Return the agent's tools that belong to an interface.

        Args:
            agentic_interface: The interface.
            ignore_cache: Changes nothing: `sync` loads what the platform has of the agent now.
        """
        return list_operations(self.definition, agentic_interface)

    def attach_operations(self, operations: Iterable[AgenticOperation]) -> None:
        """Make sure that the agent has these tools, which `retrieve_agentic_operations` gave.

        Raises:
            ArgumentError: it lacks one; the message says where tools are given to it.
        """
        check_attached(self.definition, operations)

    def add_local_tools(self, tools: Iterable[Callable[..., Any] | Mapping[str, Any]]) -> None:
        """Offer the model tools that run in this script, in the place of those given before.

        Args:
            tools: Functions, described by their signatures and docstrings, which `run_tools` calls
                with what their annotations say; or OpenAI-shaped dicts, whose calls the script
                carries out itself (`retrieve_pending_local_tool_calls`, `add_tool_call_results`).

        Raises:
            ArgumentError: one is neither, or two have one name.
        """
        self._driven.local = local_tools(tools)

    @property
    def has_local_tools(self) -> bool:
        """Whether there are tools that run in this script."""
        return bool(self._driven.local)

    def extract_tool_calls(
        self, llm_response: Any, llm_provider: LLMProvider | str | None = None
    ) -> list[ToolCall]:
        """Read the tool calls in a model's answer; see `XpanderClient.extract_tool_calls`."""
        chosen = self.llm_provider if llm_provider is None else provider(llm_provider)
        return tool_calls_in(llm_response, chosen)

    def retrieve_pending_local_tool_calls(self, tool_calls: Sequence[ToolCall]) -> list[ToolCall]:
        """Return the calls that this script has to carry out itself."""
        return pending_local_tool_calls(tool_calls)

    def run_tool(
        self,
        tool: ToolCall,
        payload_extension: Mapping[str, Any] | None = None,
        is_multiple: bool | None = None,
    ) -> ToolCallResult:
        """Run one tool call; see `run_tools`.

        Raises:
            ArgumentError: the call is one that only the script itself can carry out.
        """
        return drive(self._run_tool(tool, payload_extension))

    async def arun_tool(
        self,
        tool: ToolCall,
        payload_extension: Mapping[str, Any] | None = None,
        is_multiple: bool | None = None,
    ) -> ToolCallResult:
        """As `run_tool`."""
        return await adrive(self._run_tool(tool, payload_extension))

    def _run_tool(
        self, tool: ToolCall, payload_extension: Mapping[str, Any] | None
    ) -> Steps[ToolCallResult]:
        results = yield from self._loop.tools.run([tool], payload_extension)
        if not results:
            raise ArgumentError(
                f"{tool.name} has no function here: carry it out, and hand in what came of it with "
                "add_tool_call_results"
            )
        return results[0]

    def run_tools(
        self,
        tool_calls: Sequence[ToolCall],
        payload_extension: Mapping[str, Any] | None = None,
    ) -> list[ToolCallResult]:
        """Run tool calls at the same time, and tell the model what they gave.

        A tool that fails gives a result with `is_error`, its status and the error's text; so does
        one that could not be reached, and one whose arguments the model did not write properly.
        Nothing that is passed in is changed. Before `add_task` tools run for nobody: their results
        are returned, and no thread is told of them.

        Args:
            tool_calls: The calls, as `extract_tool_calls` gives them.
            payload_extension: Merged into the payload of each, as `{"bodyParams": {…}}`.

        Returns:
            The results, in the order of the calls. Calls that only the script can carry out are
            left out.

        Raises:
            ArgumentError: a function is async and this is not `arun_tools`.
            TaskHeldError: a worker has the task.
            ModuleException: Anything else that may go wrong.
        """
        return drive(self._loop.tools.run(tool_calls, payload_extension))

    async def arun_tools(
        self,
        tool_calls: Sequence[ToolCall],
        payload_extension: Mapping[str, Any] | None = None,
    ) -> list[ToolCallResult]:
        """As `run_tools`."""
        return await adrive(self._loop.tools.run(tool_calls, payload_extension))

    # Reports -------------------------------------------------------------------------------------

    def report_llm_usage(
        self,
        llm_response: Any,
        duration: float = 0,
        llm_provider: LLMProvider | str | None = None,
        source_node_type: str = "sdk",
        *,
        llm_inference_duration: float | None = None,
    ) -> None:
        """Report what one answer of a model took. A platform that fails here is only logged.

        Args:
            llm_response: The answer, which says how many tokens were read and written.
            duration: How long it took, in seconds.
            llm_provider: Who answered; the selected provider when None.
            source_node_type: How the task was submitted, for example by the SDK or a webhook.
            llm_inference_duration: Another name of `duration`.

        Raises:
            ArgumentError: the answer does not say what it took.
        """
        took = duration if llm_inference_duration is None else llm_inference_duration
        drive(self._report_llm_usage(llm_response, took, llm_provider, source_node_type))

    async def areport_llm_usage(
        self,
        llm_response: Any,
        duration: float = 0,
        llm_provider: LLMProvider | str | None = None,
        source_node_type: str = "sdk",
        *,
        llm_inference_duration: float | None = None,
    ) -> None:
        """As `report_llm_usage`."""
        took = duration if llm_inference_duration is None else llm_inference_duration
        await adrive(self._report_llm_usage(llm_response, took, llm_provider, source_node_type))

    def _report_llm_usage(
        self,
        llm_response: Any,
        duration: float,
        llm_provider: LLMProvider | str | None,
        source_node_type: str,
    ) -> Steps[None]:
        usage = read_usage(llm_response)
        chosen = self.llm_provider if llm_provider is None else provider(llm_provider)
        agents = self._driven.platform.agents
        try:
            yield from ask(
                agents.report_llm_usage,
                agents.areport_llm_usage,
                self.id,
                provider=chosen.value,
                model=usage.model,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                total_tokens=usage.total_tokens,
                duration=duration,
                finish_reason=usage.finish_reason,
                source_node_type=source_node_type,
                function_name=[],
            )
        except CallError as error:
            _logger.warning("the usage of a model was not reported: %s", error)

    def report_execution_metrics(
        self, llm_tokens: Tokens, ai_model: str = "Unknown", source_node_type: str = "sdk"
    ) -> None:
        """Report what models took for the task. A platform that fails here is only logged.

        Args:
            llm_tokens: The tokens, on the platform and here.
            ai_model: The model that answered.
            source_node_type: How the task was submitted, for example by the SDK or a webhook.
        """
        drive(self._report_execution_metrics(llm_tokens, ai_model, source_node_type))

    async def areport_execution_metrics(
        self, llm_tokens: Tokens, ai_model: str = "Unknown", source_node_type: str = "sdk"
    ) -> None:
        """As `report_execution_metrics`."""
        await adrive(self._report_execution_metrics(llm_tokens, ai_model, source_node_type))

    def _report_execution_metrics(
        self, llm_tokens: Tokens, ai_model: str, source_node_type: str
    ) -> Steps[None]:
        at = self._driven.driven_task
        tasks = self._driven.platform.tasks
        user = self._driven.user
        try:
            task = yield from self._loop.status()
            yield from ask(
                tasks.report_metrics,
                tasks.areport_metrics,
                agent_id=self.id,
                execution_id=task.id,
                source=source_node_type,
                memory_thread_id=task.memory_thread_id or task.id,
                task=task.input.text or "",
                status=str(task.status),
                duration=task.duration or 0.0,
                ai_model=ai_model,
                sub_executions=task.sub_executions or [],
                triggered_by="Unknown" if user is None else user.label,
                skills=[],
                worker=at.worker_id,
                ai_employee_id="",
                api_calls_made=list(at.calls_made),
                result=task.result or "",
                llm_tokens=llm_tokens.on_the_wire(),
            )
        except CallError as error:
            _logger.warning("the metrics of task %s were not reported: %s", at.task.id, error)

    def __repr__(self) -> str:
        return f"<legacy.Agent {self.id!r}, {self.name!r}>"


refuse_attributes(
    Agent,
    "delegation_end_strategy",
    "delegation_type",
    "execution_memory",
    "get_by_id",
    "has_mcp_servers",
    "knowledge_bases",
    "load",
    "local_tools",
    "memory_type",
    "oas",
    "prompts",
    "ready",
    "source_node_type",
    "source_nodes",
    "update",
    "url",
    "vanilla_knowledge_bases",
)


def _driver(drive_task: Callable[[Agent], Any]) -> Callable[[DrivenAgent], Any]:
    """Wrap a script's loop as a function of ours, sync or async as the script's is."""
    if is_async(drive_task):

        async def adriver(driven: DrivenAgent) -> Any:
            return await drive_task(Agent(driven))

        return adriver
    return lambda driven: drive_task(Agent(driven))


def load_agent(platform: PlatformResources, agent_id: str, version: int | None) -> Steps[Agent]:
    """Return the agent of an id."""
    agents = platform.agents
    # The first version has no number on the wire.
    numbered = version if version is not None and version >= 2 else None
    definition = yield from ask(agents.get, agents.aget, agent_id, numbered)
    return Agent(DrivenAgent(platform, definition, numbered))

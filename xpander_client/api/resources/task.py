"""`Task`: data of the platform, with the calls that concern it."""

from __future__ import annotations

import builtins
import datetime
from collections.abc import AsyncGenerator, Generator
from typing import Any, Self

import attrs

from xpander_client.configuration import Configuration
from xpander_client.core.model import WorkResult
from xpander_client.core.prompts.attachments import TaskFiles
from xpander_client.core.prompts.message import TaskMessage
from xpander_client.core.stop_request import StopRequest
from xpander_client.errors import ArgumentError
from xpander_client.lacking import refuse_attributes
from xpander_client.transport import TrackedObject, Transport

from .. import models
from ..models.agent_execution_status import AgentExecutionStatus, AgentExecutionStatusLiteral
from ..models.conversation_kind import ConversationKind
from ..models.llm_reasoning_effort import LLMReasoningEffort
from ..models.output_format import OutputFormat
from ..models.source_node_type import SourceNodeType
from ..models.think_mode import ThinkMode
from ..requests import tasks as tasks_requests


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Task(TaskMessage, TaskFiles, StopRequest, TrackedObject):
    """One piece of work for an agent: what is asked, where it stands, and what came out.

    Calls on the task change this object to what the platform answers. Fields set here are kept back
    until `save`, which sends only those that changed.
    """

    id: str
    """The task's id."""
    agent_id: str
    """The agent that works on it."""
    organization_id: str
    """The organization that it belongs to."""
    input: models.AgentExecutionInput
    """The prompt."""
    created_at: datetime.datetime
    """When it was created."""
    status: AgentExecutionStatus | None = None
    """The current status."""
    internal_status: str | None = attrs.field(
        default=None, metadata={"bounds": {"maxLength": 255, "pattern": "^[^\\u0000]*$"}}
    )
    """The platform's own name for the current status."""
    last_executed_node_id: str | None = None
    """The node of the agent's graph that ran last."""
    agent_version: str | int | None = None
    """The version of the agent that works on it."""
    started_at: datetime.datetime | None = None
    """When a worker started it."""
    paused_at: datetime.datetime | None = None
    """When it was paused."""
    finished_at: datetime.datetime | None = None
    """When it ended."""
    result: WorkResult = None
    """The result, or the error's message."""
    parent_execution: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The task that started this one."""
    conversation_id: str | None = None
    """The conversation that it is a turn of."""
    memory_thread_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The thread that its messages are kept in."""
    conversation_kind: ConversationKind | None = None
    """On the first task of a conversation: how it is led."""
    sub_executions: list[str] | None = None
    """The tasks that it started."""
    should_update_parent: bool | None = None
    """Whether the parent task is notified when it ends."""
    is_manually_stopped: bool | None = None
    """Whether it was stopped on request."""
    payload_extension: dict[str, Any] | None = None
    """Extra fields for the payload of each tool call."""
    execution_kind: str | None = None
    """`turn`, or `resident` for a process that goes on until the agent ends it."""
    hitl_request: models.HumanInTheLoopRequest | None = None
    """What a paused task is waiting for."""
    pending_eca_request: models.PendingECARequest | None = None
    """The authorization that it waits for."""
    source: SourceNodeType | str | None = None
    """How the task was submitted, for example by the SDK or a webhook."""
    voice_id: str | None = None
    """The voice of a spoken result."""
    output_format: OutputFormat | None = None
    """The format of the result."""
    output_schema: dict[str, Any] | None = None
    """The JSON Schema of a JSON result."""
    events_streaming: bool | None = None
    """Whether the task's events can be streamed."""
    is_orchestration: bool | None = None
    """Whether it runs a workflow of agents."""
    is_gateway: bool | None = None
    """Whether it is the first task of a conversation."""
    is_app: bool | None = None
    """Whether it was started by an app."""
    background_auth_eligible: bool | None = None
    """Whether it may ask for authorizations while it runs."""
    additional_context: str | None = None
    """Context for the agent in addition to the prompt."""
    tool_call_limit: int | None = None
    """The maximum number of tool calls; overrides the agent's limit."""
    instructions_override: str | None = None
    """Instructions added to the agent's own."""
    test_run_node_id: str | None = None
    """The only node of a workflow to run, for trying it."""
    user_oidc_token: str | None = attrs.field(default=None, repr=False)
    """A token of the user, for servers that want one."""
    expected_output: str | None = None
    """A description of a good result."""
    mcp_servers: list[models.MCPServerDetails] | None = None
    """Servers of tools that it may use."""
    triggering_agent_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The agent that triggered it."""
    title: str | None = None
    """A short name for lists."""
    think_mode: ThinkMode | None = None
    """The agent's thinking mode."""
    disable_attachment_injection: bool | None = None
    """Whether to keep the files out of the model's context."""
    user_tokens: dict[str, Any] | None = attrs.field(default=None, repr=False)
    """The user's tokens for servers of tools."""
    deep_planning: models.DeepPlanning | None = None
    """The task's plan."""
    must_deep_plan: bool | None = None
    """Whether the agent must plan before it works."""
    execution_attempts: int | None = attrs.field(
        default=None, metadata={"bounds": {"minimum": 0, "maximum": 2147483647}}
    )
    """How often a worker has begun it. A worker's writes carry the attempt it holds."""
    progress: models.TaskProgress | None = None
    """The progress, as reported by the worker."""
    return_metrics: bool | None = None
    """Whether the answer includes the resources that the task used."""
    llm_model_provider: str | None = None
    """The provider of the model, instead of the agent's."""
    llm_model_name: str | None = None
    """The model, instead of the agent's."""
    llm_reasoning_effort: LLMReasoningEffort | None = None
    """The model's reasoning effort; overrides the agent's setting."""
    harness_cli: str | None = None
    """For agents that run a command line tool: which."""
    permission_mode: str | None = None
    """For the same agents: `full`, or `gated` when a person approves each action."""
    tokens: models.Tokens | None = None
    """The tokens that models used for the task."""
    used_tools: list[str] | None = None
    """The tools that were called."""
    duration: float | None = attrs.field(
        default=None, metadata={"bounds": {"minimum": 0, "maximum": 100000000000}}
    )
    """The running time in seconds."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

    @classmethod
    def load(cls, task_id: str, configuration: Configuration | None = None) -> Self:
        """Get a task as it is now.

        Args:
            task_id: The task.
            configuration: Who calls, and which platform; read from the environment when None.

        Returns:
            The task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> print(task.result)
            north: 120, south: 80
        """
        transport = Transport.of(configuration)
        return transport.call(tasks_requests.get(task_id=task_id), cls).parsed

    @classmethod
    async def aload(cls, task_id: str, configuration: Configuration | None = None) -> Self:
        """Get a task as it is now.

        Args:
            task_id: The task.
            configuration: Who calls, and which platform; read from the environment when None.

        Returns:
            The task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> print(task.result)
            north: 120, south: 80
        """
        transport = Transport.of(configuration)
        return (await transport.acall(tasks_requests.get(task_id=task_id), cls)).parsed

    def reload(self) -> None:
        """Get the task's current state from the platform.

        Fields that were set here and not saved are lost.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.reload()
            >>> print(task.result)
            north: 120, south: 80
        """
        self._adopt(
            self._transport.call(tasks_requests.get(task_id=self.id), type(self)).parsed, None
        )

    async def areload(self) -> None:
        """Get the task's current state from the platform.

        Fields that were set here and not saved are lost.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> await task.areload()
            >>> print(task.result)
            north: 120, south: 80
        """
        self._adopt(
            (await self._transport.acall(tasks_requests.get(task_id=self.id), type(self))).parsed,
            None,
        )

    def save(self, with_deep_plan_update: bool = False) -> None:
        """Send the fields that were changed here to the platform.

        Fields that were not touched are not sent, so that two writers do not undo each other.

        Args:
            with_deep_plan_update: Whether to send `deep_planning` too, if it was changed.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.title = "Sales of January"
            >>> task.save()
            >>> print(task.status)
            completed
        """
        changes = self._changes()
        if not with_deep_plan_update:
            changes.pop("deep_planning", None)
        spec = tasks_requests.update_fields(task_id=self.id, fields=self._add_fencing(changes))
        self._adopt(self._transport.call(spec, type(self)).parsed, changes)

    async def asave(self, with_deep_plan_update: bool = False) -> None:
        """Send the fields that were changed here to the platform.

        Fields that were not touched are not sent, so that two writers do not undo each other.

        Args:
            with_deep_plan_update: Whether to send `deep_planning` too, if it was changed.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> task.title = "Sales of January"
            >>> await task.asave()
            >>> print(task.status)
            completed
        """
        changes = self._changes()
        if not with_deep_plan_update:
            changes.pop("deep_planning", None)
        spec = tasks_requests.update_fields(task_id=self.id, fields=self._add_fencing(changes))
        self._adopt((await self._transport.acall(spec, type(self))).parsed, changes)

    def set_status(
        self,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral,
        result: str | dict[str, Any] | builtins.list[Any] | None = None,
    ) -> None:
        """Change the task's status on the platform, and its result when one is given.

        Other fields that were changed here stay unsaved.

        Args:
            status: The current status.
            result: What came out, or the error's text. What is no text is kept as its JSON.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.set_status(
            ...     status=AgentExecutionStatus.Completed, result="north: 120, south: 80"
            ... )
            >>> print(task.status)
            completed
        """
        fields: dict[str, Any] = {"status": status}
        if result is not None:
            fields["result"] = result
        spec = tasks_requests.update_fields(task_id=self.id, fields=self._add_fencing(fields))
        self._adopt(self._transport.call(spec, type(self)).parsed, fields)

    async def aset_status(
        self,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral,
        result: str | dict[str, Any] | builtins.list[Any] | None = None,
    ) -> None:
        """Change the task's status on the platform, and its result when one is given.

        Other fields that were changed here stay unsaved.

        Args:
            status: The current status.
            result: What came out, or the error's text. What is no text is kept as its JSON.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> await task.aset_status(
            ...     status=AgentExecutionStatus.Completed, result="north: 120, south: 80"
            ... )
            >>> print(task.status)
            completed
        """
        fields: dict[str, Any] = {"status": status}
        if result is not None:
            fields["result"] = result
        spec = tasks_requests.update_fields(task_id=self.id, fields=self._add_fencing(fields))
        self._adopt((await self._transport.acall(spec, type(self))).parsed, fields)

    def stop(self) -> None:
        """Stop the task.

        One that has not started never will; one that is running is told to stop. One that is
        finished stays as it is.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.stop()
            >>> print(task.status)
            stopped
        """
        self._adopt(self._transport.call(tasks_requests.stop(task_id=self.id), type(self)).parsed)

    async def astop(self) -> None:
        """Stop the task.

        One that has not started never will; one that is running is told to stop. One that is
        finished stays as it is.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> await task.astop()
            >>> print(task.status)
            stopped
        """
        self._adopt(
            (await self._transport.acall(tasks_requests.stop(task_id=self.id), type(self))).parsed
        )

    def events(
        self, *, last_event_id: str | None = None
    ) -> Generator[models.TaskUpdateEvent, None, None]:
        """Follow the task's events as they happen, from the first to the last.

        Events that happened before the call come first. The stream is over after `task_finished`;
        one that breaks earlier is resumed where it broke, so that no event is lost or comes twice.

        Args:
            last_event_id: Only events after this one, as a stream that broke names its last one. An
                id that the task has no event of (yet) is answered with a `gap` and all events.

        Yields:
            Each TaskUpdateEvent when it arrives.

        Raises:
            ArgumentError: (a ValueError) the task does not stream events; create it with
                events_streaming=True.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> for event in task.events():
            ...     print(event.type)
            connected
            task_created
            chunk
            task_finished
        """
        if not self.events_streaming:
            raise ArgumentError(
                "the task does not stream events; create it with events_streaming=True"
            )
        from . import streams

        return self._transport.stream(
            tasks_requests.events(task_id=self.id, last_event_id=last_event_id),
            streams.task_update_event(self.id),
            streams.is_last_task_update_event,
        )

    def aevents(
        self, *, last_event_id: str | None = None
    ) -> AsyncGenerator[models.TaskUpdateEvent, None]:
        """Follow the task's events as they happen, from the first to the last.

        Events that happened before the call come first. The stream is over after `task_finished`;
        one that breaks earlier is resumed where it broke, so that no event is lost or comes twice.

        Args:
            last_event_id: Only events after this one, as a stream that broke names its last one. An
                id that the task has no event of (yet) is answered with a `gap` and all events.

        Yields:
            Each TaskUpdateEvent when it arrives.

        Raises:
            ArgumentError: (a ValueError) the task does not stream events; create it with
                events_streaming=True.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> async for event in task.aevents():
            ...     print(event.type)
            connected
            task_created
            chunk
            task_finished
        """
        if not self.events_streaming:
            raise ArgumentError(
                "the task does not stream events; create it with events_streaming=True"
            )
        from . import streams

        return self._transport.astream(
            tasks_requests.events(task_id=self.id, last_event_id=last_event_id),
            streams.task_update_event(self.id),
            streams.is_last_task_update_event,
        )

    def wait_finished(self, timeout: float | None = None) -> Self:
        """Wait until the task is over.

        Follows the task's events, or asks for its status now and then when it streams none. The
        task that is returned is this one, as it is at its end.

        Args:
            timeout: How long to wait, in seconds; without end when None.

        Returns:
            This object, as it is when it is over.

        Raises:
            WaitTimeoutError: It was not over in time; it goes on.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task = task.wait_finished(timeout=60)
            >>> print(task.status)
            completed
        """
        from . import streams

        stream = tasks_requests.events(task_id=self.id) if self.events_streaming else None
        found = self._transport.wait_finished(
            stream,
            tasks_requests.get(task_id=self.id),
            type(self),
            streams.task_update_event(self.id),
            streams.is_last_task_update_event,
            lambda found: found.status is not None and found.status.is_terminal,
            timeout,
        )
        self._adopt(found)
        return self

    async def await_finished(self, timeout: float | None = None) -> Self:
        """Wait until the task is over.

        Follows the task's events, or asks for its status now and then when it streams none. The
        task that is returned is this one, as it is at its end.

        Args:
            timeout: How long to wait, in seconds; without end when None.

        Returns:
            This object, as it is when it is over.

        Raises:
            WaitTimeoutError: It was not over in time; it goes on.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> task = await task.await_finished(timeout=60)
            >>> print(task.status)
            completed
        """
        from . import streams

        stream = tasks_requests.events(task_id=self.id) if self.events_streaming else None
        found = await self._transport.await_finished(
            stream,
            tasks_requests.get(task_id=self.id),
            type(self),
            streams.task_update_event(self.id),
            streams.is_last_task_update_event,
            lambda found: found.status is not None and found.status.is_terminal,
            timeout,
        )
        self._adopt(found)
        return self

    def push_events(
        self, events: builtins.list[models.TaskUpdateEvent], execution_attempt: int | None = None
    ) -> None:
        """Add events to a task's stream.

        The events get the stream's next numbers, in the order given, and reach everyone who follows
        the task. With an attempt that is no longer the current one they are refused with 409. Each
        names the task and its organization. Types that are not listed are passed on, up to 200
        characters; `connected`, `gap` and `notification` are the platform's own to say.

        Args:
            events: The events to add, oldest first.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.push_events(events=[])
        """
        self._transport.call(
            tasks_requests.push_events(
                task_id=self.id, events=events, execution_attempt=execution_attempt
            ),
            None,
        )

    async def apush_events(
        self, events: builtins.list[models.TaskUpdateEvent], execution_attempt: int | None = None
    ) -> None:
        """Add events to a task's stream.

        The events get the stream's next numbers, in the order given, and reach everyone who follows
        the task. With an attempt that is no longer the current one they are refused with 409. Each
        names the task and its organization. Types that are not listed are passed on, up to 200
        characters; `connected`, `gap` and `notification` are the platform's own to say.

        Args:
            events: The events to add, oldest first.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> await task.apush_events(events=[])
        """
        await self._transport.acall(
            tasks_requests.push_events(
                task_id=self.id, events=events, execution_attempt=execution_attempt
            ),
            None,
        )

    def notify(self, key: str, data: Any = None) -> models.TaskNotified:
        """Tell a task under way something that it waits for.

        Whoever runs the task gets it at once; one that is away gets it when it comes back. It is
        kept among the task's events, as a `task_updated` with a `notification`. A task that is
        finished waits for nothing: that is refused with 409.

        Args:
            key: The name of what the task waits for.
            data: The data to deliver.

        Returns:
            Whether it was delivered already.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> notified = task.notify(key="approval", data=True)
            >>> print(notified.delivered)
            True
        """
        return self._transport.call(
            tasks_requests.notify(task_id=self.id, key=key, data=data), models.TaskNotified
        ).parsed

    async def anotify(self, key: str, data: Any = None) -> models.TaskNotified:
        """Tell a task under way something that it waits for.

        Whoever runs the task gets it at once; one that is away gets it when it comes back. It is
        kept among the task's events, as a `task_updated` with a `notification`. A task that is
        finished waits for nothing: that is refused with 409.

        Args:
            key: The name of what the task waits for.
            data: The data to deliver.

        Returns:
            Whether it was delivered already.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> notified = await task.anotify(key="approval", data=True)
            >>> print(notified.delivered)
            True
        """
        return (
            await self._transport.acall(
                tasks_requests.notify(task_id=self.id, key=key, data=data), models.TaskNotified
            )
        ).parsed

    def delete(self, stop: bool | None = None, with_thread: bool | None = None) -> models.Removed:
        """Delete a task with its events, its result and its reports.

        The task is gone at once: whoever asks for it, or still writes to it, is told that there is
        no such task. One that is not finished is refused with 409, unless it may be stopped first;
        those who follow it see that it was stopped, and a worker that has it is told. Tasks that it
        started stay.

        Args:
            stop: Stop the task first, if it is not finished.
            with_thread: Delete the thread that it was talked about in as well.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> removed = task.delete(stop=True)
            >>> print(removed.tasks)
            1
        """
        return self._transport.call(
            tasks_requests.delete(task_id=self.id, stop=stop, with_thread=with_thread),
            models.Removed,
        ).parsed

    async def adelete(
        self, stop: bool | None = None, with_thread: bool | None = None
    ) -> models.Removed:
        """Delete a task with its events, its result and its reports.

        The task is gone at once: whoever asks for it, or still writes to it, is told that there is
        no such task. One that is not finished is refused with 409, unless it may be stopped first;
        those who follow it see that it was stopped, and a worker that has it is told. Tasks that it
        started stay.

        Args:
            stop: Stop the task first, if it is not finished.
            with_thread: Delete the thread that it was talked about in as well.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> removed = await task.adelete(stop=True)
            >>> print(removed.tasks)
            1
        """
        return (
            await self._transport.acall(
                tasks_requests.delete(task_id=self.id, stop=stop, with_thread=with_thread),
                models.Removed,
            )
        ).parsed

    def get_activity_log(self) -> models.AgentActivityThread:
        """Get what was said and done in a task, in order.

        Returns:
            The thread of the task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> thread = task.get_activity_log()
            >>> print(thread.id)
            task-1
        """
        return self._transport.call(
            tasks_requests.get_activity_log(agent_id=self.agent_id, task_id=self.id),
            models.AgentActivityThread,
        ).parsed

    async def aget_activity_log(self) -> models.AgentActivityThread:
        """Get what was said and done in a task, in order.

        Returns:
            The thread of the task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> thread = await task.aget_activity_log()
            >>> print(thread.id)
            task-1
        """
        return (
            await self._transport.acall(
                tasks_requests.get_activity_log(agent_id=self.agent_id, task_id=self.id),
                models.AgentActivityThread,
            )
        ).parsed

    def report_metrics(
        self,
        ai_model: str = "xpander",
        sub_executions: builtins.list[str] | None = None,
        triggered_by: str | None = None,
        skills: builtins.list[str] | None = None,
        worker: str | None = None,
        ai_employee_id: str | None = None,
    ) -> None:
        """Report what running the task took.

        Args:
            ai_model: The model that answered.
            sub_executions: The tasks that it started.
            triggered_by: The caller or system that triggered it.
            skills: The skills that were used.
            worker: The worker that ran it.
            ai_employee_id: The agent's id as an employee.

        Raises:
            ArgumentError: (a ValueError) the task has no tokens to report; set task.tokens first.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.load("task-1", configuration)
            >>> task.report_metrics()
        """
        if not self.tokens:
            raise ArgumentError("the task has no tokens to report; set task.tokens first")
        self._transport.call(
            tasks_requests.report_metrics(
                agent_id=self.agent_id,
                execution_id=self.id,
                source=self.source if self.source is not None else "sdk",
                memory_thread_id=self.id,
                task=self.input.text if self.input.text is not None else "",
                status=self.status if self.status is not None else "pending",
                duration=self.duration if self.duration is not None else 0.0,
                ai_model=ai_model,
                sub_executions=sub_executions,
                triggered_by=triggered_by,
                skills=skills,
                internal_status=self.internal_status,
                worker=worker,
                ai_employee_id=ai_employee_id,
                api_calls_made=self.used_tools,
                result=self.result,
                llm_tokens=models.ExecutionTokens(worker=self.tokens),
            ),
            None,
        )

    async def areport_metrics(
        self,
        ai_model: str = "xpander",
        sub_executions: builtins.list[str] | None = None,
        triggered_by: str | None = None,
        skills: builtins.list[str] | None = None,
        worker: str | None = None,
        ai_employee_id: str | None = None,
    ) -> None:
        """Report what running the task took.

        Args:
            ai_model: The model that answered.
            sub_executions: The tasks that it started.
            triggered_by: The caller or system that triggered it.
            skills: The skills that were used.
            worker: The worker that ran it.
            ai_employee_id: The agent's id as an employee.

        Raises:
            ArgumentError: (a ValueError) the task has no tokens to report; set task.tokens first.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.aload("task-1", configuration)
            >>> await task.areport_metrics()
        """
        if not self.tokens:
            raise ArgumentError("the task has no tokens to report; set task.tokens first")
        await self._transport.acall(
            tasks_requests.report_metrics(
                agent_id=self.agent_id,
                execution_id=self.id,
                source=self.source if self.source is not None else "sdk",
                memory_thread_id=self.id,
                task=self.input.text if self.input.text is not None else "",
                status=self.status if self.status is not None else "pending",
                duration=self.duration if self.duration is not None else 0.0,
                ai_model=ai_model,
                sub_executions=sub_executions,
                triggered_by=triggered_by,
                skills=skills,
                internal_status=self.internal_status,
                worker=worker,
                ai_employee_id=ai_employee_id,
                api_calls_made=self.used_tools,
                result=self.result,
                llm_tokens=models.ExecutionTokens(worker=self.tokens),
            ),
            None,
        )

    @classmethod
    def report_external_task(
        cls,
        configuration: Configuration | None = None,
        *,
        agent_id: str | None = None,
        id: str | None = None,
        input: str | None = None,
        llm_response: Any = None,
        tokens: models.Tokens | None = None,
        is_success: bool | None = None,
        result: str | None = None,
        duration: float | None = None,
        used_tools: builtins.list[str] | None = None,
    ) -> Self:
        """Report a task that was run elsewhere.

        The platform keeps it as a finished task of the agent: completed, or failed when it was no
        success.

        Args:
            configuration: Who calls, and which platform; read from the environment when None.
            agent_id: The agent. The configuration's `agent_id` when None.
            id: The task's id; a new one when there is none.
            input: The prompt.
            llm_response: The model's answer.
            tokens: The tokens that models used for the task.
            is_success: Whether it succeeded. The platform takes it for a success when not given.
            result: The result.
            duration: The running time in seconds.
            used_tools: The tools that were called.

        Returns:
            The task that stands for the report.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = Task.report_external_task(
            ...     configuration, agent_id="agent-sales", input="Sum up the sales", result="200"
            ... )
            >>> print(task.status)
            completed
        """
        transport = Transport.of(configuration)
        return transport.call(
            tasks_requests.report_external_task(
                agent_id=agent_id
                if agent_id is not None
                else transport.configuration.required("agent_id"),
                id=id,
                input=input,
                llm_response=llm_response,
                tokens=tokens,
                is_success=is_success,
                result=result,
                duration=duration,
                used_tools=used_tools,
            ),
            cls,
        ).parsed

    @classmethod
    async def areport_external_task(
        cls,
        configuration: Configuration | None = None,
        *,
        agent_id: str | None = None,
        id: str | None = None,
        input: str | None = None,
        llm_response: Any = None,
        tokens: models.Tokens | None = None,
        is_success: bool | None = None,
        result: str | None = None,
        duration: float | None = None,
        used_tools: builtins.list[str] | None = None,
    ) -> Self:
        """Report a task that was run elsewhere.

        The platform keeps it as a finished task of the agent: completed, or failed when it was no
        success.

        Args:
            configuration: Who calls, and which platform; read from the environment when None.
            agent_id: The agent. The configuration's `agent_id` when None.
            id: The task's id; a new one when there is none.
            input: The prompt.
            llm_response: The model's answer.
            tokens: The tokens that models used for the task.
            is_success: Whether it succeeded. The platform takes it for a success when not given.
            result: The result.
            duration: The running time in seconds.
            used_tools: The tools that were called.

        Returns:
            The task that stands for the report.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> task = await Task.areport_external_task(
            ...     configuration, agent_id="agent-sales", input="Sum up the sales", result="200"
            ... )
            >>> print(task.status)
            completed
        """
        transport = Transport.of(configuration)
        return (
            await transport.acall(
                tasks_requests.report_external_task(
                    agent_id=agent_id
                    if agent_id is not None
                    else transport.configuration.required("agent_id"),
                    id=id,
                    input=input,
                    llm_response=llm_response,
                    tokens=tokens,
                    is_success=is_success,
                    result=result,
                    duration=duration,
                    used_tools=used_tools,
                ),
                cls,
            )
        ).parsed


refuse_attributes(
    Task,
    "acompact_session_for_retry",
    "aget_plan_following_status",
    "get_attachment_plan",
    "get_audios",
    "get_media_texts",
    "get_plan_following_status",
    "get_videos",
    "mark_served_model",
    "metadata",
    "served_model",
    "session_id",
    "user_id",
)

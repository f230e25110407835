"""Tasks whose body an agent of the platform supplies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar, overload

from xpander_client.agents.bridges.task_events import read_event
from xpander_client.agents.contract.contract import BoundArguments, Contract
from xpander_client.agents.contract.decorator import AgentTask, TaskDecorator, make_decorator
from xpander_client.agents.contract.json_arguments import read_result, write_prompt
from xpander_client.agents.run.call import Call
from xpander_client.agents.run.cancellation import Cancellation, cancel_all, register_call
from xpander_client.agents.run.handlers import EventDelivery
from xpander_client.agents.state.config import connect_state
from xpander_client.agents.types.errors import AgentTaskError, TaskCancelled, TaskClarify, TaskFail
from xpander_client.agents.types.events import (
    BaseEvent,
    CancelledEvent,
    ClarifyEvent,
    FailEvent,
    SuccessEvent,
    TaskStartEvent,
)
from xpander_client.agents.types.tokens import StreamToken
from xpander_client.api.models import (
    AgentExecutionStatus,
    OutputFormat,
    TaskUpdateEvent,
    TaskUpdateEventType,
)
from xpander_client.api.resources import Task, Tasks
from xpander_client.configuration import Configuration
from xpander_client.core.steps import ask
from xpander_client.errors import ModuleException
from xpander_client.transport.drivers import adrive, drive

P = ParamSpec("P")
R = TypeVar("R")

_ENDS = (SuccessEvent, FailEvent, ClarifyEvent, CancelledEvent)


class RemoteAgent:
    """An agent of the platform whose tasks are defined as an `xpander_client.agents.Agent`'s are.

    A call creates a platform task: the prompt is what the task says and its arguments as JSON, the
    `output_schema` is the return type's, and `session` is the conversation; without one each call
    is a conversation of its own. Events and tokens are those of the task's stream. To cancel stops
    the platform's task.

    Example:
        >>> agent = RemoteAgent("agent-sales", configuration)
        >>> @agent.task
        ... def total(region: str) -> float:
        ...     '''The sales of a region, this year, in dollars.'''
        ...     raise NotImplementedError
        >>> total.__name__
        'total'
    """

    def __init__(self, agent_id: str, configuration: Configuration | None = None) -> None:
        self.name = agent_id
        self.configuration = configuration
        # It keeps nothing but who is to be cancelled.
        self.calls = connect_state()
        self._runner = _RemoteRunner(self)

    def __repr__(self) -> str:
        return f"<RemoteAgent {self.name!r}>"

    @overload
    def task(self, function: Callable[P, R], /) -> AgentTask[P, R]: ...
    @overload
    def task(self, primer: str | None = None, /) -> TaskDecorator: ...
    @overload
    def task(self, /, *, primer: str) -> TaskDecorator: ...

    def task(self, primer_or_function: Any = None, /, *, primer: str | None = None) -> Any:
        """Supply the body of a function, as `Agent.task` does.

        Raises:
            ArgumentError: The function can't be a task; it is a `ValueError`, too.

        What calls raise:
            TaskFail, TaskClarify: The agent gave up, or asks something.
            TaskCancelled: The task was stopped.
            OutputInvalid: The result is not of the task's type.
            ModuleException: What may go wrong with the calls to the platform.
        """
        function: Any = primer_or_function
        is_primer = function is None or isinstance(function, str)
        decorate: Any = make_decorator(
            self._runner,
            self.name,
            primer if primer is not None or not is_primer else function,
            setup=None,
            on_conflict="retry",
            max_conflict_retries=0,
        )
        return decorate if is_primer else decorate(function)


class _RemoteRunner:
    """Carries out tasks on the platform."""

    def __init__(self, agent: RemoteAgent) -> None:
        self._agent = agent

    def run(self, contract: Contract, bound: BoundArguments, outer: Call | None = None) -> Any:
        """Run the task, and return its result. `outer` is the call whose code makes this one."""
        call = _RemoteCall(self._agent, contract, bound, outer, None)
        try:
            return drive(call.steps())
        except BaseException:
            call.stop()
            raise
        finally:
            call.end()

    async def arun(
        self, contract: Contract, bound: BoundArguments, outer: Call | None = None
    ) -> Any:
        """Run the task, and return its result. `outer` is the call whose code makes this one."""
        home = asyncio.get_running_loop()
        call = _RemoteCall(self._agent, contract, bound, outer, home)
        try:
            return await adrive(call.steps())
        except BaseException:
            call.stop()
            raise
        finally:
            call.end()

    def cancel(self, contract: Contract, session: str) -> None:
        """Stop all calls of the task in the session, and the next one if there are none."""
        self._agent.calls.session(session, self._agent.name).cancel(contract.name)
        cancel_all((self._agent, contract.name, session))


class _RemoteCall:
    """One call: a task of the platform, from its creation to its end."""

    def __init__(
        self,
        agent: RemoteAgent,
        contract: Contract,
        bound: BoundArguments,
        outer: Call | None,
        home: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._agent = agent
        self._contract = contract
        self._bound = bound
        self._outer_path = "" if outer is None else outer.path
        self._path = agent.name if outer is None else f"{outer.path}/{agent.name}"
        self._owns_delivery = outer is None
        if outer is None:
            self._delivery = EventDelivery(bound.on_event, bound.on_token, home)
        else:
            self._delivery = outer.delivery
        self._cancellation = Cancellation(None if outer is None else outer.cancellation)
        self._branch = agent.calls.session(bound.session, agent.name).branch(contract.name)
        self._leave = register_call((agent, contract.name, bound.session), self._cancellation)
        self._task: Task | None = None
        self._is_over = False
        self._question: str | None = None

    def steps(self) -> Generator[Any, Any, Any]:
        """Describe the call as steps, sync and async."""
        contract, bound = self._contract, self._bound
        prompt = write_prompt(contract, bound.inputs)
        if self._branch.is_cancelled() or self._cancellation.is_requested:
            raise self._make_cancelled_error()
        tasks = Tasks(self._agent.configuration)
        is_text = contract.returns is str
        schema = None if is_text else contract.result_schema()
        create: dict[str, Any] = {
            "agent_id": self._agent.name,
            "prompt": prompt,
            "title": contract.name,
            "events_streaming": True,
            "output_schema": schema,
            "output_format": None if schema is None else OutputFormat.Json,
            "memory_thread_id": None if bound.session == "default" else bound.session,
        }
        create_it, acreate_it = partial(tasks.create, **create), partial(tasks.acreate, **create)
        self._task = task = yield from ask(create_it, acreate_it)
        start = self._event(
            TaskStartEvent, task_name=contract.name, inputs=dict(bound.inputs), message=prompt
        )
        yield from self._tell(start)
        self._cancellation.listen(self.stop)
        yield from self._follow(task)
        yield from ask(task.reload, task.areload)
        self._is_over = True
        return (yield from self._finish_call(task))

    def stop(self) -> None:
        """Stop the platform's task, if it is not over; comes back at once."""
        task = self._task
        if task is not None and not self._is_over:
            # Who cancels may be an event loop, which must not wait for an answer.
            arguments = (self._agent.configuration, task.id)
            threading.Thread(target=_stop, args=arguments, name="xpander-agents-stop").start()

    def end(self) -> None:
        """End the call."""
        self._is_over = True
        self._leave()
        self._branch.finish()
        self._cancellation.close()
        if self._owns_delivery:
            self._delivery.close()

    def _follow(self, task: Task) -> Generator[Any, Any, None]:
        stream: Any = None
        astream: Any = None

        def following() -> TaskUpdateEvent | None:
            nonlocal stream
            stream = stream or task.events()
            return next(stream, None)

        async def afollowing() -> TaskUpdateEvent | None:
            nonlocal astream
            astream = astream or task.aevents()
            return await anext(astream, None)

        while (update := (yield from ask(following, afollowing))) is not None:
            event = read_event(update, self._agent.name, self._outer_path)
            if isinstance(event, StreamToken):
                self._delivery.token(event)
                yield from ask(_nothing, self._delivery.asettle)
                continue
            if isinstance(event, ClarifyEvent):
                self._question = event.message
            if event is not None and not self._is_told_here(event):
                yield from self._tell(event)
            if update.type == TaskUpdateEventType.TaskFinished:
                break

    def _finish_call(self, task: Task) -> Generator[Any, Any, Any]:
        error: AgentTaskError
        text = task.result or ""
        if task.status == AgentExecutionStatus.Completed:
            try:
                value = read_result(self._contract, task.result)
            except AgentTaskError as invalid:
                yield from self._tell(self._event(FailEvent, message=str(invalid)))
                raise
            yield from self._tell(self._event(SuccessEvent, result=value))
            return value
        if task.status == AgentExecutionStatus.Stopped:
            error = self._make_cancelled_error()
            event = self._event(CancelledEvent, task_name=self._contract.name)
        elif self._question is not None:
            error = TaskClarify(self._question)
            event = self._event(ClarifyEvent, message=self._question)
        else:
            error = TaskFail(text or f"the task ended as {task.status}")
            event = self._event(FailEvent, message=str(error))
        yield from self._tell(event)
        raise error

    def _is_told_here(self, event: BaseEvent) -> bool:
        """Tell whether it is this call's start or end; those of sub-agents have longer paths."""
        depth = event.full_namespace.count("/") - self._path.count("/")
        return isinstance(event, (TaskStartEvent, *_ENDS)) and depth == 0

    def _make_cancelled_error(self) -> TaskCancelled:
        name = self._contract.name
        return TaskCancelled(f"Task '{name}' was cancelled", name)

    def _event(self, kind: type[BaseEvent], **fields: Any) -> BaseEvent:
        return kind(agent_name=self._agent.name, full_namespace=self._path, **fields)

    def _tell(self, event: BaseEvent) -> Generator[Any, Any, None]:
        yield from ask(self._delivery.event, self._delivery.aevent, event)


def _stop(configuration: Configuration | None, task_id: str) -> None:
    # It may be over by now, and a platform that is away can't be told.
    with suppress(ModuleException):
        Tasks(configuration).stop(task_id)


def _nothing() -> None:
    """Await nothing, in sync code."""

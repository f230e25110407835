"""A worker for handlers that take an execution and return its result, as `xpander_utils` has it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

import attrs

from xpander_client.api.models import AgentExecutionStatus, User
from xpander_client.api.resources import Task
from xpander_client.configuration import Configuration
from xpander_client.core.plain_values import PlainValues
from xpander_client.core.steps import is_async
from xpander_client.runtime.loops import find_running_loop
from xpander_client.worker.attempts.handler import HandlerFunction
from xpander_client.worker.events import Events
from xpander_client.worker.main_worker import show_log

AgentExecution: TypeAlias = Task
"""What a handler is given: the task."""


@attrs.define
class AgentExecutionResult(PlainValues):
    """What a handler returns: the result, and whether the execution succeeded.

    What is no text becomes JSON.

    Example:
        >>> AgentExecutionResult(result="done").is_success
        True
    """

    result: Any = ""
    is_success: bool = True


ExecutionRequestHandler: TypeAlias = Callable[
    [AgentExecution], AgentExecutionResult | Awaitable[AgentExecutionResult]
]
"""A function that carries out an execution, sync or async."""


class XpanderEventListener:
    """Runs an agent's executions with one handler, for programs written for `xpander_utils`.

    What is not given is taken from the environment. Sync handlers run on threads, at most
    `max_sync_workers` at once. It works as `Worker` does: it outlives outages, and when it is
    stopped it lets the executions that run end. New programs use `on_task`.

    Args:
        api_key: The key.
        agent_id: The agent whose executions it carries out.
        base_url: The platform.
        organization_id: The organization that the agent belongs to.
        should_reset_cache: Changes nothing, as nothing is cached.
        with_metrics_report: Changes nothing: the handler reports what its models took with
            `agent.report_execution_metrics`.
        max_sync_workers: How many executions run at once.
        max_retries: How often a single request is made before a longer pause.

    Raises:
        ConfigurationError: the base URL is no address.

    Example:
        >>> def work(execution: AgentExecution) -> AgentExecutionResult:
        ...     return AgentExecutionResult(result=f"did {execution.input.text}")
        >>> listener = XpanderEventListener(api_key="key", agent_id="agent-sales")
        >>> def main():
        ...     listener.register(on_execution_request=work)
    """

    def __init__(
        self,
        api_key: str | None = None,
        agent_id: str | None = None,
        *,
        base_url: str | None = None,
        organization_id: str | None = None,
        should_reset_cache: bool = False,
        with_metrics_report: bool = False,
        max_sync_workers: int = 4,
        max_retries: int = 5,
    ) -> None:
        given = {
            "api_key": api_key,
            "agent_id": agent_id,
            "base_url": base_url,
            "organization_id": organization_id,
        }
        stated: dict[str, Any] = {name: value for name, value in given.items() if value}
        self.configuration = Configuration(**stated)
        self.with_metrics_report = with_metrics_report
        self._events = Events(
            self.configuration, max_sync_workers, max_retries=max_retries, http=False
        )

    @property
    def api_key(self) -> str | None:
        """The key."""
        return self.configuration.api_key

    @property
    def agents(self) -> list[str]:
        """The ids of the agents that it listens for: one."""
        return [self.configuration.required("agent_id")]

    @property
    def base_url(self) -> str:
        """The platform."""
        return self.configuration.base_url

    @property
    def organization_id(self) -> str | None:
        """The organization that the agent belongs to."""
        return self.configuration.organization_id

    def register(self, on_execution_request: ExecutionRequestHandler) -> None:
        """Carry out executions until SIGTERM or SIGINT comes; let those that run end then.

        Raises:
            RuntimeError: an event loop runs in this thread already.
            ModuleException: something is not configured, or the platform refuses the worker.
        """
        if find_running_loop() is not None:
            raise RuntimeError(
                "an event loop runs here already, as in a notebook: await listener.start(handler)"
            )
        show_log()
        self._events.register(on_task=_make_task_handler(on_execution_request))

    async def start(self, on_execution_request: ExecutionRequestHandler) -> None:
        """Carry out executions in this event loop until `stop` is called or a signal comes.

        Raises:
            ModuleException: something is not configured, or the platform refuses the worker.
        """
        await self._events.start(_make_task_handler(on_execution_request))

    async def stop(self, sig: object = None) -> None:
        """Take no more executions, and wait until those that run have ended.

        Args:
            sig: The signal that it is called for, which changes nothing.
        """
        await self._events.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()


def _make_task_handler(handler: ExecutionRequestHandler) -> HandlerFunction:
    """Return a handler of tasks, sync or async as the one of executions is."""

    async def handle_on_loop(task: Task) -> Task:
        returned = cast(Awaitable[object], handler(_make_execution(task)))
        return await _await_result(task, handler, returned)

    def handle(task: Task) -> Task | Awaitable[Task]:
        returned = handler(_make_execution(task))
        if inspect.isawaitable(returned):
            return _await_result(task, handler, returned)
        return _take_result(task, handler, returned)

    return handle_on_loop if is_async(handler) else handle


async def _await_result(
    task: Task, handler: ExecutionRequestHandler, returned: Awaitable[object]
) -> Task:
    return _take_result(task, handler, await returned)


def _make_execution(task: Task) -> AgentExecution:
    """Return a copy of the task for a handler; nothing that is set there is saved."""
    execution = Task.from_dict(task.to_dict(), task.configuration)
    if execution.input.user is None:
        # Handlers read the user's name without asking whether there is one.
        execution.input.user = User(email="", first_name="", last_name="")
    return execution


def _take_result(task: Task, handler: ExecutionRequestHandler, returned: object) -> Task:
    if not isinstance(returned, AgentExecutionResult):
        name = getattr(handler, "__qualname__", type(handler).__qualname__)
        raise TypeError(
            f"the handler {name}() must return an AgentExecutionResult, "
            f"not {type(returned).__name__}"
        )
    task.result = returned.result
    task.status = (
        AgentExecutionStatus.Completed if returned.is_success else AgentExecutionStatus.Error
    )
    return task

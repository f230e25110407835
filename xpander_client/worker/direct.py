"""Tasks that reach a worker over HTTP, run as those that the platform sends."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncGenerator, Callable
from typing import assert_never

import attrs

from xpander_client.api.models import TaskUpdateEvent, TaskUpdateEventType
from xpander_client.api.requests import tasks
from xpander_client.api.resources import Task
from xpander_client.core.serialization import dumps
from xpander_client.errors import (
    AuthenticationError,
    CallError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)
from xpander_client.worker.attempts.attempt import Attempt, AttemptResult, WorkerContext
from xpander_client.worker.attempts.execution import Emit
from xpander_client.worker.attempts.record import claiming
from xpander_client.worker.attempts.running import RunningAttempts
from xpander_client.worker.channel.delivery import Delivery
from xpander_client.worker.http import Caller, Invocation, InvocationFailed, InvocationRefused

_AHEAD = 100
"""How many events a handler may be ahead of its reader."""


class DirectInvocations:
    """Runs each task once, in a slot like any other, and writes it into the platform's record.

    Of a task that the platform knows only the id is taken from the caller: what is run is the
    platform's record, which the caller's key has to reach, and which the worker claims for itself.
    One that is finished, or somebody else's, is refused. A task that the platform does not know is
    run all the same, in its caller's name. `worker_id` says what the worker is called.
    """

    def __init__(
        self,
        agent_id: str,
        context: WorkerContext,
        attempts: RunningAttempts,
        worker_id: Callable[[], str],
    ) -> None:
        self.agent_id = agent_id
        self.is_streaming = context.handler.is_streaming
        self._context = context
        self._attempts = attempts
        self._worker_id = worker_id

    async def admit(self, task: Task, caller: Caller) -> Invocation:
        """Return the task, if this caller may have it run here.

        Raises:
            InvocationRefused: it may not.
        """
        asking = self._context.transport.options(headers={"x-api-key": caller.key})
        try:
            known = (await asking.acall(tasks.get(task_id=task.id), Task)).parsed
        except NotFoundError as error:
            if caller.is_restricted:
                # Perhaps it is there, and beyond the key's reach.
                raise InvocationRefused(404, error.description, "$.id") from None
            return Invocation(task, caller)
        except (AuthenticationError, PermissionDeniedError):
            raise InvocationRefused(403, f"the key may not use agent {self.agent_id}") from None
        except CallError as error:
            status = 429 if isinstance(error, RateLimitError) else 503
            raise InvocationRefused(status, error.description) from None
        if known.agent_id != self.agent_id:
            raise InvocationRefused(400, "the task is another agent's", "$.id")
        if task.execution_attempts not in (None, known.execution_attempts):
            raise InvocationRefused(
                409,
                f"attempt {task.execution_attempts} does not hold the task (any more)",
                "$.execution_attempts",
            )
        return Invocation(known)

    async def run(self, invocation: Invocation) -> Task:
        """Run the task, and return it finished.

        Raises:
            InvocationFailed: the handler failed, or its result is not wanted.
            InvocationRefused: the task was not begun.
        """
        running = self._attempts.start(self._attempt(invocation))
        await asyncio.wait({running})
        ending = _read_result(running)
        if ending.failure is not None or ending.task is None:
            raise InvocationFailed(ending.failure or "")
        return ending.task

    async def stream(self, invocation: Invocation) -> AsyncGenerator[TaskUpdateEvent, None]:
        """Yield the handler's events as they come; the last one is `task_finished`.

        Raises:
            InvocationFailed: the handler's result is not wanted, or can't be told.
            InvocationRefused: the task was not begun.
        """
        events: asyncio.Queue[TaskUpdateEvent] = asyncio.Queue(_AHEAD)
        attempt = self._attempt(invocation, events.put)
        running = self._attempts.start(attempt)
        coming: asyncio.Task[TaskUpdateEvent] | None = None
        try:
            while not (running.done() and events.empty()):
                coming = asyncio.create_task(events.get())
                await asyncio.wait({coming, running}, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    yield coming.result()
                else:
                    coming.cancel()
            ending = _read_result(running)
            if ending.task is None:
                raise InvocationFailed(ending.failure or "")
            yield TaskUpdateEvent(
                type=TaskUpdateEventType.TaskFinished,
                task_id=ending.task.id,
                organization_id=ending.task.organization_id,
                time=datetime.datetime.now(datetime.UTC),
                data=ending.task,
            )
        finally:
            if coming is not None:
                coming.cancel()
            if not running.done():
                attempt.stop_task("its caller went away")
                if not attempt.has_begun:
                    # It waits for a slot. The task stays as it was.
                    running.cancel()
                await asyncio.wait({running})

    def _attempt(self, invocation: Invocation, listener: Emit | None = None) -> Attempt:
        task, context = invocation.task, self._context
        if self._attempts.has(task.id):
            raise InvocationRefused(409, "the task is running in this worker already")
        claim = None
        if invocation.caller is None:
            claim = claiming(context.transport, task.id, self._worker_id())
        else:
            # What the handler does with the task, its caller has to be allowed to do.
            in_its_name = context.transport.options(headers={"x-api-key": invocation.caller.key})
            context = attrs.evolve(context, transport=in_its_name)
        return Attempt(
            task.id,
            task.execution_attempts,
            dumps(task),
            context,
            claim=claim,
            is_known=claim is not None,
            listener=listener,
        )


def _read_result(running: asyncio.Task[AttemptResult]) -> AttemptResult:
    if running.cancelled():
        raise InvocationRefused(503, "the worker is stopping")
    result = running.result()
    match result.not_begun:
        case None:
            return result
        case Delivery.LOST:
            raise InvocationRefused(409, result.failure or "")
        case Delivery.REFUSED | Delivery.DELIVERED:
            raise InvocationRefused(503, result.failure or "")
        case _:
            assert_never(result.not_begun)

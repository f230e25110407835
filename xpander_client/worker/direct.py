"""Tasks that reach a worker over HTTP, run as those that the platform sends."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncGenerator

from xpander_client.api.models import TaskUpdateEvent, TaskUpdateEventType
from xpander_client.api.resources import Task
from xpander_client.core.convert import dumps
from xpander_client.errors import ConflictError

from .attempt import Attempt, Ending, Means
from .execution import Emit
from .http import InvocationFailed, InvocationRefused
from .running import RunningAttempts

__all__ = ["DirectInvocations"]

_AHEAD = 100
"""How many events a handler may be ahead of its reader."""


class DirectInvocations:
    """Runs each task once, in a slot like any other, and writes it into the platform's record.

    A task that the platform does not know is run all the same. One that it knows otherwise, as
    finished or as somebody else's, is refused.
    """

    def __init__(self, agent_id: str, means: Means, attempts: RunningAttempts) -> None:
        self.agent_id = agent_id
        self.is_streaming = means.handler.is_streaming
        self._means = means
        self._attempts = attempts

    async def run(self, task: Task) -> Task:
        """The finished task.

        Raises:
            InvocationFailed: the handler failed, or its result is not wanted.
            InvocationRefused: the task was not begun.
        """
        running = self._attempts.start(self._attempt(task))
        await asyncio.wait({running})
        ending = _ending_of(running)
        if ending.failure is not None or ending.task is None:
            raise InvocationFailed(ending.failure or "")
        return ending.task

    async def stream(self, task: Task) -> AsyncGenerator[TaskUpdateEvent, None]:
        """The handler's events as they come; the last one is `task_finished`.

        Raises:
            InvocationFailed: the handler's result is not wanted, or can't be told.
            InvocationRefused: the task was not begun.
        """
        events: asyncio.Queue[TaskUpdateEvent] = asyncio.Queue(_AHEAD)
        attempt = self._attempt(task, events.put)
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
            ending = _ending_of(running)
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

    def _attempt(self, task: Task, listener: Emit | None = None) -> Attempt:
        number = task.execution_attempts
        if self._attempts.has(task.id, number):
            raise InvocationRefused(409, "the task is running in this worker already")
        return Attempt(
            task.id,
            number,
            dumps(task),
            self._means,
            begins_directly=True,
            listener=listener,
        )


def _ending_of(running: asyncio.Task[Ending]) -> Ending:
    if running.cancelled():
        raise InvocationRefused(503, "the worker is stopping")
    ending = running.result()
    if ending.not_begun is not None:
        status = 409 if isinstance(ending.not_begun, ConflictError) else 503
        raise InvocationRefused(status, str(ending.not_begun.description))
    return ending

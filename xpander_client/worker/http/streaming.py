"""A streaming handler's events, as an answer that goes on until the task is finished."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import AsyncGenerator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from xpander_client.api.models import TaskUpdateEvent, TaskUpdateEventType
from xpander_client.api.resources import Task
from xpander_client.core.result import dumps_anyway
from xpander_client.core.serialization import unstructure
from xpander_client.core.sse import COMMENT, encode_event
from xpander_client.runtime.event_stream import EventStreamAnswer
from xpander_client.worker.http.invocation import InvocationFailed

_OPENED_AFTER = 1.0
"""Seconds that the first event may take until the answer begins without it. A task that is refused
before is refused with a status of its own."""

_COMMENT_EVERY = 15.0
"""Seconds of silence before a comment is sent."""

_STALLED_AFTER = 60.0
"""Seconds in which a reader takes nothing before it counts as gone."""


class _ReaderGone(Exception):
    """Nobody reads the answer any more."""


class EventStream(Response):
    """Passes on what `events` yields, and ends them early when the reader goes away."""

    def __init__(self, task: Task, events: AsyncGenerator[TaskUpdateEvent, None]) -> None:
        # The base's would promise a length. `EventStreamAnswer` sends the head.
        self.background = None
        self._task = task
        self._events = events
        self._writing = asyncio.Lock()
        self._has_told_end = False
        self._is_over = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        self._answer = EventStreamAnswer(scope, receive, send, stalled_after=_STALLED_AFTER)
        telling = asyncio.create_task(self._tell())
        leaving = self._answer.listen()
        bridging = asyncio.create_task(self._bridge_silence())
        try:
            await asyncio.wait({telling, leaving, bridging}, return_when=asyncio.FIRST_COMPLETED)
            if self._has_told_end:
                # Readers leave when they have seen the last event: the generator ends in peace.
                await asyncio.wait({telling})
        finally:
            self._is_over = True
            for each in (telling, leaving, bridging):
                each.cancel()
            # The handler's own clean-up is part of the request.
            outcomes = await asyncio.gather(telling, leaving, bridging, return_exceptions=True)
        error = outcomes[0]
        if isinstance(error, Exception) and not isinstance(error, _ReaderGone):
            raise error

    async def _tell(self) -> None:
        try:
            async with contextlib.aclosing(self._events) as events:
                event = await anext(events, None)
                while event is not None and not self._is_over:
                    event = await self._pass_on(event)
        except InvocationFailed as error:
            await self._write(_encode(_failure(self._task, error.text)))
        if not self._is_over:
            await self._write(b"")
            await self._answer.end()

    async def _pass_on(self, event: TaskUpdateEvent) -> TaskUpdateEvent | None:
        """Send an event; returns the next one."""
        await self._write(_encode(event))
        self._has_told_end = event.type == TaskUpdateEventType.TaskFinished
        # A handler that never waits must not keep everything else on the loop waiting.
        await asyncio.sleep(0)
        return await anext(self._events, None)

    async def _bridge_silence(self) -> None:
        pause = _OPENED_AFTER
        while True:
            await asyncio.sleep(pause)
            pause = self._answer.written_at + _COMMENT_EVERY - asyncio.get_running_loop().time()
            if pause <= 0 or not self._answer.has_begun:
                await self._write(COMMENT)
                pause = _COMMENT_EVERY

    async def _write(self, data: bytes) -> None:
        async with self._writing:
            if not self._answer.has_begun:
                await self._answer.begin(data=data)
            else:
                await self._answer.write(data)
            if self._answer.gone:
                raise _ReaderGone


def _encode(event: TaskUpdateEvent) -> bytes:
    return encode_event(dumps_anyway(event))


def _failure(task: Task, text: str) -> TaskUpdateEvent:
    return TaskUpdateEvent(
        type=TaskUpdateEventType.TaskFinished,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.datetime.now(datetime.UTC),
        data={**unstructure(task), "status": "error", "result": text},
    )

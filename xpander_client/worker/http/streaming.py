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
from xpander_client.core.convert import unstructure
from xpander_client.core.result import dumps_anyway
from xpander_client.core.sse import COMMENT, one_line
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
        # Not the base's: it would promise a length.
        self.status_code = 200
        self.background = None
        self.init_headers(
            {
                "content-type": "text/event-stream",
                "cache-control": "no-store",
                "x-accel-buffering": "no",
            }
        )
        self._task = task
        self._events = events
        self._writing = asyncio.Lock()
        self._is_open = False
        self._has_told_end = False
        self._is_over = False
        self._comment_due = _now() + _OPENED_AFTER

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        self._send = send
        telling = asyncio.create_task(self._tell())
        leaving = asyncio.create_task(_gone(receive))
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
            await self._write(_frame(_failure(self._task, error.text)))
        if not self._is_over:
            await self._write(b"", more=False)

    async def _pass_on(self, event: TaskUpdateEvent) -> TaskUpdateEvent | None:
        """Send an event; returns the next one."""
        await self._write(_frame(event))
        self._has_told_end = event.type == TaskUpdateEventType.TaskFinished
        # A handler that never waits must not keep everything else on the loop waiting.
        await asyncio.sleep(0)
        return await anext(self._events, None)

    async def _bridge_silence(self) -> None:
        while True:
            remaining = self._comment_due - _now()
            if remaining > 0:
                await asyncio.sleep(remaining)
            else:
                await self._write(COMMENT)

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        async with self._writing:
            try:
                async with asyncio.timeout(_STALLED_AFTER):
                    if not self._is_open:
                        self._is_open = True
                        await self._send(
                            {
                                "type": "http.response.start",
                                "status": self.status_code,
                                "headers": self.raw_headers,
                            }
                        )
                    await self._send(
                        {"type": "http.response.body", "body": data, "more_body": more}
                    )
            except (TimeoutError, OSError):
                raise _ReaderGone from None
            self._comment_due = _now() + _COMMENT_EVERY


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _frame(event: TaskUpdateEvent) -> bytes:
    return b"data: %b\n\n" % one_line(dumps_anyway(event))


def _failure(task: Task, text: str) -> TaskUpdateEvent:
    return TaskUpdateEvent(
        type=TaskUpdateEventType.TaskFinished,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.datetime.now(datetime.UTC),
        data={**unstructure(task), "status": "error", "result": text},
    )


def _now() -> float:
    return asyncio.get_running_loop().time()

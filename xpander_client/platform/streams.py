"""Answers that go on: a task's events, and the worker channel."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from xpander_client.core.answer import STREAM_ENDS
from xpander_client.core.sse import COMMENT
from xpander_client.platform import frames
from xpander_client.platform.event_log import EventLog, EventLogs
from xpander_client.platform.metrics import Metrics
from xpander_client.platform.refusal import Refusal
from xpander_client.platform.sessions import WorkerSession
from xpander_client.platform.settings import Settings
from xpander_client.platform.stores.hints import Alarm
from xpander_client.platform.stores.records import TaskRecord
from xpander_client.runtime.connections import ABORT

WRITE_BYTES = 64 * 1024
"""The most that is written at once. A server takes it while less than that waits to be taken by the
reader, so a reader that takes nothing costs about twice this, whatever there is for it."""


class _Connection:
    """Sends the parts of an answer, and notices when nobody listens any more."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, settings: Settings, alarm: Alarm
    ) -> None:
        self._abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)
        self._receive = receive
        self._send = send
        self._settings = settings
        self._alarm = alarm
        self._listener: asyncio.Task[None] | None = None
        self._comment_due = 0.0
        self._ended = False
        self.gone = False

    async def begin(self, *headers: tuple[bytes, bytes]) -> None:
        self._listener = asyncio.create_task(self._listen())
        await self._send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),
                    *headers,
                ],
            }
        )

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """Send; a reader that took nothing for too long is dropped and counts as gone.

        With the last of it goes the end of the answer, so that the reader sees it at once and can
        keep the connection.
        """
        for start in range(0, len(data), WRITE_BYTES):
            more = not (last and start + WRITE_BYTES >= len(data))
            await self._part(data[start : start + WRITE_BYTES], more=more)
        self._comment_due = self._now() + self._settings.comment_interval

    async def wait(self, limit: float = math.inf) -> bool:
        """Wait until the alarm rings, or for `limit` seconds. False when it was quiet.

        A comment is sent when it is time for one.
        """
        remaining = self._comment_due - self._now()
        if await self._alarm.wait(max(0.0, min(remaining, limit))):
            return True
        if remaining <= limit:
            await self.write(COMMENT)
        return False

    async def end(self) -> None:
        if not self._ended:
            await self._part(b"", more=False)
        if self._listener is not None:
            self._listener.cancel()

    async def _part(self, data: bytes, *, more: bool) -> None:
        if self.gone:
            return
        try:
            async with asyncio.timeout(self._settings.stalled_reader):
                await self._send({"type": "http.response.body", "body": data, "more_body": more})
            self._ended = not more
        except TimeoutError:
            self.gone = True
            await self._drop()
        except OSError:
            self.gone = True

    async def _drop(self) -> None:
        """Close the connection without waiting for a reader that may take hours to be told."""
        if self._abort is not None and self._listener is not None:
            self._abort()
            await asyncio.wait([self._listener], timeout=1.0)  # it hears of that

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self._alarm.ring()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class TaskEvents:
    """The answer that replays a task's events and then follows it to its end."""

    def __init__(self, logs: EventLogs, task: TaskRecord, after: int) -> None:
        self._logs = logs
        self._task = task
        self._position = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        logs, task = self._logs, self._task
        alarm = Alarm()
        connection = _Connection(scope, receive, send, logs.settings, alarm)
        log = logs.join(task, self._position, alarm)
        try:
            with logs.metrics.task_streams.track_inprogress():
                await connection.begin((STREAM_ENDS.encode(), b"terminal"))
                hello = frames.connected(task.id, task.organization_id, logs.clock())
                await connection.write(hello)
                await self._follow(log, connection)
        finally:
            logs.part(log, alarm)
            await connection.end()

    async def _follow(self, log: EventLog, connection: _Connection) -> None:
        quiet = self._task.finished  # the next look is when nothing has come for a while
        is_there = False
        while not (self._logs.closing or connection.gone or log.broken):
            try:
                page = await self._logs.after(log, self._position)
                if page is None and not is_there and (quiet or log.last >= 0):
                    is_there = await self._begin_anew_if_ahead(log, connection)
                    continue
                if page is None and quiet and await self._had_everything():
                    return
            except Refusal as refusal:
                if refusal.status == 404:
                    return  # the task was deleted, and whoever comes back for more is told so
                if refusal.status != 503:
                    raise
                # The store is away; the stream goes on when it is back.
                await connection.wait(self._logs.settings.poll_interval)
                continue
            if page is None:
                quiet = not await connection.wait()
                continue
            await connection.write(page.data, last=page.ended)
            self._position = page.last
            if page.gaps:
                self._logs.metrics.gaps.inc(page.gaps)
            if page.ended:
                return
            if page.whole:
                await asyncio.sleep(0)  # others want to write, too

    async def _begin_anew_if_ahead(self, log: EventLog, connection: _Connection) -> bool:
        """Tell a reader whose place is behind the last event that it goes on at the first one of
        the run; whether its place is there. One that isn't is of a store before it was restored, or
        of another task.
        """
        logs, task = self._logs, self._task
        if self._position > log.last:  # which may know less than another server
            latest = await logs.store.last_seq(task.id)
            if self._position > latest:
                self._position = task.run_from
                gap = frames.gap(
                    task.id,
                    task.organization_id,
                    logs.clock(),
                    missing_from=latest + 1,
                    earliest=task.run_from + 1,
                    latest=latest,
                )
                await connection.write(gap)
                logs.metrics.gaps.inc()
                return False
        return True

    async def _had_everything(self) -> bool:
        """Whether the task is finished and the reader says it knows all that was stored."""
        store, task = self._logs.store, self._task
        if not (await store.get(task.organization_id, task.id, whole=False)).finished:
            return False
        return not await store.read(task.id, self._position, 1)


class Workers(Protocol):
    """Who gives a worker what its channel brings."""

    def leave(self, session: WorkerSession) -> None:
        """The worker's stream has ended."""
        ...

    def made_room(self, session: WorkerSession) -> None:
        """Some of what it was to be sent was sent."""
        ...

    async def catch_up(self, session: WorkerSession) -> None:
        """All that it was to be sent was sent, but there is more for it."""
        ...


class WorkerChannel:
    """The answer that brings a worker its tasks."""

    def __init__(
        self,
        session: WorkerSession,
        hello: bytes,
        settings: Settings,
        workers: Workers,
        metrics: Metrics,
    ) -> None:
        self._session = session
        self._hello = hello
        self._settings = settings
        self._workers = workers
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        session = self._session
        connection = _Connection(scope, receive, send, self._settings, session.alarm)
        try:
            with self._metrics.worker_streams.track_inprogress():
                await connection.begin()
                await connection.write(self._hello)
                while not connection.gone:
                    if session.outbox:
                        taken, offers = session.take(WRITE_BYTES)
                        await connection.write(b"".join(taken))
                        session.taken(taken, offers)
                        self._workers.made_room(session)
                    elif session.behind and session.listening:
                        await self._workers.catch_up(session)
                    elif session.listening:
                        await connection.wait()
                    else:
                        break
        finally:
            self._workers.leave(session)
            await connection.end()

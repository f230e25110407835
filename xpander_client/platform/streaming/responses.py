"""Answers that go on: a task's events, and the worker channel."""

from __future__ import annotations

import asyncio
import math
from typing import Protocol

from xpander_client.core.answer import STREAM_ENDS
from xpander_client.core.sse import COMMENT
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.stores.base.hints import WakeEvent
from xpander_client.platform.streaming import frames
from xpander_client.platform.streaming.event_log import EventLog, EventLogs
from xpander_client.runtime.event_stream import WRITE_BYTES, EventStreamAnswer
from xpander_client.runtime.exchange import Receive, Scope, Send

_TICKS = 256
"""At so many moments of an interval comments are sent."""


class _PatientAnswer(EventStreamAnswer):
    """Waits for what there is to send, and says now and then that it is still there."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, settings: Settings, alarm: WakeEvent
    ) -> None:
        super().__init__(
            scope, receive, send, stalled_after=settings.stalled_reader, on_gone=alarm.ring
        )
        self._comment_interval = settings.comment_interval
        self._alarm = alarm

    async def wait(self, limit: float = math.inf) -> bool:
        """Wait until the alarm rings, or for `limit` seconds. False when it was quiet.

        A comment is sent when it is time for one.
        """
        # Streams share the ticks: of thousands many are woken in one turn of the loop.
        tick = self.written_at - self.written_at % (self._comment_interval / _TICKS)
        remaining = tick + self._comment_interval - asyncio.get_running_loop().time()
        if await self._alarm.wait(max(0.0, min(remaining, limit))):
            return True
        if remaining <= limit:
            await self.write(COMMENT)
        return False


class TaskEvents:
    """The answer that replays a task's events and then follows it to its end. It begins with
    `connected`, if it `greets`. Where the reader has another name for something, `renamed` is what
    it is called here and there, as JSON.
    """

    def __init__(
        self,
        logs: EventLogs,
        task: TaskRecord,
        after: int,
        *,
        greets: bool = True,
        renamed: tuple[bytes, bytes] | None = None,
    ) -> None:
        self._logs = logs
        self._task = task
        self._position = after
        self._greets = greets
        self._renamed = renamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        logs, task = self._logs, self._task
        alarm = WakeEvent()
        answer = _PatientAnswer(scope, receive, send, logs.settings, alarm)
        log = logs.join(task, self._position, alarm)
        try:
            with logs.metrics.task_streams.track_inprogress():
                hello = b""
                if self._greets:
                    hello = frames.encode_connected(task.id, task.organization_id, logs.clock())
                await answer.begin((STREAM_ENDS.encode(), b"terminal"), data=hello)
                await self._follow(log, answer)
        finally:
            logs.part(log, alarm)
            await answer.end()

    async def _write(self, answer: _PatientAnswer, data: bytes, *, last: bool = False) -> None:
        await answer.write(
            data if self._renamed is None else data.replace(*self._renamed), last=last
        )

    async def _follow(self, log: EventLog, answer: _PatientAnswer) -> None:
        quiet = self._task.finished  # the next look is when nothing has come for a while
        is_there = False
        while not (self._logs.closing or answer.gone or log.broken):
            try:
                page = await self._logs.after(log, self._position)
                if page is None and not is_there and (quiet or log.last >= 0):
                    is_there = await self._begin_anew_if_ahead(log, answer)
                    continue
                if page is None and quiet and await self._had_everything():
                    return
            except HttpError as refusal:
                if refusal.status == 404:
                    return  # the task was deleted, and whoever comes back for more is told so
                if refusal.status != 503:
                    raise
                # The store is away; the stream goes on when it is back.
                await answer.wait(self._logs.settings.poll_interval)
                continue
            if page is None:
                quiet = not await answer.wait()
                continue
            await self._write(answer, page.data, last=page.ended)
            self._position = page.last
            if page.gaps:
                self._logs.metrics.gaps.inc(page.gaps)
            if page.ended:
                return
            if page.whole:
                await asyncio.sleep(0)  # others want to write, too

    async def _begin_anew_if_ahead(self, log: EventLog, answer: _PatientAnswer) -> bool:
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
                await self._write(answer, gap)
                logs.metrics.gaps.inc()
                return False
        return True

    async def _had_everything(self) -> bool:
        """Whether the task is finished and the reader says it knows all that was stored."""
        store, task = self._logs.store, self._task
        if not (await store.get(task.organization_id, task.id, whole=False)).finished:
            return False
        return not await store.read(task.id, self._position, 1)


class WorkerChannels(Protocol):
    """Who gives a worker what its channel brings."""

    def leave(self, session: WorkerSession) -> None:
        """Take note that the worker's stream has ended."""
        ...

    def on_room(self, session: WorkerSession) -> None:
        """Take note that some of what the worker was to be sent was sent."""
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
        workers: WorkerChannels,
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
        answer = _PatientAnswer(scope, receive, send, self._settings, session.alarm)
        try:
            with self._metrics.worker_streams.track_inprogress():
                await answer.begin(data=self._hello)
                while not answer.gone:
                    if session.outbox:
                        taken, offers = session.take(WRITE_BYTES)
                        await answer.write(b"".join(taken))
                        session.note_written(taken, offers)
                        self._workers.on_room(session)
                    elif session.behind and session.listening:
                        await self._workers.catch_up(session)
                    elif session.listening:
                        await answer.wait()
                    else:
                        break
        finally:
            self._workers.leave(session)
            await answer.end()

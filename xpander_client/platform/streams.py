"""Answers that go on: a task's events, and the worker channel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from starlette.types import Receive, Scope, Send

from . import frames
from .clock import Clock
from .dispatch import WorkerSession
from .settings import Settings
from .stores.hints import Alarm
from .stores.records import TaskRecord
from .stores.store import Store, task_topic

__all__ = ["EventLogs", "TaskEvents", "WorkerChannel"]

PAGE = 500
RING = 2_000
WRITE_BYTES = 256 * 1024

logger = logging.getLogger(__name__)


class _Log:
    """The newest frames of one task, encoded once for everybody who follows it.

    `first` is the number of the first frame kept, `ends` are the numbers of terminal events. A
    stream is no more than a position in here, so a slow reader costs nothing.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.frames: list[bytes] = []
        self.ends: list[int] = []
        self.broken = False
        self.alarms: set[Alarm] = set()
        self.feeder: asyncio.Task[None] | None = None

    @property
    def last(self) -> int:
        return self.first + len(self.frames) - 1

    def add(self, new: Sequence[bytes], ends: Sequence[int]) -> None:
        self.frames.extend(new)
        self.ends.extend(ends)
        surplus = len(self.frames) - RING
        if surplus > RING // 4:
            del self.frames[:surplus]
            self.first += surplus
            self.ends = [end for end in self.ends if end >= self.first]
        self.ring()

    def behind(self, position: int) -> tuple[list[bytes], bool]:
        """The next frames after a position, a writeful at most, and whether the last is the end."""
        until = next((end for end in self.ends if end > position), None)
        start = position + 1 - self.first
        stop = len(self.frames) if until is None else until + 1 - self.first
        size = 0
        for index in range(start, stop):
            size += len(self.frames[index])
            if size > WRITE_BYTES:
                stop = index + 1
                break
        return self.frames[start:stop], until is not None and stop == until + 1 - self.first

    def ring(self) -> None:
        for alarm in self.alarms:
            alarm.ring()


class EventLogs:
    """The logs of the tasks that somebody follows right now."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.closing = False
        self._logs: dict[str, _Log] = {}

    def close(self) -> None:
        """End all streams, in order: their readers come back with the last id they saw."""
        self.closing = True
        for log in self._logs.values():
            log.ring()

    def join(self, task_id: str, after: int, alarm: Alarm) -> _Log:
        """The log of a task; it begins behind `after` if nobody followed the task so far."""
        log = self._logs.get(task_id)
        if log is None:
            log = self._logs[task_id] = _Log(after + 1)
            log.feeder = asyncio.create_task(self._feed(task_id, log))
        log.alarms.add(alarm)
        return log

    def part(self, task_id: str, log: _Log, alarm: Alarm) -> None:
        """A stream is over; the last one takes the log with it."""
        log.alarms.discard(alarm)
        if not log.alarms:
            if self._logs.get(task_id) is log:
                del self._logs[task_id]
            if log.feeder is not None:
                log.feeder.cancel()

    async def _feed(self, task_id: str, log: _Log) -> None:
        # Watch first, then read: what is written in between is heard of.
        try:
            with self.store.watch(task_topic(task_id)) as watch:
                while True:
                    events = await self.store.read(task_id, log.last, PAGE)
                    if events:
                        if events[0].seq != log.last + 1:  # those before it were pruned
                            log.frames.clear()
                            log.first = events[0].seq
                        ends = [event.seq for event in events if event.type == "task_finished"]
                        log.add([frames.stored(event) for event in events], ends)
                    if len(events) < PAGE:
                        await watch.wait(self.settings.poll_interval)
                    else:
                        await asyncio.sleep(0)
        except Exception:
            logger.exception("the events of task %s can't be followed", task_id)
            log.broken = True
            self._logs.pop(task_id, None)
            log.ring()


class _Connection:
    """Sends the parts of an answer, and notices when nobody listens any more."""

    def __init__(self, receive: Receive, send: Send, settings: Settings, alarm: Alarm) -> None:
        self._receive = receive
        self._send = send
        self._settings = settings
        self._alarm = alarm
        self._listener: asyncio.Task[None] | None = None
        self._comment_due = 0.0
        self.gone = False

    async def begin(self) -> None:
        self._listener = asyncio.create_task(self._listen())
        await self._send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),
                ],
            }
        )

    async def write(self, data: bytes) -> None:
        """Send; a reader that took nothing for too long counts as gone."""
        if self.gone:
            return
        try:
            async with asyncio.timeout(self._settings.stalled_reader):
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
        except (TimeoutError, OSError):
            self.gone = True
        self._comment_due = self._now() + self._settings.comment_interval

    async def wait(self) -> bool:
        """Wait until the alarm rings. False when it was quiet, and a comment was sent instead."""
        remaining = self._comment_due - self._now()
        if await self._alarm.wait(max(0.0, remaining)):
            return True
        await self.write(frames.COMMENT)
        return False

    async def end(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
        if not self.gone:
            with contextlib.suppress(OSError):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _listen(self) -> None:
        while not self.gone:
            message = await self._receive()
            if message["type"] == "http.disconnect":
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
        connection = _Connection(receive, send, logs.settings, alarm)
        log = logs.join(task.id, self._position, alarm)
        try:
            await connection.begin()
            await connection.write(frames.connected(task.id, task.organization_id, logs.clock()))
            if not await self._had_everything():
                await self._follow(log, connection)
        finally:
            logs.part(task.id, log, alarm)
            await connection.end()

    async def _follow(self, log: _Log, connection: _Connection) -> None:
        while not (self._logs.closing or connection.gone or log.broken):
            if self._position < log.first - 1:
                # Further back than the log reaches: this stream reads for itself until it is there.
                pending, ended = await self._read_back()
            else:
                pending, ended = log.behind(self._position)
                self._position += len(pending)
            if pending:
                await connection.write(b"".join(pending))
                if ended:
                    return
            elif not await connection.wait() and await self._had_everything():
                return

    async def _read_back(self) -> tuple[list[bytes], bool]:
        pending: list[bytes] = []
        size = 0
        for event in await self._logs.store.read(self._task.id, self._position, PAGE):
            frame = frames.stored(event)
            pending.append(frame)
            self._position = event.seq
            if event.type == "task_finished":
                return pending, True
            size += len(frame)
            if size > WRITE_BYTES:
                break
        return pending, False

    async def _had_everything(self) -> bool:
        """Whether the task is finished and the reader says it knows all that was stored."""
        store, task = self._logs.store, self._task
        if not (await store.get(task.organization_id, task.id)).finished:
            return False
        return not await store.read(task.id, self._position, 1)


class WorkerChannel:
    """The answer that brings a worker its tasks."""

    def __init__(
        self,
        session: WorkerSession,
        hello: bytes,
        settings: Settings,
        leave: Callable[[WorkerSession], None],
    ) -> None:
        self._session = session
        self._hello = hello
        self._settings = settings
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        session = self._session
        connection = _Connection(receive, send, self._settings, session.alarm)
        try:
            await connection.begin()
            await connection.write(self._hello)
            while not connection.gone:
                if session.outbox:
                    data = b"".join(session.outbox)
                    session.outbox.clear()
                    await connection.write(data)
                elif session.listening:
                    await connection.wait()
                else:
                    break
        finally:
            self._leave(session)
            await connection.end()

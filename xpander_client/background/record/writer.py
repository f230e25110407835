"""Writes the tasks of a plugin down on the platform, each from its creation to its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any, assert_never

from xpander_client.api.requests import tasks
from xpander_client.background.record.connection import WorkerConnection
from xpander_client.background.record.entry import Create, Entry, Look, Pause, Write
from xpander_client.core.requests import RequestSpec
from xpander_client.core.serialization import parse
from xpander_client.core.statuses import STATUSES, TERMINAL, TaskStatus
from xpander_client.errors import CallError, ConflictError, ModuleException, NotFoundError
from xpander_client.worker.channel.listener import Offered, StopRequested, TaskNotification

_logger = logging.getLogger("xpander_client.background")

_EARLY = 1000
"""For so many tasks whose creation is not answered yet messages are kept."""

_BEGINNING = 8
"""So many tasks are created at once; the next ones wait until these have begun."""

_LOOKING = 1.0
"""Seconds between two looks at a task that was taken from its worker, and is nobody's yet."""


class EntryWriter:
    """Writes tasks down, each as it happened, and passes on what is said to them.

    All is done on the event loop of the record.
    """

    def __init__(self, connection: WorkerConnection) -> None:
        self._connection = connection
        self._beginning = asyncio.Semaphore(_BEGINNING)
        # By the names that the platform has for the tasks.
        self._known: dict[str, Entry] = {}
        self._early: OrderedDict[str, list[StopRequested | TaskNotification]] = OrderedDict()

    def doubt_all(self) -> None:
        """Have each task looked at: what was said to it while the worker was away is lost."""
        for entry in self._known.values():
            entry.is_doubtful = True
            entry.news.set()

    def on_message(self, message: StopRequested | TaskNotification) -> None:
        """Pass a message on to its task."""
        if (entry := self._known.get(message.task_id)) is not None:
            _pass_on(entry, message)
            return
        # Perhaps the answer to its creation is still on the way.
        self._early.setdefault(message.task_id, []).append(message)
        while len(self._early) > _EARLY:
            self._early.popitem(last=False)

    def take_back(self, offered: Offered) -> bool:
        """Go on under the attempt that is offered, and tell whether the task is one of these.

        Such a task was taken from here, perhaps while the platform could not be reached; it still
        runs, or its end is not written down yet.
        """
        entry = self._known.get(offered.task_id)
        if entry is None:
            return False
        entry.attempt, entry.has_begun, entry.is_doubtful = offered.attempt, False, False
        entry.news.set()
        return True

    async def keep(self, entry: Entry) -> None:
        """Write down one task, from its creation to its end."""
        try:
            is_over = False
            async with self._beginning:
                # What was created and is not begun soon counts as lost.
                while not (is_over or entry.is_dropped or entry.has_begun):
                    is_over = await self._step(entry)
            while not (is_over or entry.is_dropped):
                is_over = await self._step(entry)
        except CallError as error:
            _logger.error("background task %s is not written down any more: %s", entry.name, error)
        except Exception:
            _logger.exception("background task %s is not written down any more", entry.name)
        finally:
            self._forget(entry)

    async def _step(self, entry: Entry) -> bool:
        """Do what is due, or wait for something; tell whether that was the end."""
        entry.news.clear()
        step = entry.due(time.monotonic())
        match step:
            case None:
                await entry.news.wait()
            case Pause():
                await asyncio.sleep(step.seconds)
            case Create():
                await self._create(entry)
            case Look():
                await self._look(entry)
            case Write():
                return await self._write(entry, step)
            case _:
                assert_never(step)
        return False

    async def _create(self, entry: Entry) -> None:
        def make_request() -> RequestSpec:
            return tasks.create(**entry.creation, worker_id=self._connection.worker_id)

        body = await self._connection.send(make_request, key=entry.key, is_urgent=True)
        entry.creation = {}
        self._know(entry, parse(body)["id"])

    def _know(self, entry: Entry, task_id: str) -> None:
        entry.task_id = task_id
        self._known[task_id] = entry
        for message in self._early.pop(task_id, ()):
            _pass_on(entry, message)

    async def _write(self, entry: Entry, step: Write) -> bool:
        """Write what is due, and tell whether that was the end."""
        task_id = entry.task_id
        assert task_id is not None
        if task_id not in self._known:
            self._know(entry, task_id)

        def make_request() -> RequestSpec:
            return tasks.update_fields(task_id=task_id, fields=entry.fields(step))

        try:
            body = await self._connection.send(
                make_request, is_brief=True, is_urgent=not entry.has_begun
            )
            answer = parse(body)
        except (ConflictError, NotFoundError):
            if not await self._look(entry):
                raise
            return False
        except ModuleException as error:
            if not entry.on_refusal(step, str(error)):
                raise
            _logger.error("background task %s: %s", entry.name, error)
            return False
        entry.on_written(time.monotonic())
        if not step.is_last and answer.get("status") in TERMINAL:
            self._settle(entry, answer)
        return step.is_last

    async def _look(self, entry: Entry) -> bool:
        """Look how the task stands on the platform, and act on it; tell whether it was not as it
        should be.
        """
        entry.is_doubtful = False
        task_id = entry.task_id
        assert task_id is not None
        attempt = entry.attempt
        try:
            body = await self._connection.send(lambda: tasks.get(task_id=task_id), is_urgent=True)
            found = parse(body)
        except NotFoundError:
            found = {"status": "gone"}
        if attempt != entry.attempt:
            return True  # it came back meanwhile
        if found.get("status") == "pending" and entry.has_begun:
            # It was taken from here; perhaps it comes back, under another attempt.
            await asyncio.sleep(_LOOKING)
            entry.is_doubtful = entry.is_doubtful or attempt == entry.attempt
            return True
        return self._settle(entry, found)

    def _settle(self, entry: Entry, found: dict[str, Any]) -> bool:
        """Compare a task with how it stands on the platform, and tell whether they differ."""
        said, running = found.get("status"), entry.running
        status: TaskStatus | None = said if said in STATUSES else None
        match status:
            case "pending" | "executing" | "paused":
                if found.get("execution_attempts") == entry.attempt:
                    return False
                reason = "another process has the task"
            case "stopped":
                reason = "stopped through the platform"
                if running is not None:
                    # It still may say how it went.
                    running.request_cancel(reason)
                    entry.has_begun = True
                    return True
            case "completed" | "failed" | "error" | None:
                reason = ""
            case _:
                assert_never(status)
        entry.is_dropped = True
        if running is not None and reason:
            running.request_cancel(reason)
        elif status == "stopped":
            _logger.info("background task %s was stopped on the platform before", entry.name)
            return True
        _logger.warning(
            "background task %s is not written down any more: on the platform it is %s: %s",
            entry.name,
            said,
            reason or found.get("result"),
        )
        return True

    def _forget(self, entry: Entry) -> None:
        entry.is_dropped = True
        if entry.task_id is not None and self._known.get(entry.task_id) is entry:
            del self._known[entry.task_id]


def _pass_on(entry: Entry, message: StopRequested | TaskNotification) -> None:
    running = entry.running
    if running is None or message.attempt not in (None, entry.attempt):
        return
    if isinstance(message, StopRequested):
        entry.is_doubtful = True
        entry.news.set()
    elif message.seq not in entry.notified:
        entry.notified.add(message.seq)
        running.notify(message.key, message.data)

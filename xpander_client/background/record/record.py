"""The platform's record of a plugin's tasks: others can follow, stop and notify them there.

Built on the worker room: a process with a plugin is a worker that begins its tasks by itself.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
import uuid
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, assert_never
from weakref import WeakValueDictionary

from xpander_client.api.models import ThreadMessage, WorkerLoss
from xpander_client.api.requests import tasks, threads
from xpander_client.background.record.channel import Channel
from xpander_client.background.record.entry import Create, Entry, FinalStatus, Look, Pause, Write
from xpander_client.background.record.queue import WriteQueue
from xpander_client.background.record.text import (
    Start,
    ending_text,
    platform_status,
    read_start,
    start_text,
)
from xpander_client.background.running import RunningTask
from xpander_client.background.signals import TaskCtl
from xpander_client.configuration import RetryPolicy
from xpander_client.core.answer import BRIEF
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.requests import Replay, RequestSpec
from xpander_client.core.serialization import parse
from xpander_client.core.statuses import STATUSES, TERMINAL, TaskStatus
from xpander_client.errors import CallError, ConflictError, ModuleException, NotFoundError
from xpander_client.runtime.loop_thread import LoopThread
from xpander_client.runtime.shielding import shield
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker.channel.listener import Offered, StopRequested, TaskNotified

if TYPE_CHECKING:
    from xpander_client.background.handle import AsyncTaskHandle
    from xpander_client.background.plugin import Plugin


_logger = logging.getLogger("xpander_client.background")

_EARLY = 1000
"""Of so many tasks that are not known yet it is kept what was said to them."""

_ENDING = 15.0
"""Seconds for the tasks to end when the program does, and then for what is not written yet."""
_WRITING = 5.0

_TELLING = 2.0
"""Seconds that a task waits for its agent to be told; after that it goes on without."""

_HANDING_BACK = 1.0
"""Seconds before a task that cannot be run here goes back, so that it does not come at once."""

_BEGINNING = 8
"""So many tasks are created at once; the next ones wait until these have begun."""

_LOOKING = 1.0
"""Seconds between two looks at a task that was taken from its worker, and is nobody's yet."""


class PlatformRecord:
    """Writes down the tasks of a plugin on the platform that its configuration names.

    Each is a task of the agent of the configuration, or of one that is called like the plugin's
    module. Everything is written from a thread of its own, in the order in which it happened to a
    task. A success is `completed`, a failure `failed`, a cancellation `stopped`; the message is the
    result, and with data JSON of both. A platform that is away is waited for, as long as the
    program runs; when that ends, what is not written yet has a few seconds.
    """

    def __init__(self, plugin: Plugin) -> None:
        configuration = plugin.configuration
        assert configuration is not None
        for name in ("api_key", "organization_id"):
            configuration.required(name)
        self._plugin = plugin
        self._configuration = configuration
        self._agent_id = configuration.agent_id or plugin.module_name
        self._lock = threading.Lock()
        self._reset()
        # Here, because this is before the task begins: a program that is ending begins no threads.
        self._on_thread()

    def _reset(self) -> None:
        self._thread: LoopThread | None = None
        self._transport = Transport(self._configuration, Pool(self._configuration)).options(
            timeout=20.0, retry=RetryPolicy(attempts=1)
        )
        self._brief = self._transport.options(headers=BRIEF)
        self._writes = WriteQueue()
        self._beginning = asyncio.Semaphore(_BEGINNING)
        self._channel: Channel | None = None
        self._worker_id: str | None = None
        self._is_leaving = False
        self._leaving: asyncio.Task[None] | None = None
        # By the tasks as they run here, and by the names that the platform has for them.
        self._entries: dict[RunningTask, Entry] = {}
        self._known: dict[str, Entry] = {}
        self._open: set[asyncio.Task[Any]] = set()
        self._news: deque[Entry] = deque()
        self._early: OrderedDict[str, list[StopRequested | TaskNotified]] = OrderedDict()
        self._again: dict[tuple[str, str], tuple[str, int]] = {}
        self._chats: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # What happens here ---------------------------------------------------------------------------

    def serve(self) -> None:
        """Take over tasks of processes that died, from now on."""
        self._on_thread().call_soon(self._enter)

    async def leave(self) -> None:
        """Take over nothing any more, and leave the platform when all is written.

        Comes back when that is done, or after a few seconds while it goes on.
        """
        thread = self._thread
        if thread is not None and thread.is_alive:
            await asyncio.wrap_future(thread.submit(self._leave()))

    def on_start(self, running: RunningTask, /) -> None:
        """Record that a task was started."""
        thread = self._on_thread()
        entry = self._find_entry(running)
        self._entries[running] = entry
        thread.call_soon(lambda: self._begin(entry))

    def on_progress(self, running: RunningTask, ctl: TaskCtl, /) -> None:
        """Record how far a task is."""
        if (entry := self._entries.get(running)) is not None:
            entry.take_progress(ctl)
            self._note(entry)

    def on_end(self, running: RunningTask, ctl: TaskCtl, /) -> None:
        """Record that a task is over."""
        if (entry := self._entries.pop(running, None)) is not None:
            entry.final = FinalStatus(platform_status(ctl.signal), ending_text(ctl))
            # What else it holds is not needed any more, however long the platform is away.
            entry.running = None
            self._note(entry)

    async def notify_agent(self, handle: AsyncTaskHandle, message: str, trigger: bool, /) -> None:
        """Put a system message into the thread of the task; with `trigger` have the agent go on.

        Where the platform is away, the task goes on after two seconds, and the message is
        delivered when it can be.

        Raises:
            ModuleException: the platform refuses it.
        """
        # A thread that cannot be named so is told at once.
        threads.get(thread_id=handle.chat_key)
        told = self._on_thread().submit(self._tell_agent(handle.chat_key, message, trigger))
        await shield(asyncio.wrap_future(told))

    def _note(self, entry: Entry) -> None:
        if entry.is_noted:
            return
        entry.is_noted = True
        self._news.append(entry)
        if self._thread is not None:
            self._thread.call_soon(self._read_news)

    def _find_entry(self, running: RunningTask) -> Entry:
        start = Start(running.task_id, running.args, running.kwargs)
        text, is_whole = start_text(start)
        if running.restart and not is_whole:
            _logger.warning(
                "background task %s cannot be restarted by another process: its arguments are not "
                "all JSON",
                running.name,
            )
        restart = running.restart and is_whole
        creation = {
            "agent_id": self._agent_id,
            "prompt": text,
            "title": running.task_type,
            "memory_thread_id": running.chat_key or None,
            "source": "sdk",
            "run_locally": True,
            "events_streaming": True,
            "on_worker_loss": WorkerLoss.Retry if restart else WorkerLoss.Error,
            "worker_pool": self._pool if restart else None,
        }
        entry = Entry(running.name, running, creation, str(uuid.uuid4()))
        again = self._again.pop(running.key, None)
        if again is not None:
            entry.task_id, entry.attempt = again
        return entry

    @property
    def _pool(self) -> str:
        return f"background:{self._plugin.module_name}"

    # Its thread ----------------------------------------------------------------------------------

    def _on_thread(self) -> LoopThread:
        with self._lock:
            if self._thread is not None and not self._thread.is_alive:
                self._reset()  # in a process that was forked from the one that had it
            if self._thread is None:
                self._thread = LoopThread(
                    f"xpander-record-{self._plugin.module_name}", at_exit=self._end_with_program
                )
                self._thread.start()
            return self._thread

    def _end_with_program(self) -> None:
        thread = self._thread
        if thread is None or not thread.is_alive:
            return
        # The loop of `start_soon` ends after this: its tasks are to be written down as well.
        left = {*self._entries, *self._plugin.running}
        for running in left:
            running.request_cancel("the program is ending")
        concurrent.futures.wait([running.over() for running in left], _ENDING)
        self.close(_WRITING)

    def close(self, timeout: float = _WRITING) -> bool:
        """Write down what is not yet, within `timeout` seconds, and end; whether all was written.

        A task that is started later is written down again.
        """
        thread = self._thread
        if thread is None or not thread.is_alive:
            return True
        left = thread.submit(self._finish(timeout)).result()
        if left:
            _logger.error(
                "plugin %s: the platform was away, and the record of %d background tasks is not "
                "complete",
                self._plugin.module_name,
                left,
            )
        thread.stop()
        with self._lock:
            self._reset()
        return not left

    async def _finish(self, timeout: float) -> int:
        self._read_news()
        left = {task for task in self._open if not task.done()}
        if left:
            _, left = await asyncio.wait(left, timeout=timeout)
        await self._close_channel()
        await self._transport.pool.aclose()
        self._transport.pool.close()
        return len(left)

    def _read_news(self) -> None:
        while self._news:
            entry = self._news.popleft()
            # In this order: what comes now is noted again.
            entry.is_noted = False
            entry.news.set()

    def _begin(self, entry: Entry) -> None:
        self._enter()
        self._spawn(self._keep(entry))

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        return task

    # Being a worker ------------------------------------------------------------------------------

    def _enter(self) -> None:
        self._is_leaving = False
        if self._channel is None:
            self._channel = Channel(
                self._transport, self._agent_id, self._on_registered, self._on_message
            )
        if any(mounted.restart for mounted in list(self._plugin.async_tasks.values())):
            self._channel.join(self._pool)

    async def _leave(self) -> None:
        self._is_leaving = True
        self._leaving = asyncio.create_task(self._leave_when_written())
        await asyncio.wait({self._leaving}, timeout=_WRITING)

    async def _leave_when_written(self) -> None:
        self._read_news()
        while self._open and self._is_leaving:
            await asyncio.wait(set(self._open))
        if self._is_leaving:
            await self._close_channel()

    async def _close_channel(self) -> None:
        channel, self._channel = self._channel, None
        # What comes now is for the next one, which has another name.
        self._worker_id, self._writes = None, WriteQueue()
        if channel is not None:
            await channel.close()

    def _on_registered(self, worker_id: str) -> None:
        is_first, self._worker_id = self._worker_id is None, worker_id
        if not is_first:
            # What was said to its tasks while it was away was said to nobody.
            for entry in self._known.values():
                entry.is_doubtful = True
                entry.news.set()
        self._writes.open()

    def _on_message(self, message: Offered | StopRequested | TaskNotified) -> None:
        if isinstance(message, Offered):
            self._take_over(message)
        else:
            entry = self._known.get(message.task_id)
            if entry is not None:
                self._pass_on(entry, message)
                return
            # Perhaps the answer to its creation is still on the way.
            self._early.setdefault(message.task_id, []).append(message)
            while len(self._early) > _EARLY:
                self._early.popitem(last=False)

    def _pass_on(self, entry: Entry, message: StopRequested | TaskNotified) -> None:
        running = entry.running
        if running is None or message.attempt not in (None, entry.attempt):
            return
        if isinstance(message, StopRequested):
            entry.is_doubtful = True
            entry.news.set()
        elif message.seq not in entry.told:
            entry.told.add(message.seq)
            running.handle.notify(message.key, message.data)

    # Writing down --------------------------------------------------------------------------------

    async def _keep(self, entry: Entry) -> None:
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
        """Do what is due, or wait for something; whether that was the end."""
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
        transport = self._transport.options(idempotency_key=entry.key)

        async def create() -> Any:
            spec = tasks.create(**entry.creation, worker_id=self._worker_id)
            return parse((await transport.acall(spec, None)).body)

        answer = await self._writes.send(create, is_urgent=True)
        entry.creation = {}
        self._know(entry, answer["id"])

    def _know(self, entry: Entry, task_id: str) -> None:
        entry.task_id = task_id
        self._known[task_id] = entry
        for message in self._early.pop(task_id, ()):
            self._pass_on(entry, message)

    async def _write(self, entry: Entry, step: Write) -> bool:
        """Write what is due; whether that was the end."""
        task_id = entry.task_id
        assert task_id is not None
        if task_id not in self._known:
            self._know(entry, task_id)

        async def write() -> Any:
            spec = tasks.update_fields(task_id=task_id, fields=entry.fields(step))
            return parse((await self._brief.acall(spec, None)).body)

        try:
            answer = await self._writes.send(write, is_urgent=not entry.has_begun)
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
        """See how the task stands on the platform, and what that means here; whether it is not as
        it should be.
        """
        entry.is_doubtful = False
        task_id = entry.task_id
        assert task_id is not None

        async def look() -> Any:
            return parse((await self._transport.acall(tasks.get(task_id=task_id), None)).body)

        attempt = entry.attempt
        try:
            found = await self._writes.send(look, is_urgent=True)
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
        if entry.running is not None:
            self._entries.pop(entry.running, None)

    # Taking over ---------------------------------------------------------------------------------

    def _take_over(self, offered: Offered) -> None:
        entry = self._known.get(offered.task_id)
        if entry is not None:
            # It was taken from here, perhaps while the platform could not be reached; it still
            # runs, or its end is not written down yet.
            entry.attempt, entry.has_begun, entry.is_doubtful = offered.attempt, False, False
            entry.news.set()
            return
        try:
            self._start_again(offered)
        except TypeError as error:
            self._spawn(self._refuse(offered, f"it cannot be started again: {error}"))
        except ValueError as error:
            _logger.warning("task %s goes to another process: %s", offered.task_id, error)
            self._spawn(self._hand_back(offered))

    def _start_again(self, offered: Offered) -> None:
        from xpander_client.background.tasks import task

        try:
            body = parse(offered.body.decode())
            start = read_start(body["input"]["text"])
        except (ConversionError, ValueError, KeyError, TypeError) as error:
            raise TypeError(str(error)) from None
        task_type = body.get("title") or ""
        if not self._plugin.find_task(task_type).restart:
            raise ValueError(f"tasks of type {task_type!r} are not restarted here")
        if task.is_running(task_type, start.task_id):
            raise ValueError(f"{task_type}:{start.task_id} is running here")
        key = (task_type, start.task_id)
        self._again[key] = (offered.task_id, offered.attempt)
        try:
            task.start_soon(
                task_type,
                start.task_id,
                body.get("memory_thread_id") or "",
                self._plugin,
                *start.args,
                **start.kwargs,
            )
        except BaseException:
            self._again.pop(key, None)
            raise
        _logger.info("background task %s:%s is started again", *key)

    async def _hand_back(self, offered: Offered) -> None:
        # An offer is no attempt yet: only what was begun can be given back.
        await self._answer(offered, {"status": "executing"})
        await asyncio.sleep(_HANDING_BACK)
        await self._answer(offered, {"status": "pending"})

    async def _refuse(self, offered: Offered, why: str) -> None:
        _logger.error("task %s: %s", offered.task_id, why)
        await self._answer(offered, {"status": "error", "result": why})

    async def _answer(self, offered: Offered, fields: dict[str, Any]) -> None:
        fields = {"execution_attempts": offered.attempt, **fields}
        spec = tasks.update_fields(task_id=offered.task_id, fields=fields)
        try:
            await self._writes.send(lambda: self._brief.acall(spec, None))
        except CallError as error:
            _logger.info("task %s is somebody else's by now: %s", offered.task_id, error)

    # Telling the agent ---------------------------------------------------------------------------

    async def _tell_agent(self, chat_key: str, message: str, trigger: bool) -> None:
        self._enter()
        telling = self._spawn(self._deliver(chat_key, message, trigger))
        await asyncio.wait({telling}, timeout=_TELLING)
        if telling.done():
            telling.result()
        else:
            telling.add_done_callback(_log_failure)

    async def _deliver(self, chat_key: str, message: str, trigger: bool) -> None:
        said = [ThreadMessage(role="system", content=message)]
        extend, key = threads.extend(thread_id=chat_key, messages=said, after=0), str(uuid.uuid4())
        # One after the other, in each thread.
        async with self._chats.setdefault(chat_key, asyncio.Lock()):
            try:
                await self._once(extend, key)
            except NotFoundError:
                metadata = {"agent_id": self._agent_id}
                try:
                    create = threads.create(thread_id=chat_key, metadata=metadata)
                    await self._once(create, f"{key}-thread")
                except ConflictError:
                    pass  # somebody else was faster
                await self._once(extend, key)
            if trigger:
                spec = tasks.create(
                    agent_id=self._agent_id,
                    prompt=message,
                    source="sdk",
                    memory_thread_id=chat_key,
                    events_streaming=True,
                )
                await self._once(spec, f"{key}-task")

    async def _once(self, spec: RequestSpec, key: str) -> None:
        assert spec.replay is Replay.KEYED
        transport = self._transport.options(idempotency_key=key)
        await self._writes.send(lambda: transport.acall(spec, None))


def _log_failure(telling: asyncio.Task[None]) -> None:
    if not telling.cancelled() and (error := telling.exception()) is not None:
        _logger.error("the agent was not told: %s", error)

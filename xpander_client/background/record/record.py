"""The platform's record of a plugin's tasks: others can follow, stop and notify them there.

Built on the worker room: a process with a plugin is a worker that begins its tasks by itself.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from xpander_client.api.models import WorkerLoss
from xpander_client.api.requests import threads
from xpander_client.background.record.agent_messages import AgentMessages
from xpander_client.background.record.connection import WorkerConnection
from xpander_client.background.record.entry import Entry, FinalStatus
from xpander_client.background.record.takeover import Takeover
from xpander_client.background.record.text import Start, ending_text, platform_status, start_text
from xpander_client.background.record.writer import EntryWriter
from xpander_client.background.recorder import PluginTask
from xpander_client.background.signals import TaskCtl
from xpander_client.runtime.loop_thread import LoopThread
from xpander_client.runtime.shielding import shield
from xpander_client.worker.channel.listener import Offered, StopRequested, TaskNotification

if TYPE_CHECKING:
    from xpander_client.background.plugin import Plugin


_logger = logging.getLogger("xpander_client.background")

_ENDING = 15.0
"""Seconds for the tasks to end when the program does, and then for what is not written yet."""
_WRITING = 5.0

_TELLING = 2.0
"""Seconds that a task waits for its agent to be told; after that it goes on without."""


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
        self._connection = WorkerConnection(
            self._configuration, self._agent_id, self._on_message, self._on_return
        )
        self._writer = EntryWriter(self._connection)
        self._takeover = Takeover(self._plugin, self._connection)
        self._messages = AgentMessages(self._connection, self._agent_id)
        self._is_leaving = False
        self._leaving: asyncio.Task[None] | None = None
        self._entries: dict[PluginTask, Entry] = {}
        self._open: set[asyncio.Task[Any]] = set()
        self._news: deque[Entry] = deque()

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

    def on_start(self, running: PluginTask, /) -> None:
        """Record that a task was started."""
        thread = self._on_thread()
        entry = self._find_entry(running)
        self._entries[running] = entry
        thread.call_soon(lambda: self._begin(entry))

    def on_progress(self, running: PluginTask, ctl: TaskCtl, /) -> None:
        """Record how far a task is."""
        if (entry := self._entries.get(running)) is not None:
            entry.take_progress(ctl)
            self._note(entry)

    def on_end(self, running: PluginTask, ctl: TaskCtl, /) -> None:
        """Record that a task is over."""
        if (entry := self._entries.pop(running, None)) is not None:
            entry.final = FinalStatus(platform_status(ctl.signal), ending_text(ctl))
            # What else it holds is not needed any more, however long the platform is away.
            entry.running = None
            self._note(entry)

    async def notify_agent(self, chat_key: str, message: str, trigger: bool, /) -> None:
        """Put a system message into a thread; with `trigger` have the agent go on with it.

        Where the platform is away, the task goes on after two seconds, and the message is
        delivered when it can be.

        Raises:
            ModuleException: the platform refuses it.
        """
        # A thread that cannot be named so is told at once.
        threads.get(thread_id=chat_key)
        delivery = self._on_thread().submit(self._tell_agent(chat_key, message, trigger))
        await shield(asyncio.wrap_future(delivery))

    def _note(self, entry: Entry) -> None:
        if entry.is_noted:
            return
        entry.is_noted = True
        self._news.append(entry)
        if self._thread is not None:
            self._thread.call_soon(self._read_news)

    def _find_entry(self, running: PluginTask) -> Entry:
        task_type, task_id = running.key
        start = Start(task_id, running.args, running.kwargs)
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
            "title": task_type,
            "memory_thread_id": running.chat_key or None,
            "source": "sdk",
            "run_locally": True,
            "events_streaming": True,
            "on_worker_loss": WorkerLoss.Retry if restart else WorkerLoss.Error,
            "worker_pool": self._pool if restart else None,
        }
        entry = Entry(running.name, running, creation, str(uuid.uuid4()))
        origin = self._takeover.pop_origin(running.key)
        if origin is not None:
            entry.task_id, entry.attempt = origin
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
        """Write down what is not yet, within `timeout` seconds, and end; tell whether all was.

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
        await self._connection.close()
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

    async def _keep(self, entry: Entry) -> None:
        try:
            await self._writer.keep(entry)
        finally:
            if entry.running is not None:
                self._entries.pop(entry.running, None)

    # Being a worker ------------------------------------------------------------------------------

    def _enter(self) -> None:
        self._is_leaving = False
        restarts = any(mounted.restart for mounted in list(self._plugin.async_tasks.values()))
        self._connection.enter(self._pool if restarts else None)

    async def _leave(self) -> None:
        self._is_leaving = True
        self._leaving = asyncio.create_task(self._leave_when_written())
        await asyncio.wait({self._leaving}, timeout=_WRITING)

    async def _leave_when_written(self) -> None:
        self._read_news()
        while self._open and self._is_leaving:
            await asyncio.wait(set(self._open))
        if self._is_leaving:
            await self._connection.leave()

    def _on_return(self) -> None:
        self._writer.doubt_all()

    def _on_message(self, message: Offered | StopRequested | TaskNotification) -> None:
        if not isinstance(message, Offered):
            self._writer.on_message(message)
        elif not self._writer.take_back(message):
            self._spawn(self._takeover.take(message))

    # Telling the agent ---------------------------------------------------------------------------

    async def _tell_agent(self, chat_key: str, message: str, trigger: bool) -> None:
        self._enter()
        telling = self._spawn(self._messages.deliver(chat_key, message, trigger))
        await asyncio.wait({telling}, timeout=_TELLING)
        if telling.done():
            telling.result()
        else:
            telling.add_done_callback(_log_failure)


def _log_failure(telling: asyncio.Task[None]) -> None:
    if not telling.cancelled() and (error := telling.exception()) is not None:
        _logger.error("the agent was not told: %s", error)

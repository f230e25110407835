"""Starts background tasks, finds them again, and stops them."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, assert_never, overload

from xpander_client.background.plugin import AsyncTaskHandle, Plugin
from xpander_client.background.running import OnTerminal, RunningTask, TaskRuntime
from xpander_client.background.signals import TaskCtl, TaskSignal
from xpander_client.background.states import EndedStates
from xpander_client.runtime.daemon_threads import DaemonThreads
from xpander_client.runtime.loop_thread import LoopThread
from xpander_client.runtime.loops import find_running_loop

_logger = logging.getLogger("xpander_client.background")

P = ParamSpec("P")


class BackgroundTasks:
    """The background tasks of a process; `task` is the one that programs use.

    A task is known by its type and its id, and there is one of each at a time. All methods may be
    called from any thread, and from any event loop.

    Args:
        keep_states: How many ended tasks `get_state` and `join` know. Those whose handle somebody
            holds do not count.
        keep_states_for: How long they know them, in seconds.
        grace: How long a task that handles its cancellation may take to end in its own way, in
            seconds, and once more that long to end by force.
        threads: How many plain functions run at once; more wait for their turn.
        clock: What the time is, in seconds.

    Example:
        >>> from collections.abc import AsyncIterator
        >>> from xpander_client.background import AsyncTaskHandle, Plugin, TaskCtl
        >>> plugin = Plugin("Words", "words", "Counts words", "1.0.0", "Shop", "")
        >>> @plugin.mount_async_task("count")
        ... async def count(handle: AsyncTaskHandle, text: str) -> AsyncIterator[TaskCtl]:
        ...     yield TaskCtl.report_progress("counting", 50)
        ...     yield TaskCtl.success("counted", data=len(text.split()))
        >>> handle = await task.start(count, "C-1", "chat-1", plugin, text="one two three")
        >>> ctl = await task.ajoin("count", "C-1", timeout=10)
        >>> print(ctl.message, ctl.data, task.is_running("count", "C-1"))
        counted 3 False
    """

    def __init__(
        self,
        *,
        keep_states: int = 10_000,
        keep_states_for: float = 3600.0,
        grace: float = 5.0,
        threads: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Reentrant, as all locks here: a signal handler or a finalizer may come in between.
        self._lock = threading.RLock()
        self._running: dict[tuple[str, str], RunningTask] = {}
        self._ends = EndedStates(keep_states, keep_states_for, clock)
        self._runtime = TaskRuntime(
            self._lock, grace, DaemonThreads("xpander-task", threads), self._forget
        )
        self._background = LoopThread(
            "xpander-background", last=self._stop_background, at_exit=self._end_background
        )

    @property
    def keep_states(self) -> int:
        """How many ended tasks `get_state` knows."""
        return self._ends.most

    @keep_states.setter
    def keep_states(self, most: int) -> None:
        self._ends.most = most

    @property
    def keep_states_for(self) -> float:
        """How long `get_state` knows an ended task, in seconds."""
        return self._ends.longest

    @keep_states_for.setter
    def keep_states_for(self, seconds: float) -> None:
        self._ends.longest = seconds

    @property
    def grace(self) -> float:
        """How long a task that is cancelled may take to end in its own way, in seconds."""
        return self._runtime.grace

    @grace.setter
    def grace(self, seconds: float) -> None:
        self._runtime.grace = seconds

    @overload
    async def start(
        self,
        task_type: str,
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: Any,
        on_terminal: OnTerminal | None = None,
        **kwargs: Any,
    ) -> AsyncTaskHandle: ...

    @overload
    async def start(
        self,
        task_type: Callable[Concatenate[AsyncTaskHandle, ...], Any],
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: Any,
        on_terminal: OnTerminal,
        **kwargs: Any,
    ) -> AsyncTaskHandle: ...

    @overload
    async def start(
        self,
        task_type: Callable[Concatenate[AsyncTaskHandle, P], Any],
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> AsyncTaskHandle: ...

    async def start(
        self,
        task_type: str | Callable[..., Any],
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: Any,
        on_terminal: Any = None,
        **kwargs: Any,
    ) -> AsyncTaskHandle:
        """Start a task on this event loop, and come back at once, with its handle.

        `task_type` is the name that its function was mounted under, or the function itself; then
        type checkers see whether the arguments are right, but not beside an `on_terminal`. They
        want a default value for a parameter that gets what the task is started with, like
        `task_id`. The function is called with the handle and all other arguments. `on_terminal` is
        called once with the terminal signal, on this loop, when the task is not running any more;
        it may be sync or async, and what it raises is logged.

        Raises:
            ValueError: the plugin is disabled or has no such task, the id is empty, or the task is
                running; the message names what there is.
            TypeError: the function cannot be called with these arguments.
        """
        loop = asyncio.get_running_loop()
        running = self._enter(task_type, task_id, chat_key, plugin, args, kwargs, on_terminal, loop)
        running.begin()
        return running.handle

    @overload
    def start_soon(
        self,
        task_type: str,
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: Any,
        on_terminal: OnTerminal | None = None,
        **kwargs: Any,
    ) -> AsyncTaskHandle: ...

    @overload
    def start_soon(
        self,
        task_type: Callable[Concatenate[AsyncTaskHandle, ...], Any],
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: Any,
        on_terminal: OnTerminal,
        **kwargs: Any,
    ) -> AsyncTaskHandle: ...

    @overload
    def start_soon(
        self,
        task_type: Callable[Concatenate[AsyncTaskHandle, P], Any],
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> AsyncTaskHandle: ...

    def start_soon(
        self,
        task_type: str | Callable[..., Any],
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        *args: Any,
        on_terminal: Any = None,
        **kwargs: Any,
    ) -> AsyncTaskHandle:
        """Start a task without an event loop: it runs on one in the background.

        That loop ends with the program, and cancels what still runs; `join` waits for a task. The
        arguments, and what is raised, are those of `start`.

        Example:
            >>> from xpander_client.background import Plugin
            >>> plugin = Plugin("Sums", "sums", "Adds", "1.0.0", "Shop", "")
            >>> @plugin.mount_async_task("sum")
            ... def add(handle: AsyncTaskHandle, *numbers: int) -> int:
            ...     return sum(numbers)
            >>> handle = task.start_soon("sum", "S-1", "chat-1", plugin, 1, 2, 3)
            >>> task.join("sum", "S-1", timeout=10).data
            6
        """
        loop = self._background.start()
        running = self._enter(task_type, task_id, chat_key, plugin, args, kwargs, on_terminal, loop)
        loop.call_soon_threadsafe(running.begin)
        return running.handle

    def join(self, task_type: str, task_id: str, timeout: float | None = None) -> TaskCtl:
        """Wait for a task's end, and get its terminal signal. It blocks its thread.

        Raises:
            ValueError: there is no such task, and there was none lately.
            TimeoutError: it has not ended after `timeout` seconds.
            RuntimeError: it would block an event loop.
        """
        if find_running_loop() is not None:
            raise RuntimeError("join would block the event loop: await ajoin")
        running = self._running_or_end(task_type, task_id)
        if isinstance(running, TaskCtl):
            return running
        try:
            return running.over().result(timeout)
        except TimeoutError:
            raise TimeoutError(_still_running(task_type, task_id, timeout)) from None

    async def ajoin(self, task_type: str, task_id: str, timeout: float | None = None) -> TaskCtl:
        """Wait as `join` does, in async code.

        Raises:
            ValueError: there is no such task, and there was none lately.
            TimeoutError: it has not ended after `timeout` seconds.
        """
        running = self._running_or_end(task_type, task_id)
        if isinstance(running, TaskCtl):
            return running
        try:
            return await asyncio.wait_for(asyncio.wrap_future(running.over()), timeout)
        except TimeoutError:
            raise TimeoutError(_still_running(task_type, task_id, timeout)) from None

    def is_running(self, task_type: str, task_id: str) -> bool:
        """Tell whether the task was started and has not ended."""
        return self._find(task_type, task_id) is not None

    async def cancel(self, task_type: str, task_id: str, reason: str = "cancelled") -> bool:
        """End a task, wait until it has ended, and tell whether it was stopped.

        It sees `handle.is_cancelled`, and its wait points raise `asyncio.CancelledError`. A moment
        later the error is raised wherever else it waits, as in a sleep, unless it has seen the flag
        by then. Then it may clean up. When it has not ended after `grace` seconds, the error is
        raised again, and when that does not end it either, it counts as failed; a plain function
        on a thread can't be interrupted, and has to look at the flag. `reason` is the message of
        its terminal signal, where it yields none of its own. False means that it did not run, or
        was faster and succeeded. A task that cancels itself does not wait.
        """
        running = self._find(task_type, task_id)
        return running is not None and await _stop_all([running], reason) == 1

    async def stop_all(self, reason: str = "all tasks are stopped") -> int:
        """Cancel all tasks, wait until they have ended, and return how many were stopped."""
        return await _stop_all(self._all(), reason)

    def get_handle(self, task_type: str, task_id: str) -> AsyncTaskHandle | None:
        """Return the handle of a task that runs, or None."""
        running = self._find(task_type, task_id)
        return running.handle if running is not None else None

    def get_state(self, task_type: str, task_id: str) -> TaskCtl | None:
        """Return what the task said last; its terminal signal, for a while, when it has ended.

        None when it has said nothing yet, or is not known.
        """
        running = self._find(task_type, task_id)
        if running is not None:
            return running.latest
        with self._lock:
            return self._ends.get((task_type, task_id))

    def get_running_tasks(self) -> list[str]:
        """Return the tasks that run, each as `module_name:task_type:task_id`, the oldest first."""
        return [running.name for running in self._all()]

    def close(self) -> None:
        """Stop the tasks that `start_soon` began, and end their event loop.

        This happens by itself when the program ends. `start_soon` begins another loop.

        Raises:
            RuntimeError: it would wait for itself, on that loop.
        """
        if self._background.is_current:
            raise RuntimeError("the background loop cannot close itself: await stop_all")
        self._end_background()

    def _enter(
        self,
        task_type: str | Callable[..., Any],
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        on_terminal: OnTerminal | None,
        loop: asyncio.AbstractEventLoop,
    ) -> RunningTask:
        mounted = plugin.find_task(task_type)
        task_type = mounted.task_type
        if not task_id:
            raise ValueError(f"the id of a task {task_type!r} is a text that is not empty")
        if on_terminal is not None and not callable(on_terminal):
            raise TypeError(f"on_terminal is a function, not {on_terminal!r}")
        handle = AsyncTaskHandle(task_type, task_id, chat_key, plugin, loop)
        keywords = mounted.bind(handle, args, kwargs)
        running = RunningTask(mounted, handle, args, keywords, on_terminal, loop, self._runtime)
        key = running.key
        self._find(task_type, task_id)  # one whose loop was closed makes room
        with self._lock:
            if key in self._running:
                raise ValueError(
                    _describe_taken(key, [id for type, id in self._running if type == key[0]])
                )
            plugin.admit(running)
            self._running[key] = running
            self._ends.forget(key)
        return running

    def _forget(self, running: RunningTask, ctl: TaskCtl) -> None:
        key = running.key
        with self._lock:
            del self._running[key]
            self._ends.remember(running.handle, ctl)
        running.handle.plugin.running.discard(running)

    def _find(self, task_type: str, task_id: str) -> RunningTask | None:
        running = self._running.get((task_type, task_id))
        if running is not None and running.is_lost:
            running.lose()
            return None
        return running

    def _all(self) -> list[RunningTask]:
        with self._lock:
            found = list(self._running.values())
        for running in found:
            if running.is_lost:
                running.lose()
        return [running for running in found if not running.is_lost]

    def _running_or_end(self, task_type: str, task_id: str) -> RunningTask | TaskCtl:
        if (running := self._find(task_type, task_id)) is not None:
            return running
        with self._lock:
            end = self._ends.get((task_type, task_id))
            ids = [id for type, id in self._running if type == task_type]
        if end is None:
            raise ValueError(f"there is no task {task_type}:{task_id}; {_running_ids(ids)}")
        return end

    async def _stop_background(self) -> None:
        here = asyncio.get_running_loop()
        mine = [running for running in self._all() if running.loop is here]
        await _stop_all(mine, "the program is ending")
        # What callbacks have begun, as messages about the end, is still on its way.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=self.grace)

    def _end_background(self) -> None:
        # Code that blocks the loop must not keep the program from ending.
        if not self._background.stop(3 * self.grace + 5.0):
            _logger.error("the background loop does not end, and is left to itself")


async def _stop_all(tasks: list[RunningTask], reason: str) -> int:
    for running in tasks:
        running.request_cancel(reason)
    # A task that is among them would wait for itself.
    others = [running for running in tasks if not running.is_current]
    ends = await asyncio.gather(*(asyncio.wrap_future(running.over()) for running in others))
    own = len(tasks) - len(others)
    return own + sum(map(_was_stopped, ends))


def _was_stopped(end: TaskCtl) -> bool:
    match end.signal:
        case TaskSignal.SUCCESS | TaskSignal.PROGRESS:
            return False
        case TaskSignal.FAIL | TaskSignal.CANCEL:
            return True
        case _:
            assert_never(end.signal)


def _describe_taken(key: tuple[str, str], ids: list[str]) -> str:
    return f"task {key[0]}:{key[1]} is running already; {_running_ids(ids)}"


def _running_ids(ids: list[str]) -> str:
    if not ids:
        return "of this type none is running"
    more = f" and {len(ids) - 10} more" if len(ids) > 10 else ""
    return f"of this type are running {', '.join(map(repr, ids[:10]))}{more}"


def _still_running(task_type: str, task_id: str, timeout: float | None) -> str:
    return f"task {task_type}:{task_id} is still running after {timeout:g} s"


task = BackgroundTasks()
"""The background tasks of this process."""

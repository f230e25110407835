"""Runs one task: calls its function, and makes sure that it ends once."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import logging
import threading
import traceback
import types
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, assert_never

import attrs

from xpander_client.background.lifecycle import TaskLifecycle, Verdict
from xpander_client.background.mounted import MountedTask
from xpander_client.background.plugin import AsyncTaskHandle
from xpander_client.background.recorder import Recorder
from xpander_client.background.signals import TaskCtl
from xpander_client.runtime.daemon_threads import DaemonThreads
from xpander_client.runtime.loops import find_running_loop

OnTerminal = Callable[[TaskCtl], Any]
"""Called with the terminal signal; what it returns is awaited, if it can be."""

NOTICE = 0.1
"""Seconds in which a task that is cancelled may see it by itself, before it is woken."""

_logger = logging.getLogger("xpander_client.background")

# An asyncio task that nobody holds may be collected before it is done.
_telling: set[asyncio.Task[None]] = set()


@attrs.define(eq=False)
class TaskRuntime:
    """What tasks are run with. `grace` is in seconds; `ended` is called at each end.

    They share one `lock`, which is never held for long: ten thousand of them would cost more.
    """

    lock: threading.RLock
    grace: float
    threads: DaemonThreads
    ended: Callable[[RunningTask, TaskCtl], None]


@types.coroutine
def _enter() -> Generator[None]:
    """Suspend the coroutine that awaits this."""
    yield


class RunningTask:
    """A task from its start to its end.

    Its function runs on `loop`, or on a thread that reports to it. What it decides is decided under
    a lock, so that `request_cancel` may come from any thread.
    """

    __slots__ = (
        "__weakref__",
        "_args",
        "_driver",
        "_handed_on",
        "_keywords",
        "_lifecycle",
        "_lock",
        "_mounted",
        "_on_terminal",
        "_opening",
        "_over",
        "_recorder",
        "_runtime",
        "_thread_done",
        "_timer",
        "_waiters",
        "handle",
        "key",
        "loop",
    )

    def __init__(
        self,
        mounted: MountedTask,
        handle: AsyncTaskHandle,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        on_terminal: OnTerminal | None,
        loop: asyncio.AbstractEventLoop,
        runtime: TaskRuntime,
    ) -> None:
        self.handle = handle
        self.key = (handle.task_type, handle.task_id)
        """Its type and its id."""
        self.loop = loop
        self._mounted = mounted
        self._args = args
        self._keywords = keywords
        self._on_terminal = on_terminal
        self._runtime = runtime
        self._recorder: Recorder | None = handle.plugin.recorder
        self._lifecycle = TaskLifecycle()
        self._lock = runtime.lock
        self._driver: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._thread_done: asyncio.Future[None] | None = None
        self._opening: asyncio.Future[None] | None = None
        self._handed_on: Any = None
        self._over: TaskCtl | None = None
        self._waiters: list[Future[TaskCtl]] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def chat_key(self) -> str:
        """The thread that it belongs to."""
        return self.handle.chat_key

    @property
    def restart(self) -> bool:
        """Whether another process may start it again, when this one dies."""
        return self._mounted.restart

    @property
    def name(self) -> str:
        """The plugin's module, the type and the id, for people."""
        handle = self.handle
        return f"{handle.plugin.module_name}:{handle.task_type}:{handle.task_id}"

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments of its start, behind the plugin."""
        return self._args

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keywords of its start, without those that every task is started with."""
        return self._mounted.drop_supplied(self._args, self._keywords)

    @property
    def latest(self) -> TaskCtl | None:
        """What it said last."""
        return self._lifecycle.latest

    @property
    def is_lost(self) -> bool:
        """Whether its event loop was closed under it."""
        return self.loop.is_closed()

    @property
    def is_current(self) -> bool:
        """Whether it is this task that asks."""
        return find_running_loop() is self.loop and asyncio.current_task() is self._driver

    def begin(self) -> None:
        """Start its function. To be called once, on its loop."""
        driving = self._drive()
        # Up to its first line inside `try`: a task that is cancelled before it ran for the first
        # time would never come there.
        driving.send(None)
        if self._recorder is not None:
            self._record(self._recorder.on_start)
        self.handle._driver = self._driver = self.loop.create_task(driving)

    def notify(self, key: str, data: Any) -> bool:
        """Bring `data` to all who wait on `key`, and tell whether there were any."""
        return self.handle.notify(key, data)

    def request_cancel(self, reason: str = "cancelled") -> None:
        """Have the task end: now where it waits, by force after the grace; from any thread."""
        with self._lock:
            if self._lifecycle.is_over:
                return
            has_grace = self._lifecycle.ask_to_stop(reason)
        self.handle._cancel()
        if self.is_current:
            self.handle._has_noticed = True
        self._on_loop(self._give_notice if has_grace else self._leave_queue)

    def over(self) -> Future[TaskCtl]:
        """Return a future of the terminal signal, done when the callback has returned."""
        waiter: Future[TaskCtl] = Future()
        with self._lock:
            over = self._over
            if over is None:
                self._waiters = [*(self._waiters or ()), waiter]
        if over is not None:
            waiter.set_result(over)
        return waiter

    def lose(self) -> None:
        """End it without its event loop, which was closed before the task was over."""
        with self._lock:
            self._lifecycle.lose("its event loop was closed while it ran")
        if (ctl := self._settle()) is None:
            return
        try:
            answer = self._on_terminal(ctl) if self._on_terminal is not None else None
            if inspect.iscoroutine(answer):
                answer.close()
                raise RuntimeError("there is no event loop left for it")
        except Exception as error:
            self._log("on_terminal failed", error)
        self._release(ctl)

    # Its function

    async def _drive(self) -> None:
        interrupt: KeyboardInterrupt | None = None
        try:
            await _enter()
            if self.handle.plugin.callbacks.is_due:
                self._opening = self.loop.create_task(self.handle.plugin.callbacks.open())
                await self._opening
            if not self._mounted.is_async:
                await self._run_on_thread()
            else:
                with self._lock:
                    begins = self._lifecycle.begin()
                if begins:
                    function = self._mounted.function
                    await self._follow(function(self.handle, *self._args, **self._keywords))
        except BaseException as error:
            self._take_error(error)
            if isinstance(error, KeyboardInterrupt):
                interrupt = error
        if (ctl := self._settle()) is not None:
            if self._on_terminal is not None:
                await self._tell(ctl)
            self._release(ctl)
        if interrupt is not None:
            raise interrupt

    async def _follow(self, running: Any) -> None:
        if not _is_async_generator(running):
            value = await running
            with self._lock:
                self._lifecycle.take_result(value)
            return
        async for value in running:
            if not self._take(value):
                await running.aclose()
                return
        with self._lock:
            self._lifecycle.run_out()

    def _take(self, value: Any) -> bool:
        with self._lock:
            goes_on = self._lifecycle.take(value)
        if goes_on and self._recorder is not None:
            self._record(self._recorder.on_progress, value)
        return goes_on

    def _take_error(self, error: BaseException) -> None:
        # What is left of the way here says nothing about the function, and would keep `self`.
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
            frames = frames.tb_next
        error.__traceback__ = frames
        with self._lock:
            was_decided = self._lifecycle.is_decided
            self._lifecycle.take_error(error)
        if isinstance(error, asyncio.CancelledError):
            return
        self._log("failed while it cleaned up" if was_decided else "failed", error)

    # On a thread

    async def _run_on_thread(self) -> None:
        if self._lifecycle.is_decided:
            return
        done = self._thread_done = self.loop.create_future()
        job = functools.partial(contextvars.copy_context().run, self._work)
        self._runtime.threads.run(job, f"xpander-task-{self.name}")
        while not done.done():
            try:
                await asyncio.wait({done})
            except asyncio.CancelledError:
                # Nothing here cancels a task that waits for a thread.
                self.request_cancel("its event loop is ending")
        self._thread_done = None
        if self._handed_on is not None:
            # A plain function around an async one, as decorators make them.
            await self._follow(self._handed_on)

    def _work(self) -> None:
        with self._lock:
            begins = self._lifecycle.begin()
        try:
            if begins:
                result = self._mounted.function(self.handle, *self._args, **self._keywords)
                if inspect.isgenerator(result):
                    self._step_through(result)
                elif inspect.iscoroutine(result) or _is_async_generator(result):
                    self._handed_on = result
                else:
                    with self._lock:
                        self._lifecycle.take_result(result)
        except BaseException as error:
            self._take_error(error)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._leave_thread)
            # An error that is remembered keeps this frame, which is to keep nothing.
            del self

    def _step_through(self, values: Generator[Any, Any, Any]) -> None:
        for value in values:
            with self._lock:
                goes_on = self._lifecycle.take(value)
            if not goes_on or not self._record_from_thread(value):
                values.close()
                return
        with self._lock:
            self._lifecycle.run_out()

    def _record_from_thread(self, ctl: TaskCtl) -> bool:
        if self._recorder is None:
            return not self.is_lost
        try:
            self.loop.call_soon_threadsafe(self._record, self._recorder.on_progress, ctl)
        except RuntimeError:  # the loop is closed
            return False
        return True

    # Its end

    def _on_loop(self, function: Callable[[], None]) -> None:
        if find_running_loop() is self.loop:
            function()
            return
        try:
            self.loop.call_soon_threadsafe(function)
        except RuntimeError:
            self.lose()

    def _leave_queue(self) -> None:
        if not self._lifecycle.has_begun:
            self._leave_thread()
            if self._opening is not None:
                self._opening.cancel()

    def _leave_thread(self) -> None:
        if self._thread_done is not None and not self._thread_done.done():
            self._thread_done.set_result(None)

    def _give_notice(self) -> None:
        if not self._lifecycle.is_over:
            notice = min(NOTICE, self._runtime.grace)
            self._timer = self.loop.call_later(notice, self._notice_is_over)

    def _notice_is_over(self) -> None:
        if not self.handle._has_noticed and not self._lifecycle.is_decided:
            self._interrupt()
        self._start_grace()

    def _interrupt(self) -> None:
        """Raise a `CancelledError` where it waits. A thread cannot be interrupted."""
        if self._thread_done is None and self._driver is not None:
            self._driver.cancel()

    def _start_grace(self) -> None:
        if not self._lifecycle.is_over:
            self._timer = self.loop.call_later(self._runtime.grace, self._grace_is_over)

    def _grace_is_over(self) -> None:
        with self._lock:
            verdict = self._lifecycle.grace_is_over(self._runtime.grace)
        match verdict:
            case Verdict.FORCE:
                self._interrupt()  # a generator on a thread is closed at its next value
                self._start_grace()
            case Verdict.GIVE_UP:
                self._give_up()
            case Verdict.NOTHING:
                pass
            case _:
                assert_never(verdict)

    def _give_up(self) -> None:
        if (ctl := self._settle()) is None:
            return
        self._log("does not end, and is left to itself")
        self._leave_thread()
        telling = self.loop.create_task(self._tell_and_release(ctl))
        _telling.add(telling)
        telling.add_done_callback(_telling.discard)

    def _settle(self) -> TaskCtl | None:
        """Return the end to the first who asks: the one who has to report it, and to release."""
        with self._lock:
            ctl = self._lifecycle.end()
        if ctl is None:
            return None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.handle._close()
        self._runtime.ended(self, ctl)
        if self._recorder is not None:
            self._record(self._recorder.on_end, ctl)
        return ctl

    async def _tell_and_release(self, ctl: TaskCtl) -> None:
        if self._on_terminal is not None:
            await self._tell(ctl)
        self._release(ctl)

    async def _tell(self, ctl: TaskCtl) -> None:
        assert self._on_terminal is not None
        try:
            answer = self._on_terminal(ctl)
            if answer is not None and inspect.isawaitable(answer):
                await answer
        except (Exception, asyncio.CancelledError) as error:
            self._log("on_terminal failed", error)

    def _release(self, ctl: TaskCtl) -> None:
        if ctl.error is not None and isinstance(ctl.error, BaseException):
            _clear_frames(ctl.error)
        with self._lock:
            self._over = ctl
            self.handle._driver = None
            waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if waiter.set_running_or_notify_cancel():
                waiter.set_result(ctl)

    def _record(self, tell: Callable[..., None], *ctl: TaskCtl) -> None:
        try:
            tell(self, *ctl)
        except Exception as error:
            self._log("its record failed", error)

    def _log(self, what: str, error: BaseException | None = None) -> None:
        _logger.error(
            "background task %s: %s",
            self.name,
            what,
            exc_info=error,
            extra={"task_type": self.handle.task_type, "task_id": self.handle.task_id},
        )


def _is_async_generator(running: Any) -> bool:
    return inspect.isasyncgen(running)


def _clear_frames(error: BaseException) -> None:
    """Let go of what the frames of an error hold: it may be remembered for long.

    Its traceback can still be printed.
    """
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        left += [one.__cause__, one.__context__]

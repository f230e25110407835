"""The handle of a task: its function waits with it, and others notify and cancel with it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from xpander_client.background.wait_points import WaitPoints
from xpander_client.runtime.loops import find_running_loop

if TYPE_CHECKING:
    from xpander_client.background.plugin import Plugin
    from xpander_client.background.signals import TaskCtl


_making = threading.RLock()


class AsyncTaskHandle:
    """The first argument of every task function, and what `task.get_handle` finds.

    Its methods may be called from any thread. Those that are awaited have a form for code that runs
    on a thread: `wait_blocking`, `notify_agent_blocking`.

    Example:
        >>> from collections.abc import AsyncIterator
        >>> from xpander_client.background import Plugin, TaskCtl, task
        >>> plugin = Plugin("Orders", "orders", "Orders in the background", "1.0.0", "Shop", "")
        >>> @plugin.mount_async_task("order")
        ... async def order(handle: AsyncTaskHandle) -> AsyncIterator[TaskCtl]:
        ...     if await handle.wait("approval", timeout=60):
        ...         yield TaskCtl.success("ordered")
        ...     else:
        ...         yield TaskCtl.fail("nobody approved")
        >>> handle = await task.start("order", "O-1", "chat-1", plugin)
        >>> await asyncio.sleep(0.01)
        >>> print(handle.notify("approval", True))
        True
        >>> ctl = await task.ajoin("order", "O-1", timeout=10)
        >>> print(ctl.message)
        ordered
    """

    __slots__ = (
        "__weakref__",
        "_cancel_requested",
        "_driver",
        "_end",
        "_has_noticed",
        "_is_closed",
        "_loop",
        "_points",
        "chat_key",
        "plugin",
        "task_id",
        "task_type",
    )

    def __init__(
        self,
        task_type: str,
        task_id: str,
        chat_key: str,
        plugin: Plugin,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.task_type = task_type
        self.task_id = task_id
        self.chat_key = chat_key
        self.plugin = plugin
        self._loop = loop
        self._points: WaitPoints | None = None
        self._is_closed = False
        self._cancel_requested = False
        self._has_noticed = False
        """Whether the task knows that it was asked to stop."""
        self._driver: asyncio.Task[None] | None = None
        """What runs the task's function on the loop, from its begin to its end."""
        self._end: TaskCtl | None = None
        """How it ended: whoever holds the handle can be told for as long as that."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.task_type}:{self.task_id}>"

    @property
    def is_cancelled(self) -> bool:
        """Whether the task was asked to stop. It should then clean up and yield `cancel`."""
        if self._cancel_requested and not self._has_noticed:
            # Others may look, too, while the task knows nothing of it.
            self._has_noticed = self._is_in_task()
        return self._cancel_requested

    async def wait(self, key: str, timeout: float | None = None) -> Any:
        """Wait for `notify(key, data)`, and get the data; `TIMED_OUT` after `timeout` seconds.

        `TIMED_OUT` is false, as is the None of a `notify(key)` without data; only the first *is*
        `TIMED_OUT`. No error is raised for it. A `notify` that came before is taken at once. Where
        several wait, one `notify` wakes all.

        Raises:
            asyncio.CancelledError: the wait point or the task was cancelled.
        """
        try:
            return await self._wait_points().wait(key, timeout)
        except asyncio.CancelledError:
            self._has_noticed |= self._cancel_requested
            raise

    def wait_blocking(self, key: str, timeout: float | None = None) -> Any:
        """Wait as `wait` does, in code on a thread, which is blocked meanwhile.

        Raises:
            asyncio.CancelledError: the wait point or the task was cancelled.
            RuntimeError: it would block an event loop.
        """
        _refuse_on_a_loop("wait_blocking", "wait")
        return self._wait_points().wait_blocking(key, timeout)

    def notify(self, key: str, data: Any = None) -> bool:
        """Bring `data` to all who wait on `key`, and tell whether there were any.

        Where there are none, the first one who waits later gets it, as long as the task runs.
        """
        return self._wait_points().notify(key, data)

    async def notify_agent(self, message: str, trigger: bool = True) -> None:
        """Put a system message into the thread `chat_key`, for the plugin's agent.

        The agent gets a task to go on with that thread, unless `trigger` is false.

        Raises:
            ValueError: the plugin has no configuration, so there is no agent to tell.
        """
        recorder = self.plugin.recorder
        if recorder is None:
            raise ValueError(
                f"plugin {self.plugin.module_name!r} knows no agent to tell: make it with "
                "Plugin(..., configuration=Configuration(...))"
            )
        await recorder.notify_agent(self.chat_key, message, trigger)

    def notify_agent_blocking(self, message: str, trigger: bool = True) -> None:
        """Do as `notify_agent`, in code on a thread, which it blocks until all is delivered.

        Raises:
            ValueError: the plugin has no configuration, so there is no agent to tell.
            RuntimeError: it would block an event loop.
        """
        _refuse_on_a_loop("notify_agent_blocking", "notify_agent")
        told = self.notify_agent(message, trigger)
        asyncio.run_coroutine_threadsafe(told, self._loop).result()

    def cancel_wait(self, key: str) -> int:
        """Raise `asyncio.CancelledError` in those who wait on `key`, and return their number."""
        return self._wait_points().cancel(key)

    def cancel_all(self) -> int:
        """Raise `asyncio.CancelledError` in all who wait, and return their number.

        The task itself goes on: `task.cancel` is what ends it.
        """
        return self._wait_points().cancel_all()

    def _cancel(self) -> None:
        """Raise the flag, and let nobody wait any more."""
        self._cancel_requested = True
        self._close()

    def _is_in_task(self) -> bool:
        return find_running_loop() is self._loop and asyncio.current_task() is self._driver

    def _close(self) -> None:
        """Let nobody wait any more."""
        with _making:
            self._is_closed = True
            points = self._points
        if points is not None:
            points.close()

    def _wait_points(self) -> WaitPoints:
        """Return the wait points, made for the first who needs them: most tasks never do."""
        if self._points is None:
            with _making:
                if self._points is None:
                    self._points = WaitPoints(is_closed=self._is_closed)
        return self._points


def _refuse_on_a_loop(name: str, instead: str) -> None:
    if find_running_loop() is not None:
        raise RuntimeError(f"{name} would block the event loop: await {instead}")

"""Plugins, and the handles of their tasks: each of the two is in the types of the other."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import logging
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Concatenate, TypeVar

from xpander_client.background.mounted import MountedTask, inspect_function
from xpander_client.background.plugin_callbacks import PluginCallbacks
from xpander_client.background.plugin_folder import PluginFolder
from xpander_client.background.recorder import PluginTask, Recorder, RestartingRecorder
from xpander_client.background.sandbox_methods import SandboxMethod, SandboxMethodType
from xpander_client.background.signals import TaskCtl
from xpander_client.background.wait_points import WaitPoints
from xpander_client.configuration import check_configuration
from xpander_client.lacking import refuse_attributes, refuse_keywords
from xpander_client.runtime.loops import find_running_loop

if TYPE_CHECKING:
    from xpander_client.configuration import Configuration

F = TypeVar("F", bound=Callable[..., Any])
TaskT = TypeVar("TaskT", bound="Callable[Concatenate[AsyncTaskHandle, ...], Any]")

_enabled: weakref.WeakSet[Plugin] = weakref.WeakSet()

# Held while a handle makes its wait points, or closes them: one for all, as most make none.
_making = threading.RLock()


class Plugin(PluginFolder):
    """A named set of background tasks and sandbox methods, which comes and goes as one.

    `module_name` tells it from others; the other texts are for people. With a `configuration` its
    tasks are platform tasks too, which others can follow, stop and notify.

    Its configuration and its store are files in `folder`; without one that is
    `.xpander/plugins/AUTHOR.MODULE` below the working directory, made when it is first needed.

    Example:
        >>> from xpander_client.background import AsyncTaskHandle
        >>> plugin = Plugin("Reports", "reports", "Makes reports", "1.0.0", "Shop", "")
        >>> @plugin.mount_async_task("report")
        ... async def report(handle: AsyncTaskHandle, prompt: str) -> str:
        ...     return f"All about {prompt}"
        >>> sorted(plugin.async_tasks)
        ['report']
    """

    def __init__(
        self,
        name: str,
        module_name: str,
        description: str,
        version: str,
        author: str,
        url: str,
        *,
        configuration: Configuration | None = None,
        folder: str | os.PathLike[str] | None = None,
        **lacking: None,
    ) -> None:
        refuse_keywords("Plugin", lacking)
        super().__init__(folder)
        self.name = name
        self.module_name = module_name
        self.description = description
        self.version = version
        self.author = author
        self.url = url
        check_configuration(configuration)
        self.configuration = configuration
        self.async_tasks: dict[str, MountedTask] = {}
        """The functions that can be started, by task type."""
        self.sandbox_methods: dict[str, SandboxMethod] = {}
        """The methods that an agent may call, by name."""
        self.running: set[PluginTask] = set()
        """Its tasks under way."""
        self.callbacks = PluginCallbacks(module_name)
        """What is called when it comes and when it goes."""
        self.logger = logging.getLogger(f"xpander_client.background.{module_name}")
        """For what its own functions have to say."""
        self._recorder: Recorder | None = None
        self._lock = threading.Lock()
        self._is_enabled = True
        _enabled.add(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.module_name}>"

    @property
    def is_enabled(self) -> bool:
        """Whether its tasks can be started."""
        return self._is_enabled

    @property
    def recorder(self) -> Recorder | None:
        """Who hears of its tasks: the platform, with a configuration, and else nobody."""
        if self._recorder is None and self.configuration is not None:
            with self._lock:
                if self._recorder is None:
                    # Loaded when it is needed: it brings the whole client along.
                    record = importlib.import_module("xpander_client.background.record.record")
                    self._recorder = record.PlatformRecord(self)
        return self._recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        self._recorder = recorder

    def mount_async_task(
        self, task_type: str, *, restart: bool = False
    ) -> Callable[[TaskT], TaskT]:
        """Have a function be what `task.start(task_type, …)` runs; it comes back unchanged.

        `task.start(function, …)` runs it as well. Its first argument is its handle. It may be an
        async generator or a coroutine function, which run on the event loop, or a plain generator
        or function, which run on a thread.
        A generator yields `TaskCtl` values, the last of them terminal; what others return is the
        data of their success. Parameters called `task_id`, `chat_key`, `plugin` or `task_type` get
        what the task was started with. With `restart`, a recorded task whose process dies is
        started again by another process that has the plugin.

        Raises:
            ValueError: the type is empty, or has a function already.
            TypeError: it is no function, or takes no handle.
        """
        if not task_type:
            raise ValueError("a task type is a text that is not empty")

        def mount(function: TaskT) -> TaskT:
            if task_type in self.async_tasks:
                raise ValueError(
                    f"plugin {self.module_name!r} has a task {task_type!r} already; "
                    f"it has {_list_names(self.async_tasks)}"
                )
            self.async_tasks[task_type] = inspect_function(task_type, function, restart=restart)
            return function

        return mount

    def mount_sandbox_method(
        self, method_type: SandboxMethodType, name: str, description: str | None = None
    ) -> Callable[[F], F]:
        """Have a function be a method that the agent may call; it comes back unchanged.

        `name` is for people; code may call the function by its own name, too. Without a
        `description` its docstring tells what it is for.

        Raises:
            ValueError: the name is taken, or the type is none.
        """
        kind = SandboxMethodType(method_type)

        def mount(function: F) -> F:
            if name in self.sandbox_methods:
                raise ValueError(f"plugin {self.module_name!r} has a method {name!r} already")
            text = description if description is not None else inspect.getdoc(function) or ""
            self.sandbox_methods[name] = SandboxMethod(kind, name, text, function)
            return function

        return mount

    def mount_init_method(self) -> Callable[[F], F]:
        """Have a function called before anything else of the plugin runs; it comes back unchanged.

        It takes no parameters, and may be sync or async. It is called once, before the first task
        or method, or when `enable()` is awaited. When it raises, that is the error of whoever
        waited for it, and the next one has it called again.
        """

        def mount(function: F) -> F:
            self.callbacks.on_open(function, prepares=True)
            return function

        return mount

    def on_enabled(self) -> Callable[[F], F]:
        """Have a function called when the plugin comes, behind `mount_init_method`'s.

        When it raises, that is logged, and the next one is called. The function comes back
        unchanged.
        """

        def register(function: F) -> F:
            self.callbacks.on_open(function, prepares=False)
            return function

        return register

    def on_disabled(self) -> Callable[[F], F]:
        """Have a function called when the plugin is disabled; it comes back unchanged.

        It takes no parameters, and may be sync or async. Those of a plugin are called in the order
        of their registration, before its tasks are stopped; when one raises, it is logged, and the
        next one is called.
        """

        def register(function: F) -> F:
            self.callbacks.on_close(function, is_last=False)
            return function

        return register

    def mount_cleanup_method(self) -> Callable[[F], F]:
        """Have a function called when the plugin is disabled and its tasks have ended.

        It is called as those of `on_disabled` are, and comes back unchanged.
        """

        def mount(function: F) -> F:
            self.callbacks.on_close(function, is_last=True)
            return function

        return mount

    def enable(self) -> Awaitable[None]:
        """Let its tasks be started; a new plugin is enabled.

        With a configuration this process is from now on one of those that take over tasks mounted
        with `restart`. Without this call it is as soon as it starts a task of the plugin.

        What `mount_init_method` and `on_enabled` registered is called before the next task runs;
        await what comes back to have it called now.
        """
        with self._lock:
            self._is_enabled = True
            _enabled.add(self)
        recorder = self.recorder
        if isinstance(recorder, RestartingRecorder):
            recorder.serve()
        return _Opening(self.callbacks)

    async def disable(self) -> None:
        """Start none of its tasks any more, clean up, and stop those that run.

        Comes back when they have ended. A plugin that is disabled does not clean up again.
        """
        with self._lock:
            was_enabled, self._is_enabled = self._is_enabled, False
            _enabled.discard(self)
        if was_enabled:
            await self.callbacks.disable()
        left = list(self.running)
        for running in left:
            running.request_cancel(f"plugin {self.module_name} was disabled")
        # One that disables its own plugin would wait for itself.
        ends = [asyncio.wrap_future(one.over()) for one in left if not one.is_current]
        await asyncio.gather(*ends)
        if was_enabled:
            await self.callbacks.close()
        if isinstance(self._recorder, RestartingRecorder):
            await self._recorder.leave()

    def find_task(self, task: str | Callable[..., Any]) -> MountedTask:
        """Find what was mounted, by its type or as the function itself.

        Raises:
            ValueError: it is not mounted, or the function is under several types; the message
                names those that there are.
        """
        if isinstance(task, str):
            if (found := self.async_tasks.get(task)) is not None:
                return found
            what = repr(task)
        else:
            # Methods are equal, not the same, each time they are looked up.
            mounted = [each for each in self.async_tasks.values() if each.function == task]
            if len(mounted) == 1:
                return mounted[0]
            if mounted:
                types = _list_names(each.task_type for each in mounted)
                raise ValueError(f"the function is mounted as {types}: start it by one of them")
            what = f"that runs {getattr(task, '__qualname__', repr(task))}, which is not mounted"
        known = _list_names(self.async_tasks)
        raise ValueError(f"plugin {self.module_name!r} has no task {what}; it has {known}")

    def admit(self, running: PluginTask) -> None:
        """Count a task among those that run.

        Raises:
            ValueError: the plugin is disabled; the message names those that are not.
        """
        with self._lock:
            if not self._is_enabled:
                names = sorted(plugin.module_name for plugin in list(_enabled))
                raise ValueError(
                    f"plugin {self.module_name!r} is disabled, so its tasks cannot be started; "
                    f"enabled are {_list_names(names)}"
                )
            self.running.add(running)


refuse_attributes(
    Plugin,
    "get_plugin_path",
    "get_vector_collection_name",
    "mount_collect_methods",
    "mount_command",
    "mount_on_channel_reset",
    "mount_on_system_message",
    "mount_on_user_message",
    "mount_prompt_inject_method",
    "mount_router",
    "mount_webhook_method",
)


class _Opening:
    """What `enable` returns: nothing happens, and nobody is warned, where it is not awaited."""

    def __init__(self, callbacks: PluginCallbacks) -> None:
        self._callbacks = callbacks

    def __await__(self) -> Generator[Any, None, None]:
        return self._callbacks.open().__await__()


def _list_names(names: Any) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "none"


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

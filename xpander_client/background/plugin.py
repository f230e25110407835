"""Plugins: what an agent can be given, as background tasks and as methods it may call."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import keyword
import logging
import threading
import weakref
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Concatenate, TypeVar

import attrs

from xpander_client.background.mounted import MountedTask, inspect_function
from xpander_client.background.recorder import PluginTask, Recorder, RestartingRecorder
from xpander_client.configuration import check_configuration

if TYPE_CHECKING:
    from xpander_client.background.handle import AsyncTaskHandle
    from xpander_client.configuration import Configuration


F = TypeVar("F", bound=Callable[..., Any])
TaskT = TypeVar("TaskT", bound="Callable[Concatenate[AsyncTaskHandle, ...], Any]")

_logger = logging.getLogger("xpander_client.background")

_enabled: weakref.WeakSet[Plugin] = weakref.WeakSet()


class SandboxMethodType(StrEnum):
    """What a method is to the agent. Code of an agent gets what it returns, whatever the type."""

    TOOL = "tool"
    """What it returns is a value for the code to work with."""
    AGENT = "agent"
    """What it returns is a text for the model to go on from."""
    BEHAVIOR = "behavior"
    """It does something; what it returns is a text that says what it did."""
    MULTIMODAL_AGENT = "multimodal_agent"
    """As `AGENT`, where pictures may come along."""


@attrs.frozen
class SandboxMethod:
    """A function that an agent may call. `name` is what people read."""

    type: SandboxMethodType
    name: str
    description: str
    function: Callable[..., Any]

    @property
    def code_names(self) -> tuple[str, ...]:
        """The names that code calls it by: `name`, where code can, and the function's own."""
        own = getattr(self.function, "__name__", "")
        names = [self.name, own] if self.name.isidentifier() else [own, self.name]
        usable = [n for n in names if n.isidentifier() and not keyword.iskeyword(n)]
        return tuple(dict.fromkeys(usable)) or (self.name,)


@attrs.frozen(kw_only=True)
class AgentCtx:
    """On whose behalf a method is called: the first argument of every sandbox method.

    `chat_key` is the thread that the agent is in; the rest is known where the platform calls.

    Example:
        >>> AgentCtx(chat_key="chat-1").chat_key
        'chat-1'
    """

    chat_key: str
    agent_id: str | None = None
    user_id: str | None = None
    task_id: str | None = None


class Plugin:
    """A named set of background tasks and sandbox methods, which comes and goes as one.

    `module_name` tells it from others; the other texts are for people. With a `configuration` its
    tasks are platform tasks too, which others can follow, stop and notify.

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
    ) -> None:
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
        self._cleanups: list[Callable[[], Any]] = []
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

    def on_disabled(self) -> Callable[[F], F]:
        """Have a function called when the plugin is disabled; it comes back unchanged.

        It takes no parameters, and may be sync or async. Those of a plugin are called in the order
        of their registration, before its tasks are stopped; when one raises, it is logged, and the
        next one is called.
        """

        def register(function: F) -> F:
            self._cleanups.append(function)
            return function

        return register

    def enable(self) -> None:
        """Let its tasks be started; a new plugin is enabled.

        With a configuration this process is from now on one of those that take over tasks mounted
        with `restart`. Without this call it is as soon as it starts a task of the plugin.
        """
        with self._lock:
            self._is_enabled = True
            _enabled.add(self)
        recorder = self.recorder
        if isinstance(recorder, RestartingRecorder):
            recorder.serve()

    async def disable(self) -> None:
        """Start none of its tasks any more, clean up, and stop those that run.

        Comes back when they have ended. A plugin that is disabled does not clean up again.
        """
        with self._lock:
            was_enabled, self._is_enabled = self._is_enabled, False
            _enabled.discard(self)
        for cleanup in self._cleanups if was_enabled else ():
            try:
                answer = cleanup()
                if inspect.isawaitable(answer):
                    await answer
            except Exception as error:
                _logger.error("plugin %s: a cleanup failed", self.module_name, exc_info=error)
        left = list(self.running)
        for running in left:
            running.request_cancel(f"plugin {self.module_name} was disabled")
        # One that disables its own plugin would wait for itself.
        ends = [asyncio.wrap_future(one.over()) for one in left if not one.is_current]
        await asyncio.gather(*ends)
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


def _list_names(names: Any) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "none"

"""Who records the tasks of a plugin, and what of a task its plugin and its recorder may use."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Protocol, runtime_checkable

from xpander_client.background.signals import TaskCtl


class PluginTask(Protocol):
    """A task that runs, as its plugin and its recorder see it. `RunningTask` is one."""

    @property
    def key(self) -> tuple[str, str]:
        """Its type and its id."""
        ...

    @property
    def name(self) -> str:
        """The plugin's module, the type and the id, for people."""
        ...

    @property
    def chat_key(self) -> str:
        """The thread that it belongs to."""
        ...

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments of its start, behind the plugin."""
        ...

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """The keywords of its start, without those that every task is started with."""
        ...

    @property
    def restart(self) -> bool:
        """Whether another process may start it again, when this one dies."""
        ...

    @property
    def is_current(self) -> bool:
        """Whether it is this task that asks."""
        ...

    def notify(self, key: str, data: Any) -> bool:
        """Bring `data` to all who wait on `key`, and tell whether there were any."""
        ...

    def request_cancel(self, reason: str = "cancelled") -> None:
        """Ask the task to end."""

    def over(self) -> Future[TaskCtl]:
        """Return a future of its terminal signal."""
        ...


class Recorder(Protocol):
    """Records the tasks of a plugin, from their start to their end.

    `on_start`, `on_progress` and `on_end` are called on the task's event loop, in this order, and
    must not block it. What they raise is logged, and changes nothing for the task. `on_end` is
    called once, before the task's `on_terminal`.
    """

    def on_start(self, running: PluginTask, /) -> None:
        """Record that a task was started."""

    def on_progress(self, running: PluginTask, ctl: TaskCtl, /) -> None:
        """Record how far a task is."""

    def on_end(self, running: PluginTask, ctl: TaskCtl, /) -> None:
        """Record that a task is over; `ctl` is its terminal signal."""

    async def notify_agent(self, chat_key: str, message: str, trigger: bool, /) -> None:
        """Put a system message into a thread; with `trigger` have the agent go on with it."""


@runtime_checkable
class RestartingRecorder(Recorder, Protocol):
    """A recorder that also starts tasks again whose process has died."""

    def serve(self) -> None:
        """Take over such tasks from now on."""

    async def leave(self) -> None:
        """Take over no more tasks."""

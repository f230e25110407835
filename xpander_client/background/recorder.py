"""What a record of the tasks of a plugin has to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from xpander_client.background.handle import AsyncTaskHandle
    from xpander_client.background.running import RunningTask
    from xpander_client.background.signals import TaskCtl


class Recorder(Protocol):
    """Hears of every task of a plugin, from its start to its end.

    `on_start`, `on_progress` and `on_end` are called on the task's event loop, in this order, and
    must not block it. What they raise is logged, and changes nothing for the task. `on_end` comes
    once, before the task's `on_terminal`.
    """

    def on_start(self, running: RunningTask, /) -> None:
        """Record that a task was started."""

    def on_progress(self, running: RunningTask, ctl: TaskCtl, /) -> None:
        """Record how far a task is."""

    def on_end(self, running: RunningTask, ctl: TaskCtl, /) -> None:
        """Record that a task is over; `ctl` is its terminal signal."""

    async def notify_agent(self, handle: AsyncTaskHandle, message: str, trigger: bool, /) -> None:
        """Put a system message into the thread of the task; with `trigger` have the agent go on."""


@runtime_checkable
class Server(Recorder, Protocol):
    """A record that also brings tasks, of processes that died."""

    def serve(self) -> None:
        """Bring them from now on."""

    async def leave(self) -> None:
        """Bring none any more."""

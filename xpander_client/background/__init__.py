"""Long work in the background of an agent, with progress, wait points, callbacks and cancellation.

`Plugin.mount_async_task` makes a function startable, `await task.start(…)` starts it beside what
the program does otherwise, and the function yields `TaskCtl` values that say how far it is. Scripts
without an event loop use `task.start_soon(…)` and `task.join(…)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from .handle import AsyncTaskHandle as AsyncTaskHandle
    from .plugin import (
        AgentCtx as AgentCtx,
        Plugin as Plugin,
        SandboxMethodType as SandboxMethodType,
    )
    from .signals import (
        TaskCtl as TaskCtl,
        TaskSignal as TaskSignal,
    )
    from .tasks import (
        BackgroundTasks as BackgroundTasks,
        task as task,
    )
    from .wait_points import TIMED_OUT as TIMED_OUT

__all__ = [
    "TIMED_OUT",
    "AgentCtx",
    "AsyncTaskHandle",
    "BackgroundTasks",
    "Plugin",
    "SandboxMethodType",
    "TaskCtl",
    "TaskSignal",
    "task",
]

_HOMES = {
    "TIMED_OUT": ".wait_points",
    "AgentCtx": ".plugin",
    "AsyncTaskHandle": ".handle",
    "BackgroundTasks": ".tasks",
    "Plugin": ".plugin",
    "SandboxMethodType": ".plugin",
    "TaskCtl": ".signals",
    "TaskSignal": ".signals",
    "task": ".tasks",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)

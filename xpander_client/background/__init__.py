"""Long work in the background of an agent, with progress, wait points, callbacks and cancellation.

`Plugin.mount_async_task` makes a function startable, `await task.start(…)` starts it beside what
the program does otherwise, and the function yields `TaskCtl` values that say how far it is. Scripts
without an event loop use `task.start_soon(…)` and `task.join(…)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.background.plugin import (
        AsyncTaskHandle as AsyncTaskHandle,
        Plugin as Plugin,
    )
    from xpander_client.background.plugin_store import PluginStore as PluginStore
    from xpander_client.background.sandbox_methods import (
        AgentCtx as AgentCtx,
        SandboxMethodType as SandboxMethodType,
    )
    from xpander_client.background.signals import TaskCtl as TaskCtl, TaskSignal as TaskSignal
    from xpander_client.background.tasks import BackgroundTasks as BackgroundTasks, task as task
    from xpander_client.background.wait_points import TIMED_OUT as TIMED_OUT

_HOMES = {
    "xpander_client.background.plugin": ("AsyncTaskHandle", "Plugin"),
    "xpander_client.background.plugin_store": ("PluginStore",),
    "xpander_client.background.sandbox_methods": ("AgentCtx", "SandboxMethodType"),
    "xpander_client.background.signals": ("TaskCtl", "TaskSignal"),
    "xpander_client.background.tasks": ("BackgroundTasks", "task"),
    "xpander_client.background.wait_points": ("TIMED_OUT",),
}

_LACKING = (
    "ConfigBase",
    "ExtraField",
    "NekroPlugin",
    "TaskRunner",
    "message_service",
)

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

"""What `xpander_sdk.modules.events.events_module` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        MAX_PLAN_RETRIES as MAX_PLAN_RETRIES,
        AgentExecutionStatus as AgentExecutionStatus,
        Configuration as Configuration,
        Events as Events,
        LocalTaskTest as LocalTaskTest,
        ModuleException as ModuleException,
        OutputFormat as OutputFormat,
        SourceNodeType as SourceNodeType,
        Task as Task,
        Tasks as Tasks,
    )
    from xpander_client.api import DeployedAsset as DeployedAsset

_HOMES = {
    "xpander_client": (
        "AgentExecutionStatus",
        "Configuration",
        "Events",
        "LocalTaskTest",
        "MAX_PLAN_RETRIES",
        "ModuleException",
        "OutputFormat",
        "SourceNodeType",
        "Task",
        "Tasks",
    ),
    "xpander_client.api": ("DeployedAsset",),
}
_LACKING = [
    "BootHandler",
    "ExecutionRequestHandler",
    "ShutdownHandler",
    "WorkerEnvironmentConflict",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

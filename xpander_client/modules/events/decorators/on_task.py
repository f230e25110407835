"""What `xpander_sdk.modules.events.decorators.on_task` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentExecutionInput as AgentExecutionInput,
        Configuration as Configuration,
        Events as Events,
        LocalTaskTest as LocalTaskTest,
        OutputFormat as OutputFormat,
        Task as Task,
        TaskUpdateEvent as TaskUpdateEvent,
        TaskUpdateEventType as TaskUpdateEventType,
        on_task as on_task,
    )

_HOMES = {
    "xpander_client": (
        "AgentExecutionInput",
        "Configuration",
        "Events",
        "LocalTaskTest",
        "OutputFormat",
        "Task",
        "TaskUpdateEvent",
        "TaskUpdateEventType",
        "on_task",
    ),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

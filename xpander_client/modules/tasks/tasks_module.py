"""What `xpander_sdk.modules.tasks.tasks_module` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentExecutionInput as AgentExecutionInput,
        AgentExecutionStatus as AgentExecutionStatus,
        Configuration as Configuration,
        LLMReasoningEffort as LLMReasoningEffort,
        MCPServerDetails as MCPServerDetails,
        ModuleException as ModuleException,
        OutputFormat as OutputFormat,
        Principal as Principal,
        Task as Task,
        Tasks as Tasks,
        TasksListItem as TasksListItem,
        ThinkMode as ThinkMode,
        User as User,
    )

_HOMES = {
    "xpander_client": (
        "AgentExecutionInput",
        "AgentExecutionStatus",
        "Configuration",
        "LLMReasoningEffort",
        "MCPServerDetails",
        "ModuleException",
        "OutputFormat",
        "Principal",
        "Task",
        "Tasks",
        "TasksListItem",
        "ThinkMode",
        "User",
    ),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

"""What `xpander_sdk.modules.tasks.models.tasks_list` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentExecutionStatus as AgentExecutionStatus,
        Configuration as Configuration,
        Task as Task,
        TasksListItem as TasksListItem,
    )
    from xpander_client.api import ConversationKind as ConversationKind

_HOMES = {
    "xpander_client": ("AgentExecutionStatus", "Configuration", "Task", "TasksListItem"),
    "xpander_client.api": ("ConversationKind",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

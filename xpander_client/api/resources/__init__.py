"""Objects that call the platform."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent import Agent as Agent
    from .agents import Agents as Agents, AgentsWithRawResponse as AgentsWithRawResponse
    from .agents_list_item import AgentsListItem as AgentsListItem
    from .event_kinds import (
        AgentExecutionEvent as AgentExecutionEvent,
        ChunkEvent as ChunkEvent,
        GapEvent as GapEvent,
        PlanUpdatedEvent as PlanUpdatedEvent,
        SubTaskCreatedEvent as SubTaskCreatedEvent,
        SubTaskFinishedEvent as SubTaskFinishedEvent,
        SubTaskUpdatedEvent as SubTaskUpdatedEvent,
        TaskCreatedEvent as TaskCreatedEvent,
        TaskFinishedEvent as TaskFinishedEvent,
        TaskNotifyEvent as TaskNotifyEvent,
        TaskStopEvent as TaskStopEvent,
        TaskUpdatedEvent as TaskUpdatedEvent,
        ToolCallRequestEvent as ToolCallRequestEvent,
        ToolCallResultEvent as ToolCallResultEvent,
        WorkerEnvironmentConflictEvent as WorkerEnvironmentConflictEvent,
        WorkerRegistrationEvent as WorkerRegistrationEvent,
    )
    from .organization import (
        Organization as Organization,
        OrganizationWithRawResponse as OrganizationWithRawResponse,
    )
    from .task import Task as Task
    from .tasks import Tasks as Tasks, TasksWithRawResponse as TasksWithRawResponse
    from .tasks_list_item import TasksListItem as TasksListItem
    from .threads import Threads as Threads, ThreadsWithRawResponse as ThreadsWithRawResponse
    from .workers import Workers as Workers, WorkersWithRawResponse as WorkersWithRawResponse

__all__ = [
    "Agent",
    "AgentExecutionEvent",
    "Agents",
    "AgentsListItem",
    "AgentsWithRawResponse",
    "ChunkEvent",
    "GapEvent",
    "Organization",
    "OrganizationWithRawResponse",
    "PlanUpdatedEvent",
    "SubTaskCreatedEvent",
    "SubTaskFinishedEvent",
    "SubTaskUpdatedEvent",
    "Task",
    "TaskCreatedEvent",
    "TaskFinishedEvent",
    "TaskNotifyEvent",
    "TaskStopEvent",
    "TaskUpdatedEvent",
    "Tasks",
    "TasksListItem",
    "TasksWithRawResponse",
    "Threads",
    "ThreadsWithRawResponse",
    "ToolCallRequestEvent",
    "ToolCallResultEvent",
    "WorkerEnvironmentConflictEvent",
    "WorkerRegistrationEvent",
    "Workers",
    "WorkersWithRawResponse",
]

_MODULES = {
    "Agent": ".agent",
    "AgentExecutionEvent": ".event_kinds",
    "Agents": ".agents",
    "AgentsListItem": ".agents_list_item",
    "AgentsWithRawResponse": ".agents",
    "ChunkEvent": ".event_kinds",
    "GapEvent": ".event_kinds",
    "Organization": ".organization",
    "OrganizationWithRawResponse": ".organization",
    "PlanUpdatedEvent": ".event_kinds",
    "SubTaskCreatedEvent": ".event_kinds",
    "SubTaskFinishedEvent": ".event_kinds",
    "SubTaskUpdatedEvent": ".event_kinds",
    "Task": ".task",
    "TaskCreatedEvent": ".event_kinds",
    "TaskFinishedEvent": ".event_kinds",
    "TaskNotifyEvent": ".event_kinds",
    "Tasks": ".tasks",
    "TasksListItem": ".tasks_list_item",
    "TaskStopEvent": ".event_kinds",
    "TasksWithRawResponse": ".tasks",
    "TaskUpdatedEvent": ".event_kinds",
    "Threads": ".threads",
    "ThreadsWithRawResponse": ".threads",
    "ToolCallRequestEvent": ".event_kinds",
    "ToolCallResultEvent": ".event_kinds",
    "WorkerEnvironmentConflictEvent": ".event_kinds",
    "WorkerRegistrationEvent": ".event_kinds",
    "Workers": ".workers",
    "WorkersWithRawResponse": ".workers",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})

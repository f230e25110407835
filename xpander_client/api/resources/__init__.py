"""Objects that call the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

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

_HOMES = {
    ".agent": ("Agent",),
    ".agents": ("Agents", "AgentsWithRawResponse"),
    ".agents_list_item": ("AgentsListItem",),
    ".event_kinds": (
        "AgentExecutionEvent",
        "ChunkEvent",
        "GapEvent",
        "PlanUpdatedEvent",
        "SubTaskCreatedEvent",
        "SubTaskFinishedEvent",
        "SubTaskUpdatedEvent",
        "TaskCreatedEvent",
        "TaskFinishedEvent",
        "TaskNotifyEvent",
        "TaskStopEvent",
        "TaskUpdatedEvent",
        "ToolCallRequestEvent",
        "ToolCallResultEvent",
        "WorkerEnvironmentConflictEvent",
        "WorkerRegistrationEvent",
    ),
    ".organization": ("Organization", "OrganizationWithRawResponse"),
    ".task": ("Task",),
    ".tasks": ("Tasks", "TasksWithRawResponse"),
    ".tasks_list_item": ("TasksListItem",),
    ".threads": ("Threads", "ThreadsWithRawResponse"),
    ".workers": ("Workers", "WorkersWithRawResponse"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

"""Objects that call the platform."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent import Agent as Agent
    from .agents import Agents as Agents, AgentsWithRawResponse as AgentsWithRawResponse
    from .agents_list_item import AgentsListItem as AgentsListItem
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
    "Agents",
    "AgentsListItem",
    "AgentsWithRawResponse",
    "Organization",
    "OrganizationWithRawResponse",
    "Task",
    "Tasks",
    "TasksListItem",
    "TasksWithRawResponse",
    "Threads",
    "ThreadsWithRawResponse",
    "Workers",
    "WorkersWithRawResponse",
]

_MODULES = {
    "Agent": ".agent",
    "Agents": ".agents",
    "AgentsListItem": ".agents_list_item",
    "AgentsWithRawResponse": ".agents",
    "Organization": ".organization",
    "OrganizationWithRawResponse": ".organization",
    "Task": ".task",
    "Tasks": ".tasks",
    "TasksListItem": ".tasks_list_item",
    "TasksWithRawResponse": ".tasks",
    "Threads": ".threads",
    "ThreadsWithRawResponse": ".threads",
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

"""Which task code runs for, as far as a worker has it run."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Protocol

from xpander_client.api.models import TaskUpdateEvent


class FollowedTask(Protocol):
    """A task whose followers are told of the tools that run for it: `xpander_client.Task`."""

    @property
    def id(self) -> str:
        """The task's id."""
        ...

    @property
    def organization_id(self) -> str:
        """The organization that it belongs to."""
        ...

    def push_events(self, events: list[TaskUpdateEvent]) -> Any:
        """Add events to the task's stream."""
        ...

    async def apush_events(self, events: list[TaskUpdateEvent]) -> Any:
        """Add events to the task's stream."""
        ...


current_task: ContextVar[FollowedTask | None] = ContextVar("xpander_current_task", default=None)
"""The task that a worker's handler has been called with, in its threads and tasks, too."""

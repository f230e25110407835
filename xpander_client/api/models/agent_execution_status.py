"""`AgentExecutionStatus`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum
from xpander_client.core.statuses import TERMINAL, TaskStatus


class AgentExecutionStatus(OpenStrEnum):
    """Where a task stands. After `error`, `failed`, `completed` and `stopped` it does not change
    by itself any more.
    """

    Pending = "pending"
    """Waits for a worker."""
    Executing = "executing"
    """A worker is at it."""
    Paused = "paused"
    """Waits for something outside, like a person's approval."""
    Error = "error"
    """The worker's handler raised an exception."""
    Failed = "failed"
    """The task was carried out, and did not succeed."""
    Completed = "completed"
    """The task has its result."""
    Stopped = "stopped"
    """Somebody stopped the task."""

    @property
    def is_terminal(self) -> bool:
        """Whether nothing changes any more after this."""
        return self in TERMINAL


# For type checkers: a value that `core.statuses` does not know, and so does not sort, is an error.
_VALUES: tuple[TaskStatus, ...] = (
    "pending",
    "executing",
    "paused",
    "error",
    "failed",
    "completed",
    "stopped",
)

AgentExecutionStatusLiteral: TypeAlias = Literal[
    "pending", "executing", "paused", "error", "failed", "completed", "stopped"
]
"""The values of `AgentExecutionStatus` as texts, which calls take as well."""

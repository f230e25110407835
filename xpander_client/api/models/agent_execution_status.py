"""`AgentExecutionStatus`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["AgentExecutionStatus"]


class AgentExecutionStatus(OpenStrEnum):
    """Where a task stands."""

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
        return self in _TERMINAL


_TERMINAL = frozenset(
    {
        AgentExecutionStatus.Error,
        AgentExecutionStatus.Failed,
        AgentExecutionStatus.Completed,
        AgentExecutionStatus.Stopped,
    }
)

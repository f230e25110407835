"""The statuses of a task, and which of them are final."""

from __future__ import annotations

from typing import Literal, assert_never, get_args

TaskStatus = Literal["pending", "executing", "paused", "error", "failed", "completed", "stopped"]


def _is_terminal(status: TaskStatus) -> bool:
    match status:
        case "error" | "failed" | "completed" | "stopped":
            return True
        case "pending" | "executing" | "paused":
            return False
        case _:
            assert_never(status)


STATUSES: frozenset[str] = frozenset(get_args(TaskStatus))
"""All of them. A platform may know others, which are not final."""

TERMINAL: frozenset[str] = frozenset(
    status for status in get_args(TaskStatus) if _is_terminal(status)
)
"""The statuses that a task does not leave by itself: whoever waits for its end is done."""

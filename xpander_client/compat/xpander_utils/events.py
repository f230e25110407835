"""What `xpander_utils.events` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.legacy import ExecutionStatus as ExecutionStatus
    from xpander_client.worker import (
        AgentExecution as AgentExecution,
        AgentExecutionResult as AgentExecutionResult,
        XpanderEventListener as XpanderEventListener,
    )

_HOMES = {
    "xpander_client.legacy": ("ExecutionStatus",),
    "xpander_client.worker": ("AgentExecution", "AgentExecutionResult", "XpanderEventListener"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

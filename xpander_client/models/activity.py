"""What `xpander_sdk.models.activity` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import AgentActivityThread as AgentActivityThread, User as User
    from xpander_client.api import (
        AgentActivityThreadAuth as AgentActivityThreadAuth,
        AgentActivityThreadMessage as AgentActivityThreadMessage,
        AgentActivityThreadMessageContent as AgentActivityThreadMessageContent,
        AgentActivityThreadOtherEntry as AgentActivityThreadOtherEntry,
        AgentActivityThreadReasoning as AgentActivityThreadReasoning,
        AgentActivityThreadSubAgentTrigger as AgentActivityThreadSubAgentTrigger,
        AgentActivityThreadToolCall as AgentActivityThreadToolCall,
        ToolCallRequestReasoning as ToolCallRequestReasoning,
    )

_HOMES = {
    "xpander_client": ("AgentActivityThread", "User"),
    "xpander_client.api": (
        "AgentActivityThreadAuth",
        "AgentActivityThreadMessage",
        "AgentActivityThreadMessageContent",
        "AgentActivityThreadOtherEntry",
        "AgentActivityThreadReasoning",
        "AgentActivityThreadSubAgentTrigger",
        "AgentActivityThreadToolCall",
        "ToolCallRequestReasoning",
    ),
}
_LACKING = [
    "AgentActivityThreadGatewayAskExecution",
    "AgentActivityThreadGatewayContinueExecution",
    "AgentActivityThreadGatewayCreateExecution",
    "AgentActivityThreadGatewayDecisionType",
    "AgentActivityThreadGatewayExecutionResultEntry",
    "AgentActivityThreadGatewayGetExecutionsResult",
    "AgentActivityThreadGatewayStopExecution",
    "AgentActivityThreadListItem",
    "AgentActivityThreadMessageType",
    "AgentActivityThreadReasoningType",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

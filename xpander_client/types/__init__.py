"""What `xpander_sdk.types` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentExecutionInput as AgentExecutionInput,
        AgentExecutionStatus as AgentExecutionStatus,
        DeepPlanning as DeepPlanning,
        DeepPlanningItem as DeepPlanningItem,
        ExecutionTokens as ExecutionTokens,
        LLMReasoningEffort as LLMReasoningEffort,
        MCPServerDetails as MCPServerDetails,
        OutputFormat as OutputFormat,
        SourceNodeType as SourceNodeType,
        TaskUpdateEvent as TaskUpdateEvent,
        TaskUpdateEventType as TaskUpdateEventType,
        ThinkMode as ThinkMode,
        Tokens as Tokens,
        ToolCallRequest as ToolCallRequest,
        ToolCallResult as ToolCallResult,
        User as User,
    )
    from xpander_client.api import (
        AgentAccessScope as AgentAccessScope,
        AgentGraphItem as AgentGraphItem,
        AgentInstructions as AgentInstructions,
        AgentStatus as AgentStatus,
        AgentType as AgentType,
        HumanInTheLoopRequest as HumanInTheLoopRequest,
        PendingECARequest as PendingECARequest,
        ToolCallRequestReasoning as ToolCallRequestReasoning,
    )

_HOMES = {
    "xpander_client": (
        "AgentExecutionInput",
        "AgentExecutionStatus",
        "DeepPlanning",
        "DeepPlanningItem",
        "ExecutionTokens",
        "LLMReasoningEffort",
        "MCPServerDetails",
        "OutputFormat",
        "SourceNodeType",
        "TaskUpdateEvent",
        "TaskUpdateEventType",
        "ThinkMode",
        "Tokens",
        "ToolCallRequest",
        "ToolCallResult",
        "User",
    ),
    "xpander_client.api": (
        "AgentAccessScope",
        "AgentGraphItem",
        "AgentInstructions",
        "AgentStatus",
        "AgentType",
        "HumanInTheLoopRequest",
        "PendingECARequest",
        "ToolCallRequestReasoning",
    ),
}
_LACKING = ["KnowledgeBaseDocumentItem", "KnowledgeBaseSearchResult"]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

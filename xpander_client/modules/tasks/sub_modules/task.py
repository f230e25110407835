"""What `xpander_sdk.modules.tasks.sub_modules.task` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentActivityThread as AgentActivityThread,
        AgentExecutionInput as AgentExecutionInput,
        AgentExecutionStatus as AgentExecutionStatus,
        Configuration as Configuration,
        DeepPlanning as DeepPlanning,
        ExecutionTokens as ExecutionTokens,
        LLMReasoningEffort as LLMReasoningEffort,
        MCPServerDetails as MCPServerDetails,
        ModuleException as ModuleException,
        OutputFormat as OutputFormat,
        Task as Task,
        TaskUpdateEvent as TaskUpdateEvent,
        TaskUpdateEventType as TaskUpdateEventType,
        ThinkMode as ThinkMode,
        Tokens as Tokens,
        ToolCallRequest as ToolCallRequest,
        ToolCallResult as ToolCallResult,
    )
    from xpander_client.api import (
        ConversationKind as ConversationKind,
        ExecutionMetricsReport as ExecutionMetricsReport,
        HumanInTheLoopRequest as HumanInTheLoopRequest,
        MessageIdentity as MessageIdentity,
        PendingECARequest as PendingECARequest,
        TaskReportRequest as TaskReportRequest,
    )

_HOMES = {
    "xpander_client": (
        "AgentActivityThread",
        "AgentExecutionInput",
        "AgentExecutionStatus",
        "Configuration",
        "DeepPlanning",
        "ExecutionTokens",
        "LLMReasoningEffort",
        "MCPServerDetails",
        "ModuleException",
        "OutputFormat",
        "Task",
        "TaskUpdateEvent",
        "TaskUpdateEventType",
        "ThinkMode",
        "Tokens",
        "ToolCallRequest",
        "ToolCallResult",
    ),
    "xpander_client.api": (
        "ConversationKind",
        "ExecutionMetricsReport",
        "HumanInTheLoopRequest",
        "MessageIdentity",
        "PendingECARequest",
        "TaskReportRequest",
    ),
}
_LACKING = ["TaskUpdateEventData"]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

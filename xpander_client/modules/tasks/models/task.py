"""What `xpander_sdk.modules.tasks.models.task` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentExecutionInput as AgentExecutionInput,
        AgentExecutionStatus as AgentExecutionStatus,
        AttachmentRef as AttachmentRef,
        ExecutionTokens as ExecutionTokens,
        LocalTaskTest as LocalTaskTest,
        OutputFormat as OutputFormat,
        Principal as Principal,
        Tokens as Tokens,
        User as User,
    )
    from xpander_client.api import (
        AttachmentKind as AttachmentKind,
        ExecutionMetricsReport as ExecutionMetricsReport,
        HumanInTheLoopRequest as HumanInTheLoopRequest,
        PendingECARequest as PendingECARequest,
        TaskReportRequest as TaskReportRequest,
    )

_HOMES = {
    "xpander_client": (
        "AgentExecutionInput",
        "AgentExecutionStatus",
        "AttachmentRef",
        "ExecutionTokens",
        "LocalTaskTest",
        "OutputFormat",
        "Principal",
        "Tokens",
        "User",
    ),
    "xpander_client.api": (
        "AttachmentKind",
        "ExecutionMetricsReport",
        "HumanInTheLoopRequest",
        "PendingECARequest",
        "TaskReportRequest",
    ),
}
_LACKING = ["files_from_attachments", "resolve_attachments"]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

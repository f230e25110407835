"""What `xpander_sdk.models.shared` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentExecutionStatus as AgentExecutionStatus,
        ExecutionTokens as ExecutionTokens,
        OutputFormat as OutputFormat,
        ThinkMode as ThinkMode,
        Tokens as Tokens,
    )

_HOMES = {
    "xpander_client": (
        "AgentExecutionStatus",
        "ExecutionTokens",
        "OutputFormat",
        "ThinkMode",
        "Tokens",
    ),
}
_LACKING = ["LLMModelT", "XPanderSharedModel"]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

"""What `xpander_sdk` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.legacy import (
        Agent as Agent,
        Execution as Execution,
        ExecutionStatus as ExecutionStatus,
        LLMProvider as LLMProvider,
        LLMTokens as LLMTokens,
        Memory as Memory,
        MemoryThread as MemoryThread,
        Tokens as Tokens,
        ToolCall as ToolCall,
        ToolCallResult as ToolCallResult,
        ToolCallType as ToolCallType,
        UnloadedAgent as UnloadedAgent,
        UserDetails as UserDetails,
        XpanderClient as XpanderClient,
    )

_HOMES = {
    "xpander_client.legacy": (
        "Agent",
        "Execution",
        "ExecutionStatus",
        "LLMProvider",
        "LLMTokens",
        "Memory",
        "MemoryThread",
        "Tokens",
        "ToolCall",
        "ToolCallResult",
        "ToolCallType",
        "UnloadedAgent",
        "UserDetails",
        "XpanderClient",
    ),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

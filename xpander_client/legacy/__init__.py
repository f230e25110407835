"""Drive the loop of a task yourself: your model, your messages, the platform's tools and threads.

`XpanderClient().agents.get(…)` loads an agent, `agent.add_task(…)` begins a task. Every method has
an async form: `add_task` and `aadd_task`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from .agent import (
        Agent as Agent,
        MemoryThread as MemoryThread,
    )
    from .client import (
        AgentCollection as AgentCollection,
        UnloadedAgent as UnloadedAgent,
        XpanderClient as XpanderClient,
    )
    from .execution import (
        Execution as Execution,
        ExecutionInput as ExecutionInput,
        ExecutionStatus as ExecutionStatus,
        ListedExecution as ListedExecution,
    )
    from .instructions import UserDetails as UserDetails
    from .memory import Memory as Memory
    from .providers import LLMProvider as LLMProvider
    from .tool_call import (
        ToolCall as ToolCall,
        ToolCallResult as ToolCallResult,
        ToolCallType as ToolCallType,
    )
    from .usage import (
        LLMTokens as LLMTokens,
        Tokens as Tokens,
    )

__all__ = [
    "Agent",
    "AgentCollection",
    "Execution",
    "ExecutionInput",
    "ExecutionStatus",
    "LLMProvider",
    "LLMTokens",
    "ListedExecution",
    "Memory",
    "MemoryThread",
    "Tokens",
    "ToolCall",
    "ToolCallResult",
    "ToolCallType",
    "UnloadedAgent",
    "UserDetails",
    "XpanderClient",
]

_HOMES = {
    "Agent": ".agent",
    "AgentCollection": ".client",
    "Execution": ".execution",
    "ExecutionInput": ".execution",
    "ExecutionStatus": ".execution",
    "LLMProvider": ".providers",
    "LLMTokens": ".usage",
    "ListedExecution": ".execution",
    "Memory": ".memory",
    "MemoryThread": ".agent",
    "Tokens": ".usage",
    "ToolCall": ".tool_call",
    "ToolCallResult": ".tool_call",
    "ToolCallType": ".tool_call",
    "UnloadedAgent": ".client",
    "UserDetails": ".instructions",
    "XpanderClient": ".client",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)

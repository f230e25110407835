"""What `xpander_sdk` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import Configuration as Configuration, SourceNodeType as SourceNodeType
    from xpander_client.api import (
        AgentAccessScope as AgentAccessScope,
        AgentStatus as AgentStatus,
        AgentType as AgentType,
    )
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
    "xpander_client": ("Configuration", "SourceNodeType"),
    "xpander_client.api": ("AgentAccessScope", "AgentStatus", "AgentType"),
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
_LACKING = [
    "AgentDelegationEndStrategy",
    "AgentDelegationType",
    "AgentGraphItemSubType",
    "AgentGraphItemType",
    "AgenticInterface",
    "AgenticOperation",
    "Agents",
    "Base",
    "ExecutionMetrics",
    "FriendliAISupportedModels",
    "Graph",
    "GraphItem",
    "IAgentGraphItemAdvancedFilteringOption",
    "IAgentGraphItemMCPSettings",
    "IAgentGraphItemSchema",
    "IAgentGraphItemSettings",
    "IAgentInstructions",
    "IAgentTool",
    "IBedrockTool",
    "IBedrockToolOutput",
    "IBedrockToolSpec",
    "IBedrockToolSpecInputSchema",
    "IConfiguration",
    "IExecutionInput",
    "ILocalTool",
    "ILocalToolFunction",
    "IMemoryMessage",
    "INodeDescription",
    "INodeSchema",
    "IOpenAIToolFunctionOutput",
    "IOpenAIToolOutput",
    "IPGSchema",
    "ISourceNode",
    "ITool",
    "IToolCall",
    "IToolCallPayload",
    "IToolExecutionResult",
    "IToolInstructions",
    "IToolParameter",
    "KnowledgeBase",
    "KnowledgeBaseStrategy",
    "LLMMetrics",
    "MemoryStrategy",
    "MemoryType",
    "MetricsBase",
    "OpenAISupportedModels",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

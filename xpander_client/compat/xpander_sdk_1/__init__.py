"""What `xpander_sdk` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.legacy import (
        Agent as Agent,
        AgentAccessScope as AgentAccessScope,
        AgentStatus as AgentStatus,
        AgentType as AgentType,
        Configuration as Configuration,
        Execution as Execution,
        ExecutionStatus as ExecutionStatus,
        LLMProvider as LLMProvider,
        LLMTokens as LLMTokens,
        Memory as Memory,
        MemoryThread as MemoryThread,
        SourceNodeType as SourceNodeType,
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
        "AgentAccessScope",
        "AgentStatus",
        "AgentType",
        "Configuration",
        "Execution",
        "ExecutionStatus",
        "LLMProvider",
        "LLMTokens",
        "Memory",
        "MemoryThread",
        "SourceNodeType",
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

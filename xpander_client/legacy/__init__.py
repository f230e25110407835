"""Drive the loop of a task yourself: your model, your messages, the platform's tools and threads.

`XpanderClient().agents.get(…)` loads an agent, `agent.add_task(…)` begins a task. Every method has
an async form: `add_task` and `aadd_task`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.api import (
        AgentAccessScope as AgentAccessScope,
        AgentStatus as AgentStatus,
        AgentType as AgentType,
        SourceNodeType as SourceNodeType,
    )
    from xpander_client.configuration import Configuration as Configuration
    from xpander_client.legacy.agent import Agent as Agent, MemoryThread as MemoryThread
    from xpander_client.legacy.agentic_operations import (
        AgenticInterface as AgenticInterface,
        AgenticOperation as AgenticOperation,
    )
    from xpander_client.legacy.client import (
        AgentCollection as AgentCollection,
        UnloadedAgent as UnloadedAgent,
        XpanderClient as XpanderClient,
    )
    from xpander_client.legacy.execution import (
        Execution as Execution,
        ExecutionInput as ExecutionInput,
        ExecutionStatus as ExecutionStatus,
        ListedExecution as ListedExecution,
    )
    from xpander_client.legacy.graph import (
        AgentGraphItemSubType as AgentGraphItemSubType,
        AgentGraphItemType as AgentGraphItemType,
        Graph as Graph,
        GraphItem as GraphItem,
    )
    from xpander_client.legacy.instructions import UserDetails as UserDetails
    from xpander_client.legacy.memory import Memory as Memory, MemoryStrategy as MemoryStrategy
    from xpander_client.legacy.providers import LLMProvider as LLMProvider
    from xpander_client.legacy.providers.tool_call import (
        ToolCall as ToolCall,
        ToolCallResult as ToolCallResult,
        ToolCallType as ToolCallType,
    )
    from xpander_client.legacy.supported_models import (
        AmazonBedrockSupportedModels as AmazonBedrockSupportedModels,
        FriendliAISupportedModels as FriendliAISupportedModels,
        NvidiaNIMSupportedModels as NvidiaNIMSupportedModels,
        OpenAISupportedModels as OpenAISupportedModels,
        RealTimeOpenAISupportedModels as RealTimeOpenAISupportedModels,
    )
    from xpander_client.legacy.usage import LLMTokens as LLMTokens, Tokens as Tokens

_HOMES = {
    "xpander_client.api": ("AgentAccessScope", "AgentStatus", "AgentType", "SourceNodeType"),
    "xpander_client.configuration": ("Configuration",),
    "xpander_client.legacy.agent": ("Agent", "MemoryThread"),
    "xpander_client.legacy.agentic_operations": ("AgenticInterface", "AgenticOperation"),
    "xpander_client.legacy.client": ("AgentCollection", "UnloadedAgent", "XpanderClient"),
    "xpander_client.legacy.execution": (
        "Execution",
        "ExecutionInput",
        "ExecutionStatus",
        "ListedExecution",
    ),
    "xpander_client.legacy.graph": (
        "AgentGraphItemSubType",
        "AgentGraphItemType",
        "Graph",
        "GraphItem",
    ),
    "xpander_client.legacy.instructions": ("UserDetails",),
    "xpander_client.legacy.memory": ("Memory", "MemoryStrategy"),
    "xpander_client.legacy.providers": ("LLMProvider",),
    "xpander_client.legacy.providers.tool_call": ("ToolCall", "ToolCallResult", "ToolCallType"),
    "xpander_client.legacy.supported_models": (
        "AmazonBedrockSupportedModels",
        "FriendliAISupportedModels",
        "NvidiaNIMSupportedModels",
        "OpenAISupportedModels",
        "RealTimeOpenAISupportedModels",
    ),
    "xpander_client.legacy.usage": ("LLMTokens", "Tokens"),
}

# What version 1.x has and is not here: the table of names in compat/ says what to use instead.
_LACKING = (
    "AgentDelegationEndStrategy",
    "AgentDelegationType",
    "Agents",
    "Base",
    "ExecutionMetrics",
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
    "MemoryType",
    "MetricsBase",
)

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

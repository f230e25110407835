"""What `xpander_sdk.modules.agents.models.agent` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        AgentDeploymentType as AgentDeploymentType,
        LLMReasoningEffort as LLMReasoningEffort,
        MCPServerDetails as MCPServerDetails,
        SourceNodeType as SourceNodeType,
    )
    from xpander_client.api import (
        AgentAccessScope as AgentAccessScope,
        AgentGraphItem as AgentGraphItem,
        AgentInstructions as AgentInstructions,
        AgentStatus as AgentStatus,
        AgentType as AgentType,
    )

_HOMES = {
    "xpander_client": (
        "AgentDeploymentType",
        "LLMReasoningEffort",
        "MCPServerDetails",
        "SourceNodeType",
    ),
    "xpander_client.api": (
        "AgentAccessScope",
        "AgentGraphItem",
        "AgentInstructions",
        "AgentStatus",
        "AgentType",
    ),
}
_LACKING = [
    "AccessScope",
    "AgentGraphItemA2ASettings",
    "AgentGraphItemAdvancedFilteringOption",
    "AgentGraphItemCodingAgentSettings",
    "AgentGraphItemHITLSettings",
    "AgentGraphItemSchema",
    "AgentGraphItemSettings",
    "AgentGraphItemSkillsSettings",
    "AgentGraphItemSubType",
    "AgentGraphItemType",
    "AgentHITLType",
    "AgentOutput",
    "AgentSourceNode",
    "AgentToolApprovalApprovers",
    "AIAgentConnectivityDetailsA2A",
    "AIAgentConnectivityDetailsA2AAuthType",
    "AIAgentConnectivityDetailsBase",
    "AIAgentConnectivityDetailsCurl",
    "ConnectionURIResponse",
    "DatabaseConnectionString",
    "StreamingSpecResponse",
    "TaskLevelStrategies",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

"""What `xpander_sdk.modules.agents.sub_modules.agent` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        Agent as Agent,
        AgentExecutionInput as AgentExecutionInput,
        AttachmentRef as AttachmentRef,
        Configuration as Configuration,
        LLMReasoningEffort as LLMReasoningEffort,
        MCPServerDetails as MCPServerDetails,
        ModuleException as ModuleException,
        OutputFormat as OutputFormat,
        Principal as Principal,
        Task as Task,
        ThinkMode as ThinkMode,
        User as User,
    )
    from xpander_client.api import (
        AgentAccessScope as AgentAccessScope,
        AgentGraphItem as AgentGraphItem,
        AgentInstructions as AgentInstructions,
        AgentKnowledgeBase as AgentKnowledgeBase,
        AgentStatus as AgentStatus,
        AgentType as AgentType,
    )

_HOMES = {
    "xpander_client": (
        "Agent",
        "AgentExecutionInput",
        "AttachmentRef",
        "Configuration",
        "LLMReasoningEffort",
        "MCPServerDetails",
        "ModuleException",
        "OutputFormat",
        "Principal",
        "Task",
        "ThinkMode",
        "User",
    ),
    "xpander_client.api": (
        "AgentAccessScope",
        "AgentGraphItem",
        "AgentInstructions",
        "AgentKnowledgeBase",
        "AgentStatus",
        "AgentType",
    ),
}
_LACKING = ["AgentGraph"]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

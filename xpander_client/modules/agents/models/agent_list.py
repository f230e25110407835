"""What `xpander_sdk.modules.agents.models.agent_list` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        Agent as Agent,
        AgentsListItem as AgentsListItem,
        Configuration as Configuration,
    )
    from xpander_client.api import (
        AgentAccessScope as AgentAccessScope,
        AgentInstructions as AgentInstructions,
        AgentStatus as AgentStatus,
        AgentType as AgentType,
    )

_HOMES = {
    "xpander_client": ("Agent", "AgentsListItem", "Configuration"),
    "xpander_client.api": ("AgentAccessScope", "AgentInstructions", "AgentStatus", "AgentType"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

"""What `xpander_sdk.modules.agents.models.knowledge_bases` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.api import AgentKnowledgeBase as AgentKnowledgeBase

_HOMES = {
    "xpander_client.api": ("AgentKnowledgeBase",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

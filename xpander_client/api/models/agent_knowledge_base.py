"""`AgentKnowledgeBase`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

__all__ = ["AgentKnowledgeBase"]


@attrs.define(kw_only=True, slots=True)
class AgentKnowledgeBase(Model):
    """A knowledge base that an agent may read."""

    id: str
    """The knowledge base's id."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

"""`AgentKnowledgeBase`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentKnowledgeBase(Model):
    """A knowledge base that an agent may read."""

    id: str
    """The knowledge base's id."""
    rw: bool | None = None
    """Whether the agent may write to it."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

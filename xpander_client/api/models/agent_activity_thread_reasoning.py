"""`AgentActivityThreadReasoning`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentActivityThreadReasoning(Model):
    """Something that the agent thought."""

    id: str
    """The entry's id."""
    created_at: datetime.datetime
    """When it happened."""
    type: str
    """`think` or `analyze`."""
    title: str
    """In a few words."""
    confidence: float
    """How sure the agent is, from 0 to 1."""
    thought: str | None = None
    """The thought."""
    action: str | None = None
    """The next action."""
    result: str | None = None
    """What the agent found."""
    analysis: str | None = None
    """What it means."""
    plan_task_id: str | None = None
    """The step of the plan that it is for."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`AgentActivityThreadOtherEntry`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentActivityThreadOtherEntry(Model):
    """An entry of a kind that is not described here, with all its fields."""

    id: str | None = None
    """The entry's id."""
    created_at: datetime.datetime | None = None
    """When it happened."""
    agent_id: str | None = None
    """The agent that it is about."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`AgentCreate`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .agent_instructions import AgentInstructions
from .agent_type import AgentType


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentCreate(Model):
    """What an agent is created from."""

    name: str
    """The agent's name."""
    type: AgentType | None = None
    """The kind of agent."""
    description: str | None = None
    """What it is for."""
    instructions: AgentInstructions | None = None
    """The agent's instructions."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

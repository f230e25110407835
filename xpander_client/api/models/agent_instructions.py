"""`AgentInstructions`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model
from xpander_client.core.prompts.instructions import InstructionTexts


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentInstructions(InstructionTexts, Model):
    """The instructions of an agent."""

    role: list[str] | None = attrs.field(factory=list[str])
    """How it behaves, a line each."""
    goal: list[str] | None = attrs.field(factory=list[str])
    """What it is after, a line each."""
    general: str | None = ""
    """What it is, in general."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

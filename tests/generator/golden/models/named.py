"""`Named`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model
from xpander_client.core.prompts.agent_traits import AgentTraits


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Named(AgentTraits, Model):
    """Something with a name."""

    name: str
    """What it is called."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

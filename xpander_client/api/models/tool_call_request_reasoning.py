"""`ToolCallRequestReasoning`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ToolCallRequestReasoning(Model):
    """Why an agent does something, in its own words."""

    title: str | None = None
    """In a few words."""
    description: str | None = None
    """In a sentence."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

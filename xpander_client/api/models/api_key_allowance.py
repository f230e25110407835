"""`ApiKeyAllowance`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ApiKeyAllowance(Model):
    """The agents that a key may use."""

    api_key: str = attrs.field(repr=False)
    """The key."""
    agent_ids: list[str]
    """The agents' ids."""
    restricted: bool | None = None
    """Whether the key is for some agents alone, and not for all there may be."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

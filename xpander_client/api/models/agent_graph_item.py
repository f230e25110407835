"""`AgentGraphItem`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentGraphItem(Model):
    """A node of an agent's graph."""

    item_id: str
    """The id of the tool or agent that the node stands for."""
    id: str | None = None
    """The node's id."""
    name: str | None = None
    """The node's name."""
    type: str | None = None
    """The kind of node."""
    sub_type: str | None = None
    """More exactly, what kind."""
    targets: list[str] | None = None
    """The nodes that come next."""
    settings: dict[str, Any] | None = None
    """Its settings."""
    is_first: bool | None = False
    """Whether the graph starts here."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

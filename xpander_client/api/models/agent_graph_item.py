"""`AgentGraphItem`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

__all__ = ["AgentGraphItem"]


@attrs.define(kw_only=True, slots=True)
class AgentGraphItem(Model):
    """A node of an agent's graph."""

    item_id: str
    """What the node stands for."""
    id: str | None = None
    """The node's id."""
    name: str | None = None
    """The node's name."""
    type: str | None = None
    """What kind of node it is."""
    sub_type: str | None = None
    """More exactly, what kind."""
    targets: list[str] | None = None
    """The nodes that come next."""
    settings: dict[str, Any] | None = None
    """How it is set up."""
    is_first: bool | None = False
    """Whether the graph starts here."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

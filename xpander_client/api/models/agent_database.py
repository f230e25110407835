"""`AgentDatabase`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .connection_uri import ConnectionUri


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentDatabase(Model):
    """Where an agent's own sessions are kept."""

    id: str
    """The database's id."""
    name: str
    """The database's name."""
    organization_id: str | None = None
    """The organization that it belongs to."""
    connection_uri: ConnectionUri | None = None
    """How to connect to it; null where there is none."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

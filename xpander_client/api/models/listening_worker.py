"""`ListeningWorker`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ListeningWorker(Model):
    """A worker that takes tasks of an agent."""

    id: str
    """The worker's id."""
    agent_id: str
    """The agent whose tasks it takes."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

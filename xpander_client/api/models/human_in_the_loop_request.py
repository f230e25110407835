"""`HumanInTheLoopRequest`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class HumanInTheLoopRequest(Model):
    """What a paused task is waiting for."""

    wait_node_id: str
    """The node that waits for a person."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`TaskNotified`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskNotified(Model):
    """What became of a notification."""

    delivered: bool
    """Whether whoever runs the task is connected, and so has it; else it is kept for them."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

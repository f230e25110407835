"""`TaskNotification`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskNotification(Model):
    """Something that a task waits for."""

    key: str
    """The name of what the task waits for."""
    data: Any = None
    """The data to deliver."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`TaskNotification`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

__all__ = ["TaskNotification"]


@attrs.define(kw_only=True, slots=True)
class TaskNotification(Model):
    """Something that a task waits for."""

    key: str
    """What it is about."""
    data: Any = None
    """What there is to tell."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

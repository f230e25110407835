"""`Thread`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .thread_message import ThreadMessage


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Thread(Model):
    """A conversation with an agent, over any number of tasks."""

    id: str
    """The thread's id."""
    messages: list[ThreadMessage]
    """The messages, oldest first."""
    offset: int | None = None
    """How many messages before these were left out."""
    user_details: dict[str, Any] | None = None
    """The person it is led with."""
    metadata: dict[str, Any] | None = None
    """Whatever was kept with it."""
    name: str | None = None
    """Its name."""
    created_at: datetime.datetime | None = None
    """When it started."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

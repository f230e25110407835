"""`ThreadUpdate`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .thread_message import ThreadMessage


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ThreadUpdate(Model):
    """The parts of a thread that change."""

    messages: list[ThreadMessage] | None = None
    """What the thread consists of from now on."""
    metadata: dict[str, Any] | None = None
    """Whatever was kept with it."""
    user_details: dict[str, Any] | None = None
    """The person it is led with."""
    name: str | None = None
    """Its name."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

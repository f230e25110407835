"""`AuditEntry`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AuditEntry(Model):
    """Something that was done, and by whom."""

    id: str
    """Its number in the store, the later the higher."""
    time: datetime.datetime
    """When it was completed."""
    actor: str
    """The id of the key that it was done with, or `operator` for who has the store."""
    action: str
    """What was done: `task.stop`, `task.delete`, …"""
    target: str
    """The id of what it was done to."""
    outcome: str
    """The outcome."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`ThreadsListItem`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ThreadsListItem(Model):
    """A thread as lists show it."""

    thread_id: str
    """The thread's id."""
    name: str | None = None
    """Its name."""
    metadata: dict[str, Any] | None = None
    """Whatever was kept with it."""
    created_at: datetime.datetime | None = None
    """When it started."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

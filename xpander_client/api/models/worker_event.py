"""`WorkerEvent`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .worker_event_type import WorkerEventType


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class WorkerEvent(Model):
    """Something that the platform tells a worker.

    What `data` is depends on `event`. Data that is not what it promises is kept as it came.
    """

    event: WorkerEventType
    """The event's type."""
    data: Any = None
    """The event's data."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

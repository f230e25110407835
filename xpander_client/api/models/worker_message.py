"""`WorkerMessage`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .worker_event_type import WorkerEventType


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class WorkerMessage(Model):
    """Something that a worker tells the platform."""

    id: str
    """The message's id, a UUID."""
    event: WorkerEventType
    """The message's type."""
    data: Any = None
    """The time of a heartbeat; `{"is_busy": …}` of a capacity update, in which a worker whose
    tasks begin with the offer may list those that it has taken up as `running`: others that
    it was sent are given back; nothing otherwise.
    """
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

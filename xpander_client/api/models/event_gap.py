"""`EventGap`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class EventGap(Model):
    """Events that the platform keeps no more, where a stream comes to their place.

    Events are numbered within their task, from 1. The events of a finished task are forgotten after
    a while, but for how it ended. Where a `missing_from` is behind `latest`, the stream was asked
    to go on behind an event that is not there, and begins anew.
    """

    missing_from: int
    """The number of the first event that is missing."""
    earliest: int
    """The number of the next event that is there, which comes next."""
    latest: int
    """The number of the task's last event, so far."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

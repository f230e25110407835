"""Events as they go over the wire: WHATWG event streams."""

from __future__ import annotations

import orjson

from ..core.sse import COMMENT, one_line
from .clock import timestamp
from .stores.records import EventRecord

__all__ = ["COMMENT", "connected", "named", "stored"]


def stored(event: EventRecord) -> bytes:
    """A stored event; its id is its number in the task."""
    return b"id: %d\ndata: %b\n\n" % (event.seq, one_line(event.body))


def connected(task_id: str, organization_id: str, now: float) -> bytes:
    """What opens a task's stream. It is no stored event, so it has no id."""
    event = {
        "type": "connected",
        "task_id": task_id,
        "organization_id": organization_id,
        "time": timestamp(now),
        "data": None,
    }
    return b"data: %b\n\n" % orjson.dumps(event)


def named(event: str, data: bytes) -> bytes:
    """An event of the worker channel, told by its name; `data` is JSON."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), one_line(data))

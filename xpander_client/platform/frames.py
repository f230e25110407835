"""Events as they go over the wire: WHATWG event streams."""

from __future__ import annotations

import orjson

from .clock import timestamp
from .records import EventRecord

__all__ = ["COMMENT", "connected", "named", "stored"]

COMMENT = b": still here\n\n"
"""Keeps proxies and impatient readers from taking a quiet stream for a broken one."""


def stored(event: EventRecord) -> bytes:
    """A stored event; its id is its number in the task."""
    return b"id: %d\ndata: %b\n\n" % (event.seq, _one_line(event.body))


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
    return b"event: %b\ndata: %b\n\n" % (event.encode(), _one_line(data))


def _one_line(data: bytes) -> bytes:
    """JSON without the characters that many readers take for line ends, though the rules don't.

    They can only stand inside of strings, where their escapes mean the same.
    """
    for character, escape in _LINE_ENDS:
        if character in data:
            data = data.replace(character, escape)
    return data


_LINE_ENDS = (
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
    ("\u0085".encode(), rb"\u0085"),
)

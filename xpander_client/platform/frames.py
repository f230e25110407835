"""Events as they go over the wire: WHATWG event streams."""

from __future__ import annotations

import orjson

from xpander_client.core.sse import one_line
from xpander_client.platform.clock import timestamp
from xpander_client.platform.stores.records import EventRecord


def stored(event: EventRecord) -> bytes:
    """A stored event; its id is its number in the task."""
    return b"id: %d\ndata: %b\n\n" % (event.seq, one_line(event.body))


def connected(task_id: str, organization_id: str, now: float) -> bytes:
    """What opens a task's stream. It is no stored event, so it has no id."""
    return b"data: %b\n\n" % _told("connected", task_id, organization_id, now, None)


def gap(
    task_id: str,
    organization_id: str,
    now: float,
    *,
    missing_from: int,
    earliest: int,
    latest: int,
) -> bytes:
    """What stands where events were pruned: those from `missing_from` to before `earliest`.

    Its id is the number of the last of them, so that a reader that comes back with it has been told
    already. It goes by a name of its own: a reader that knows only messages passes over it.

    With a `missing_from` behind `latest` it stands for nothing that was there: the reader's place
    was none, and it goes on at `earliest`.
    """
    numbers = {"missing_from": missing_from, "earliest": earliest, "latest": latest}
    event = _told("gap", task_id, organization_id, now, numbers)
    return b"id: %d\nevent: gap\ndata: %b\n\n" % (earliest - 1, event)


def named(event: str, data: bytes) -> bytes:
    """An event of the worker channel, told by its name; `data` is JSON."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), one_line(data))


def _told(kind: str, task_id: str, organization_id: str, now: float, data: object) -> bytes:
    """An event that is told to one reader and stored nowhere."""
    return orjson.dumps(
        {
            "type": kind,
            "task_id": task_id,
            "organization_id": organization_id,
            "time": timestamp(now),
            "data": data,
        }
    )

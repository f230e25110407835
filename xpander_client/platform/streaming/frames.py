"""Events as they go over the wire: WHATWG event streams."""

from __future__ import annotations

import orjson

from xpander_client.core.sse import encode_event
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.rules.records import EventRecord


def encode_stored(event: EventRecord) -> bytes:
    """Write a stored event; its id is its number in the task."""
    return encode_event(event.body, number=event.seq)


def encode_connected(task_id: str, organization_id: str, now: float) -> bytes:
    """Write what opens a task's stream. It is no stored event, so it has no id."""
    return encode_event(_encode_unstored("connected", task_id, organization_id, now, None))


def gap(
    task_id: str,
    organization_id: str,
    now: float,
    *,
    missing_from: int,
    earliest: int,
    latest: int,
) -> bytes:
    """Write what stands where events were pruned: those from `missing_from` to before `earliest`.

    Its id is the number of the last of them, so that a reader that comes back with it has been told
    already. It goes by a name of its own: a reader that knows only messages passes over it.

    With a `missing_from` behind `latest` it stands for nothing that was there: the reader's place
    was none, and it goes on at `earliest`.
    """
    numbers = {"missing_from": missing_from, "earliest": earliest, "latest": latest}
    event = _encode_unstored("gap", task_id, organization_id, now, numbers)
    return encode_event(event, number=earliest - 1, name="gap")


def _encode_unstored(
    kind: str, task_id: str, organization_id: str, now: float, data: object
) -> bytes:
    """Write an event that is told to one reader and stored nowhere."""
    return orjson.dumps(
        {
            "type": kind,
            "task_id": task_id,
            "organization_id": organization_id,
            "time": timestamp(now),
            "data": data,
        }
    )

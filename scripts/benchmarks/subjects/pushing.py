"""Pushes numbered events at a steady rate: `python pushing.py URL RATE COUNT EVERY`.

What is due is pushed every two milliseconds, or as soon as the answer before is there, in one
request. Each event says its number; each EVERY-th also when it was due, on the clock that all
processes of a machine share, so that a push that had to wait counts with its wait.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from urllib.parse import urlsplit

TICK = 0.002


def main(url: str, rate: int, count: int, every: int) -> None:
    """Pushes `count` events, `rate` a second."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    headers = {"x-api-key": os.environ["XPANDER_API_KEY"], "content-type": "application/json"}
    # …/TASK/events/push, but for what has one stream alone
    task_id = address.path.removesuffix("/events/push").rpartition("/")[2].encode()
    organization = os.environ.get("XPANDER_ORGANIZATION_ID", "local").encode()
    start = time.monotonic() + TICK
    pushed = 0
    while pushed < count:
        ticks = int((time.monotonic() - start) / TICK) + 1
        due = min(count, int(ticks * TICK * rate))
        if due > pushed:
            events = [
                _event(organization, task_id, n, start + (n + 1) / rate, n % every == 0)
                for n in range(pushed, due)
            ]
            connection.request("POST", address.path, b"[" + b",".join(events) + b"]", headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
            pushed = due
        time.sleep(max(0.0, start + ticks * TICK - time.monotonic()))


def _event(organization: bytes, task_id: bytes, number: int, due: float, stamped: bool) -> bytes:
    data = b"%s%016d#%08d" % (b"@" if stamped else b"-", due * 1e9, number)
    return (
        b'{"type":"chunk","task_id":"%s","organization_id":"%s",'
        b'"time":"2026-01-05T10:00:00+00:00","data":"%s"}' % (task_id, organization, data)
    )


main(sys.argv[1], *map(int, sys.argv[2:]))

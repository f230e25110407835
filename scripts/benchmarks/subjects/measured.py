"""Runs the measurements of one client, on demand, in a process of its own.

The driver writes one JSON object per line, `{"run": name, "count": n}`, and reads one back,
`{"seconds": ...}`: the processes of all clients live through a whole run, and take turns. The
seconds are a list where a run measures each of its `count` by itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

Sync = Callable[[int], object]
Async = Callable[[int], Awaitable[object]]


def serve(runs: dict[str, Sync], async_runs: dict[str, Async]) -> None:
    """Answers the driver until its end of the pipe closes. A run may return its own seconds."""
    # Whatever a library prints must not end up between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    loop = asyncio.new_event_loop()
    for line in sys.stdin:
        order = json.loads(line)
        name, count = order["run"], order["count"]
        started = time.perf_counter()
        if name in runs:
            outcome = runs[name](count)
        else:
            outcome = loop.run_until_complete(async_runs[name](count))
        seconds: object = time.perf_counter() - started
        if isinstance(outcome, (float, list)):
            seconds = outcome
        print(json.dumps({"seconds": seconds}), file=answers, flush=True)


async def in_flight(callers: int, count: int, call: Callable[[], Awaitable[object]]) -> None:
    """Make `count` calls, `callers` at a time."""
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(caller() for _ in range(callers)))

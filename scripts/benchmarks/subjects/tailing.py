"""A client at one server, and how late the events come to it that are pushed to another.

`python tailing.py URL`, with the other server's address; what else is needed is in the environment.
"""

from __future__ import annotations

import asyncio
import sys

from measured import serve
from stamped import Lateness, push, summary
from xpander_client import Configuration, Tasks

RATE = 2_000

configuration = Configuration()
tasks = Tasks(configuration)


async def tail(count: int) -> list[float]:
    """Follows one task while events are pushed to it; see `stamped.summary` for what comes back."""
    lateness = Lateness(1)
    task = await tasks.acreate(
        agent_id=configuration.required("agent_id"),
        prompt="Add up the sales by region",
        events_streaming=True,
    )
    events = task.aevents()
    await anext(events)
    url = f"{sys.argv[1]}/agent-execution/{task.id}/events/push"
    pushing = asyncio.create_task(push(url, RATE, count, 1))
    async with asyncio.timeout(60):
        async for event in events:
            if event.type == "chunk":
                lateness.take(event.data)
            if lateness.next == count:
                break
    await events.aclose()
    await pushing
    await task.astop()
    return summary([lateness])


serve({}, {"tail": tail})

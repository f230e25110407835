"""A client that follows many tasks, and makes calls beside them."""

from __future__ import annotations

import asyncio
import time

from measured import in_flight, serve
from xpander_client import Configuration, Task, Tasks

CALLS = 20

configuration = Configuration()
tasks = Tasks(configuration)


async def call(count: int) -> list[float]:
    """Return the seconds of each of some calls while `count` unfinished tasks are followed."""
    created: list[Task] = []

    async def create() -> None:
        agent_id = configuration.required("agent_id")
        created.append(await tasks.acreate(agent_id=agent_id, prompt="Wait", events_streaming=True))

    await in_flight(32, count, create)
    began = [asyncio.Event() for _ in created]

    async def follow(task: Task, first: asyncio.Event) -> None:
        async for _ in task.aevents():
            first.set()

    followers = [
        asyncio.create_task(follow(task, first)) for task, first in zip(created, began, strict=True)
    ]
    for first in began:
        await first.wait()
    seconds: list[float] = []
    for task in created[:CALLS]:
        started = time.perf_counter()
        await tasks.aget(task_id=task.id)
        seconds.append(time.perf_counter() - started)
    for follower in followers:
        follower.cancel()
    await asyncio.gather(*followers, return_exceptions=True)
    return seconds


serve({}, {"call": call})

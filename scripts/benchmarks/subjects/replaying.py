"""A client that reads a finished task with many events from the platform, again and again."""

from __future__ import annotations

from functools import cache

from measured import serve
from xpander_client import AgentExecutionStatus, Configuration, Task, Tasks
from xpander_client.api.models import TaskUpdateEvent, TaskUpdateEventType

configuration = Configuration()
tasks = Tasks(configuration)


@cache
def task_of(count: int) -> Task:
    """Make a task with so many chunks of text."""
    task = tasks.create(
        agent_id=configuration.required("agent_id"),
        prompt="Add up the sales by region",
        events_streaming=True,
    )
    event = TaskUpdateEvent(
        type=TaskUpdateEventType.Chunk,
        task_id=task.id,
        organization_id=task.organization_id,
        time=task.created_at,
        data="North 1, South 2, East 3, West 4",
    )
    for begin in range(0, count, 1_000):
        task.push_events([event] * min(1_000, count - begin))
    return tasks.finish(task.id, status=AgentExecutionStatus.Completed, result="10")


def replay(count: int) -> None:
    """Read all of it."""
    chunks = sum(event.type == "chunk" for event in task_of(count).events())
    assert chunks == count, f"{chunks} of {count} events"


async def areplay(count: int) -> None:
    """Read all of it, async."""
    chunks = 0
    async for event in task_of(count).aevents():
        chunks += event.type == "chunk"
    assert chunks == count, f"{chunks} of {count} events"


serve({"replay": replay}, {"areplay": areplay})

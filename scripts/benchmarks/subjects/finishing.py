"""A client that creates tasks and waits until they are finished, 32 at a time."""

from __future__ import annotations

from measured import in_flight, serve
from xpander_client import AgentExecutionStatus, Configuration, Tasks

configuration = Configuration()
tasks = Tasks(configuration)


async def finish() -> None:
    task = await tasks.acreate(
        agent_id=configuration.required("agent_id"),
        prompt="Add up the sales by region",
        events_streaming=True,
    )
    finished = await task.await_finished(timeout=60)
    assert finished.status == AgentExecutionStatus.Completed, finished


serve({}, {"finish32": lambda count: in_flight(32, count, finish)})

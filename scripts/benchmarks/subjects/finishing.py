"""A client that has tasks run and waits until they are finished, 32 at a time or one by one.

`run32` does it with one call for each, `finish32` with two, as programs of older versions do.
"""

from __future__ import annotations

import time

from measured import in_flight, serve
from xpander_client import AgentExecutionStatus, Configuration, Task, Tasks

configuration = Configuration()
tasks = Tasks(configuration)


async def finish() -> Task:
    task = await tasks.acreate(
        agent_id=configuration.required("agent_id"),
        prompt="Add up the sales by region",
        events_streaming=True,
    )
    finished = await task.await_finished(timeout=300)
    assert finished.status == AgentExecutionStatus.Completed, finished
    return finished


async def run() -> Task:
    finished = await tasks.arun(
        agent_id=configuration.required("agent_id"), prompt="Add up the sales by region"
    )
    assert finished.status == AgentExecutionStatus.Completed, finished
    return finished


async def first_line(count: int) -> list[float]:
    """For each task: from before `acreate` to the time that its handler gives as the result."""
    samples: list[float] = []
    for _ in range(count):
        started = time.time()
        finished = await finish()
        samples.append(float(finished.result or "nan") - started)
    return samples


serve(
    {},
    {
        "run32": lambda count: in_flight(32, count, run),
        "finish32": lambda count: in_flight(32, count, finish),
        "first_line": first_line,
    },
)

"""A worker of the chaos, as a process: `python -m xpander_client.chaos.worker HISTORY SEED`.

Which platform, which agent: it is told by the environment, like every worker.
"""

from __future__ import annotations

import asyncio
import datetime
import random
import sys
from pathlib import Path

from xpander_client.api import AgentExecutionStatus, Task, TaskUpdateEvent, TaskUpdateEventType
from xpander_client.chaos.history import Begun, Ended, History, Pushed
from xpander_client.chaos.processes import end_with_parent, ready
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.worker import Worker
from xpander_client.worker.signals import stop_by_signals

PATIENT = RetryPolicy(attempts=1_000, initial=0.05, maximum=0.5)
"""Nobody gives up while the platform is away."""


def chunk(task: Task, mark: str) -> TaskUpdateEvent:
    """Make an event with a mark of its own."""
    return TaskUpdateEvent(
        type=TaskUpdateEventType.Chunk,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.datetime.now(datetime.UTC),
        data=mark,
    )


def main(path: str, seed: str) -> None:
    """Work until stopped."""
    end_with_parent()
    chance = random.Random(seed)
    history = History(Path(path))

    async def handler(task: Task) -> Task:
        attempt = task.execution_attempts or 0
        history.note(Begun(task.id, attempt))
        for n in range(chance.randrange(4)):
            marks = [f"{task.id} {attempt} {n} {k}" for k in range(chance.randrange(1, 4))]
            await task.apush_events([chunk(task, mark) for mark in marks])
            history.note(Pushed(task.id, marks))
            await asyncio.sleep(chance.uniform(0.0, 0.2))
        task.result = f"attempt {attempt}"
        if chance.random() < 0.5:
            # The other half is told by the worker, when the handler has returned.
            await task.aset_status(AgentExecutionStatus.Completed, task.result)
            history.note(Ended(task.id, attempt, "completed", task.result))
        return task

    async def work() -> None:
        configuration = Configuration(timeout=120.0, connect_timeout=2.0, retry=PATIENT)
        worker = Worker(handler, configuration, heartbeat_interval=0.5, grace=10.0)
        with stop_by_signals(worker.stop):
            working = asyncio.create_task(worker.run())
            await worker.registered()
            ready()
            await working

    asyncio.run(work())


if __name__ == "__main__":
    main(*sys.argv[1:])

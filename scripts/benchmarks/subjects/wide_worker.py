"""A worker that runs 32 tasks at once, whose handler does next to nothing."""

from __future__ import annotations

import asyncio
import logging

from ending import end_with_input
from xpander_client import Configuration, Task
from xpander_client.worker import Worker


async def finish(task: Task) -> Task:
    """Says that it is done."""
    task.result = "done"
    return task


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)  # two lines a task would be measured, too
    end_with_input()
    asyncio.run(Worker(finish, Configuration(), max_sync_workers=32).run())

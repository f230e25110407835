"""A worker with an async handler that only says when it began."""

from __future__ import annotations

import logging
import time

from ending import end_with_input
from xpander_client import Task, on_task

logging.basicConfig(level=logging.WARNING)  # two lines a task would be measured, too
end_with_input()


@on_task
async def begin(task: Task) -> Task:
    """Says when its first line ran."""
    task.result = repr(time.time())
    return task

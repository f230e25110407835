"""A worker whose handler does next to nothing."""

from __future__ import annotations

import logging

from ending import end_with_input
from xpander_client import Task, on_task

logging.basicConfig(level=logging.WARNING)  # two lines a task would be measured, too
end_with_input()


@on_task
def finish(task: Task) -> Task:
    """Says that it is done."""
    task.result = "done"
    return task

"""The same worker as async_worker.py with the official client: run by a Python that has it."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import time
from typing import Any

from ending import end_with_input

# Nobody reads what it prints, and a full pipe would hold it up.
sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
logging.basicConfig(level=logging.WARNING)  # as quiet as the other one
# They are not installed where this file is type checked.
logger = importlib.import_module("loguru").logger
logger.remove()
logger.add(sys.stderr, level="WARNING")
on_task = importlib.import_module("xpander_sdk").on_task
end_with_input()


async def begin(task: Any) -> Any:
    """Says when its first line ran."""
    task.result = repr(time.time())
    return task


on_task(begin)

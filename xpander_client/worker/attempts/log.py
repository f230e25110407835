"""Log lines that say which task and which attempt they are about."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

_logger = logging.getLogger("xpander_client.worker")


class AttemptLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the task and the attempt on every line, in its text and as `task_id` and `attempt`."""

    def __init__(self, task_id: str, attempt: int | None) -> None:
        super().__init__(_logger, {"task_id": task_id, "attempt": attempt})

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Return the line, and what goes with it."""
        extra = self.extra or {}
        kwargs["extra"] = extra
        return f"task {extra['task_id']} (attempt {extra['attempt']}): {msg}", kwargs

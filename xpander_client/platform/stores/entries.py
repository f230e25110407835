"""Commands that wait for a writer, with those who wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from .admission import Admission

__all__ = ["Entry", "settle"]


class Entry:
    """A command, what came of it, and the future that its caller waits for."""

    __slots__ = ("command", "error", "future", "result")

    def __init__(self, command: Any, future: asyncio.Future[Any]) -> None:
        self.command = command
        self.future = future
        self.result: Any = None
        self.error: Exception | None = None


def settle(batch: Sequence[Entry], admission: Admission) -> None:
    """Tell the callers what came of their commands, which make room for others."""
    admission.leave(len(batch))
    for entry in batch:
        if entry.future.done():
            continue
        if entry.error is not None:
            entry.future.set_exception(entry.error)
        else:
            entry.future.set_result(entry.result)

"""Commands that wait for a writer, with those who wait for them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.stores.base.admission import Admission

BATCH_BYTES = 8 * 1024 * 1024
"""A transaction that has come to more than so many bytes is committed before the next command."""

_SPLITTING = 15.0
"""How long commands that failed together are tried in parts, in seconds, while others wait."""

UNSTORABLE = (TypeError, ValueError, ArithmeticError, RecursionError)
"""How Python's own encoders fail on what they can't write, whenever it is tried."""

_logger = logging.getLogger(__name__)


class QueuedCommand:
    """A command, what came of it, and the future that its caller waits for. It has `pieces` of the
    room that there is for commands.
    """

    __slots__ = ("command", "error", "future", "pieces", "result")

    def __init__(self, command: Any, future: asyncio.Future[Any], pieces: int) -> None:
        self.command = command
        self.future = future
        self.pieces = pieces
        self.result: Any = None
        self.error: Exception | None = None


def resolve(batch: Sequence[QueuedCommand], admission: Admission) -> None:
    """Tell the callers what came of their commands, which make room for others."""
    admission.leave(sum(entry.pieces for entry in batch), len(batch))
    for entry in batch:
        if entry.future.done():
            continue
        if entry.error is not None:
            entry.future.set_exception(entry.error)
        else:
            entry.future.set_result(entry.result)


class BatchLimit:
    """How many commands are written together: fewer while too many, or one of them, made it fail.

    So whoever is not to blame is soon without who is, and nobody hears of a failure before it is
    its own.
    """

    def __init__(self, most: int) -> None:
        self.now = most
        self._most = most
        self._failed = 0
        self._until = 0.0

    def split(self, count: int, error: Exception) -> bool:
        """Note that so many commands failed together. Returns whether to try half of them."""
        if not self._failed:
            _logger.info("%d writes failed together, and are tried in parts: %r", count, error)
            self._failed, self._until = count, time.monotonic() + _SPLITTING
        if count == 1 or time.monotonic() > self._until:
            return False
        self.now = count // 2
        return True

    def cut(self, count: int) -> None:
        """Note that no more than so many had room in a transaction."""
        self.now = count

    def release(self, count: int) -> None:
        """Note that so many are done with, and let more be written together again."""
        self._failed = max(0, self._failed - count)
        self.now = min(2 * self.now, self._most)


def refuse_unstorable(error: Exception) -> HttpError:
    """Make the error for a caller whose command can never be stored."""
    return HttpError(422, f"the store can't keep this: {error}")

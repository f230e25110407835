"""The way to the platform for a record: few calls at once, and none while it is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from xpander_client.configuration import RetryPolicy
from xpander_client.core.retry import backoff
from xpander_client.errors import ApiStatusError, CallError, UnknownOutcomeError

T = TypeVar("T")

_logger = logging.getLogger("xpander_client.background")

_AT_ONCE = 16
_URGENT_AT_ONCE = 8

_PATIENCE = RetryPolicy(initial=0.25, maximum=5.0)
"""The waits between tries while the platform is away."""


class Line:
    """Makes calls until they are answered, however long that takes.

    When one finds the platform away, all others wait with it, and the log says so once. Urgent
    calls wait for no others: a task that was created has to be begun soon, however much the tasks
    that run have to say.
    """

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._urgent_slots = asyncio.Semaphore(_URGENT_AT_ONCE)
        self._is_open = asyncio.Event()
        self._failures = 0

    def open(self) -> None:
        """The platform is there: go on."""
        self._is_open.set()

    async def send(self, write: Callable[[], Awaitable[T]], *, is_urgent: bool = False) -> T:
        """Make a call, and get its answer.

        Raises:
            CallError: the platform refuses it, now and later.
        """
        while True:
            await self._is_open.wait()
            async with self._urgent_slots if is_urgent else self._slots:
                if not self._is_open.is_set():
                    continue
                try:
                    answer = await write()
                except CallError as error:
                    if not _may_pass(error):
                        raise
                    self._rest(error)
                    continue
            if self._failures:
                self._failures = 0
                _logger.info("the record of background tasks gets through again")
            return answer

    def _rest(self, error: CallError) -> None:
        if not self._is_open.is_set():
            return
        if not self._failures:
            _logger.warning("background tasks run on, their record waits: %s", error)
        self._failures += 1
        self._is_open.clear()
        asyncio.get_running_loop().call_later(backoff(_PATIENCE, self._failures), self.open)


def _may_pass(error: CallError) -> bool:
    if isinstance(error, UnknownOutcomeError):
        return False
    if not isinstance(error, ApiStatusError) or error.status_code is None:
        return True
    # A key that is refused may be put right while the tasks run.
    return error.retryable or error.status_code >= 500 or error.status_code in (401, 403)

"""Makes a record's calls to the platform: few at once, and none while it is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from xpander_client.configuration import RetryPolicy
from xpander_client.core.outage import Outage
from xpander_client.errors import CallError

T = TypeVar("T")

_logger = logging.getLogger("xpander_client.background")

_AT_ONCE = 16
_URGENT_AT_ONCE = 8

_PATIENCE = RetryPolicy(initial=0.25, maximum=5.0)
"""The waits between tries while the platform is away. They are shorter than a worker's: a program
that ends gives its record a few seconds.
"""


class WriteQueue:
    """Makes calls until they are answered, however long that takes.

    When one finds the platform away, all others wait with it, and the log says so once. Urgent
    calls wait for no others: a task that was created has to be begun soon, however much the tasks
    that run have to say.
    """

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._urgent_slots = asyncio.Semaphore(_URGENT_AT_ONCE)
        self._is_open = asyncio.Event()
        # A task that may have been created would be a second one.
        self._outage = Outage(_PATIENCE, is_repeatable=False)

    def open(self) -> None:
        """Go on: the platform is there."""
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
                    if not self._outage.may_pass(error):
                        raise
                    self._rest(error)
                    continue
            if self._outage.end():
                _logger.info("the record of background tasks gets through again")
            return answer

    def _rest(self, error: CallError) -> None:
        if not self._is_open.is_set():
            return
        if not self._outage.failures:
            _logger.warning("background tasks run on, their record waits: %s", error)
        self._is_open.clear()
        asyncio.get_running_loop().call_later(self._outage.pause(), self.open)

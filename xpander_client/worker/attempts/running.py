"""The attempts that a worker runs."""

from __future__ import annotations

import asyncio
import logging

from xpander_client.worker.attempts.attempt import Attempt, AttemptResult
from xpander_client.worker.channel.capacity import Capacity

_logger = logging.getLogger("xpander_client.worker")

_PATIENCE = 10.0
"""Seconds that a task which is this worker's waits for a slot, while others may have one."""

_REMEMBERED = 1000
"""So many attempts are remembered after their end: the platform sends again what it believes to be
here."""


class RunningAttempts:
    """Runs attempts, each in a slot of `capacity`, and ends them in order."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._running: dict[Attempt, asyncio.Task[AttemptResult]] = {}
        self._ended: dict[tuple[str, int | None], None] = {}
        self._handing_back: set[asyncio.Task[bool]] = set()

    def has(self, task_id: str, number: int | None = None) -> bool:
        """Tell whether this attempt at a task is under way or was, or any where no number is given.

        Of an attempt that is being claimed the number is not known yet.
        """
        return (task_id, number) in self._ended or any(
            each.task_id == task_id and (None in (number, each.number) or number == each.number)
            for each in self._running
        )

    def list_tasks(self) -> list[str]:
        """List the tasks that were taken up and have not ended. Any thread may call this."""
        return [attempt.task_id for attempt in list(self._running)]

    def start(self, attempt: Attempt) -> asyncio.Task[AttemptResult]:
        """Run an attempt as soon as there is a slot for it."""

        async def in_a_slot() -> AttemptResult:
            while not await self._capacity.take(_PATIENCE if attempt.is_begun else None):
                if await _hand_back(attempt):
                    return AttemptResult(None, "no slot was free for it")
            try:
                return await attempt.run()
            finally:
                self._capacity.free()

        running = asyncio.create_task(in_a_slot())
        self._running[attempt] = running
        running.add_done_callback(lambda done: self._forget(attempt, done))
        return running

    def give_up(self, task_id: str, number: int | None, reason: str) -> None:
        """Give up a task's attempt of this number, or whichever there is."""
        for attempt in list(self._running):
            if attempt.task_id == task_id and number in (None, attempt.number):
                attempt.give_up(reason)

    async def wind_down(self, grace: float) -> None:
        """Give those that run `grace` seconds, and hand the rest back for another worker."""
        for attempt, running in list(self._running.items()):
            # Not begun is not accepted: the platform offers these to another worker.
            if not attempt.has_begun:
                running.cancel()
                del self._running[attempt]
                if attempt.is_begun:
                    self.hand_back(attempt)
        if self._running:
            _logger.info("stopping: %d tasks have %g s to end", len(self._running), grace)
            await asyncio.wait(self._running.values(), timeout=grace)
        left = dict(self._running)
        for running in left.values():
            running.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        for attempt in left:
            self.hand_back(attempt)
        while self._handing_back:  # more may be offered meanwhile
            await asyncio.wait(self._handing_back)

    def hand_back(self, attempt: Attempt) -> None:
        """Give back a task that is not run here, soon."""
        handing_back = asyncio.create_task(_hand_back(attempt))
        self._handing_back.add(handing_back)
        handing_back.add_done_callback(self._handing_back.discard)

    def _forget(self, attempt: Attempt, done: asyncio.Task[AttemptResult]) -> None:
        self._running.pop(attempt, None)
        if attempt.is_begun:
            self._ended[attempt.task_id, attempt.number] = None
            if len(self._ended) > _REMEMBERED:
                del self._ended[next(iter(self._ended))]
        if not done.cancelled() and (error := done.exception()) is not None:
            _logger.error("task %s failed in the worker", attempt.task_id, exc_info=error)


async def _hand_back(attempt: Attempt) -> bool:
    """Give back a task that is not run here; False if the platform could not be told."""
    try:
        await asyncio.wait_for(attempt.hand_back(), 5.0)
    except Exception as error:
        _logger.warning("task %s was not handed back: %s", attempt.task_id, error)
        return False
    return True

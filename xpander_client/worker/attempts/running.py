"""The attempts that a worker runs."""

from __future__ import annotations

import asyncio
import logging

from xpander_client.worker.attempts.attempt import Attempt, AttemptResult
from xpander_client.worker.channel.capacity import Capacity

_logger = logging.getLogger("xpander_client.worker")


class RunningAttempts:
    """Runs attempts, each in a slot of `capacity`, and ends them in order."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._running: dict[Attempt, asyncio.Task[AttemptResult]] = {}

    def has(self, task_id: str, number: int | None = None) -> bool:
        """Tell whether this attempt at a task is under way, or any where no number is given."""
        return any(
            each.task_id == task_id and number in (None, each.number) for each in self._running
        )

    def start(self, attempt: Attempt) -> asyncio.Task[AttemptResult]:
        """Run an attempt as soon as there is a slot for it."""

        async def in_a_slot() -> AttemptResult:
            async with self._capacity:
                return await attempt.run()

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
        if self._running:
            _logger.info("stopping: %d tasks have %g s to end", len(self._running), grace)
            await asyncio.wait(self._running.values(), timeout=grace)
        left = dict(self._running)
        for running in left.values():
            running.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        given_back = await asyncio.gather(
            *(asyncio.wait_for(attempt.hand_back(), 5.0) for attempt in left),
            return_exceptions=True,
        )
        for attempt, outcome in zip(left, given_back, strict=True):
            if isinstance(outcome, BaseException):
                _logger.warning("task %s was not handed back: %s", attempt.task_id, outcome)

    def _forget(self, attempt: Attempt, done: asyncio.Task[AttemptResult]) -> None:
        self._running.pop(attempt, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            _logger.error("task %s failed in the worker", attempt.task_id, exc_info=error)

"""Tasks whose leases ran out, and how they are taken back: in small parts, everybody's in turn."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence, Set
from itertools import islice, zip_longest

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules import task_machine
from xpander_client.platform.rules.records import Overdue, Swept, TaskRecord
from xpander_client.platform.stores.base.commands import save_task
from xpander_client.platform.stores.base.presence import Presence
from xpander_client.platform.stores.base.transaction import Command, Reads, Submit, Work

LOOKUP_LIMIT = 2_000
"""How many tasks whose leases ran out are looked up at once."""

COMMAND_LIMIT = 100
"""How many of them are taken back in one command: others wait behind it."""

_FAILURE_LIMIT = 3
"""When so many tasks in turn can't be taken back, and none could, nothing can be written."""

_logger = logging.getLogger(__name__)


class Sweep:
    """Takes back tasks whose leases ran out. A task that can't be taken back is set aside for the
    time of a lease, so that it keeps no other from its worker.
    """

    def __init__(
        self,
        settings: Settings,
        find_overdue: Callable[[float, int], Awaitable[Sequence[Overdue]]],
        submit: Submit,
    ) -> None:
        self._settings = settings
        self._find_overdue = find_overdue
        self._submit = submit
        self._set_aside: dict[str, float] = {}

    async def take_back(self, until: float, presence: Presence) -> Swept:
        """Take back tasks whose leases ran out by a moment, some of each organization."""
        now = time.monotonic()
        self._set_aside = {each: end for each, end in self._set_aside.items() if end > now}
        found = await self._find_overdue(until, LOOKUP_LIMIT + len(self._set_aside))
        overdue = [each for each in found if each.task_id not in self._set_aside]
        if not overdue:
            return Swept()
        offers = {
            (each.organization_id, each.offered_to)
            for each in overdue
            if each.offered_to is not None
        }
        gone = await presence.find_gone(offers) if offers else frozenset()
        swept = [await self._take_back_or_set_aside(some, gone, until) for some in divide(overdue)]
        return Swept(
            tuple(record for each in swept for record in each.requeued),
            tuple(record for each in swept for record in each.exhausted),
            more=len(found) >= LOOKUP_LIMIT,
        )

    async def _take_back_or_set_aside(
        self, overdue: Sequence[Overdue], gone: Set[tuple[str, str]], until: float
    ) -> Swept:
        """Take back these tasks at once; where that fails, those that can be."""
        try:
            return await self._expire(overdue, gone, until)
        except HttpError:
            requeued: list[TaskRecord] = []
            exhausted: list[TaskRecord] = []
            failures = 0
            for each in overdue:
                try:
                    swept = await self._expire([each], gone, until)
                except HttpError as error:
                    # One task must not keep all others from their workers; it is tried again later.
                    self._set_aside[each.task_id] = time.monotonic() + self._settings.lease
                    _logger.error("task %s could not be taken back: %s", each.task_id, error)
                    failures += 1
                    if failures == _FAILURE_LIMIT and not requeued and not exhausted:
                        raise  # it is not the tasks
                else:
                    requeued += swept.requeued
                    exhausted += swept.exhausted
            return Swept(tuple(requeued), tuple(exhausted))

    async def _expire(
        self, overdue: Sequence[Overdue], gone: Set[tuple[str, str]], until: float
    ) -> Swept:
        """Take back, in one command, those of these tasks whose leases nobody renewed meanwhile."""

        def run(work: Work) -> Swept:
            requeued: list[TaskRecord] = []
            exhausted: list[TaskRecord] = []
            for each in overdue:
                record = work.task(each.task_id)
                if record is None or record.lease_until is None or record.lease_until > until:
                    continue
                outcome = task_machine.expire(
                    record,
                    now=work.now,
                    max_attempts=self._settings.max_attempts,
                    gone=(record.organization_id, record.worker_id) in gone,
                )
                if outcome is None:
                    continue
                save_task(work, record, outcome)
                (exhausted if outcome.record.finished else requeued).append(record)
            return Swept(tuple(requeued), tuple(exhausted))

        return await self._submit(
            Command(run, Reads(tasks=tuple(each.task_id for each in overdue)))
        )


def divide(overdue: Sequence[Overdue]) -> Iterator[Sequence[Overdue]]:
    """Divide tasks into parts that are short enough for others to write in between, each of all
    organizations: none waits until all tasks of another are taken back.
    """
    queues: dict[str, list[Overdue]] = {}
    for each in overdue:
        queues.setdefault(each.organization_id, []).append(each)
    turns = (each for turn in zip_longest(*queues.values()) for each in turn if each is not None)
    while some := tuple(islice(turns, COMMAND_LIMIT)):
        yield some

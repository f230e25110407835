"""How far the queues have come, so that what was given out of them is not passed over again.

A queue is read in the order of its tasks' numbers. While an old snapshot is open, a dump's or an
analyst's, the database keeps the index entries of all that was given out since, and who reads from
the beginning passes over all of them. So each read begins at the queue's front: nothing waits
before it, and nothing will, but for tasks that come back, of which everybody hears.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import attrs

from xpander_client.platform.stores.base.hints import requeue_topic
from xpander_client.platform.stores.postgres.transaction import shorten

BELIEVED = 10.0
"""After so many seconds a queue is read from its beginning once: a hint may have been lost."""

_AGENTS = 1000
"""For so many agents the fronts are kept."""


@attrs.frozen
class _Bound:
    """All tasks up to the number are of transactions before the other one."""

    number: int
    transaction: int


@attrs.frozen
class FrontsSeen:
    """A look at some queues of an agent, from the `fronts` that they had when it began."""

    fronts: dict[str | None, int]
    seen: int
    bound: _Bound | None
    settled: int


class Fronts:
    """The number of the first task of each queue that may still wait.

    Numbers are given out before they are committed, so that a lower one may turn up late. Up to the
    `settled` one none does: all transactions have ended that began before another, later one was
    seen.
    """

    def __init__(self) -> None:
        self._agents: dict[str, tuple[float, dict[str | None, int]]] = {}
        self._seen = 0
        self._bound: _Bound | None = None
        self._settled = 0

    def find(self, organization_id: str, agent_id: str) -> dict[str | None, int]:
        """Return the fronts of an agent's queues; those that are not known are at 0."""
        place = shorten(requeue_topic(organization_id, agent_id))
        now = time.monotonic()
        since, fronts = self._agents.get(place, (-math.inf, {}))
        if now - since > BELIEVED:
            if len(self._agents) >= _AGENTS:
                self._agents.clear()
            fronts = {}
            self._agents[place] = now, fronts
        return fronts

    def forget(self, topics: list[str]) -> None:
        """Note that tasks have come back to the queues of these agents."""
        for topic in topics:
            self._agents.pop(topic, None)

    def clear(self) -> None:
        """Forget everything: hints may have been lost."""
        self._agents.clear()

    def look(self, organization_id: str, agent_id: str) -> FrontsSeen:
        """Note what is known before the queues of an agent are read."""
        fronts = self.find(organization_id, agent_id)
        return FrontsSeen(fronts, self._seen, self._bound, self._settled)

    def learn(
        self, look: FrontsSeen, heads: Mapping[str | None, int | None], *, oldest: int, next_: int
    ) -> None:
        """Learn from what the read found: the number of the first task in each queue, if there is
        one; the `oldest` transaction that had not ended, and the `next_` one that would begin.
        """
        settled = look.settled
        if look.bound is not None and oldest >= look.bound.transaction:
            settled = max(settled, look.bound.number)
        self._settled = max(self._settled, settled)
        if self._bound is look.bound and (look.bound is None or settled >= look.bound.number):
            self._bound = _Bound(look.seen, next_)
        for pin, head in heads.items():
            front = settled + 1 if head is None else min(head, settled + 1)
            look.fronts[pin] = max(front, look.fronts.get(pin, 0))
            self._seen = max(self._seen, head or 0)

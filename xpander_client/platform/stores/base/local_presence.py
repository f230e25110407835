"""The presence of workers where one server has the store for itself."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from typing import Protocol

import attrs

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.rules.records import Held, Joined, ListenState, WorkerRecord


class _RenewLeases(Protocol):
    async def __call__(
        self,
        organization_id: str,
        worker_id: str,
        *,
        agent_id: str | None = None,
        adopt_from: str | None = None,
    ) -> Mapping[str, int]: ...


@attrs.define
class _Worker:
    record: WorkerRecord
    listening: bool = True
    spoke_after_break: bool = False
    leaving: bool = False


class LocalPresence:
    """A `Presence` that nothing outlives: after a restart the workers come back by themselves."""

    is_single_server = True

    def __init__(
        self,
        renew_leases: _RenewLeases,
        holds_tasks: Callable[[str, str, str], bool],
        renew_all_leases: Callable[[], Awaitable[None]],
        standstill: float,
        clock: Clock,
    ) -> None:
        self._renew_leases = renew_leases
        self._holds_tasks = holds_tasks
        self._renew_all_leases = renew_all_leases
        self._standstill = standstill
        self._clock = clock
        self._seen: float | None = None
        self._workers: dict[tuple[str, str], _Worker] = {}

    async def join(self, worker: WorkerRecord, *, named: bool) -> Joined | None:
        """Note that a worker listens from now on, and give its leases a new term."""
        known = self._workers.get(worker.place)
        if known is not None and known.record.agent_id != worker.agent_id:
            return None
        adopted = None if named else self._find_abandoned(worker)
        if adopted is not None:
            del self._workers[adopted.place]
        self._workers[worker.place] = _Worker(worker)
        adopt_from = None if adopted is None else adopted.id
        if not named and adopted is None:
            return Joined({})
        held = await self._renew_leases(
            worker.organization_id, worker.id, agent_id=worker.agent_id, adopt_from=adopt_from
        )
        return Joined(held, adopt_from)

    def _find_abandoned(self, newcomer: WorkerRecord) -> WorkerRecord | None:
        """Find the one cut-off worker that this one must be, if there is exactly one.

        Only a worker that spoke after its stream broke is alive; one that was killed did not, and
        its tasks must go to somebody else instead of being kept by a stranger.
        """
        candidates = [
            worker.record
            for worker in self._workers.values()
            if not worker.listening
            and worker.record.pool is None
            and worker.spoke_after_break
            and _origin(worker.record) == _origin(newcomer)
            and self._holds_tasks(*worker.record.place, worker.record.agent_id)
        ]
        return candidates[0] if len(candidates) == 1 else None

    async def leave(self, worker: WorkerRecord) -> None:
        """Note that the worker's stream has ended."""
        known = self._workers.get(worker.place)
        if known is None or known.record.stream != worker.stream:
            return
        if self._holds_tasks(*worker.place, worker.agent_id):
            known.listening = known.spoke_after_break = False
        else:
            del self._workers[worker.place]

    async def note_message(self, worker: WorkerRecord, *, busy: bool | None) -> ListenState:
        """Note that the worker said something."""
        known = self._workers.get(worker.place)
        if known is None:
            if not self._holds_tasks(*worker.place, worker.agent_id):
                return ListenState.UNKNOWN
            known = self._workers[worker.place] = _Worker(worker, listening=False)
        elif known.record.agent_id != worker.agent_id:
            return ListenState.UNKNOWN
        known.spoke_after_break = not known.listening
        known.leaving = known.leaving or worker.leaving
        return ListenState.LISTENING if known.listening else ListenState.NOWHERE

    async def is_listening(self, organization_id: str, worker_id: str) -> bool:
        """Tell whether the worker listens."""
        worker = self._workers.get((organization_id, worker_id))
        return worker is not None and worker.listening

    async def list_listening(self, organization_id: str) -> Set[tuple[str, str]]:
        """Return the agents and the ids of the workers that listen and are not about to leave."""
        return {
            (worker.record.agent_id, worker.record.id)
            for (organization, _), worker in self._workers.items()
            if organization == organization_id and worker.listening and not worker.leaving
        }

    async def find_gone(self, workers: Collection[tuple[str, str]]) -> Set[tuple[str, str]]:
        """Return those of these workers that were cut off and have not shown life since."""
        here = {
            place
            for place, each in self._workers.items()
            if each.listening or each.spoke_after_break or each.leaving
        }
        return set(workers) - here

    async def note_alive(self, streams: Sequence[str]) -> Mapping[tuple[str, str], WorkerRecord]:
        """Forget workers that are gone and hold nothing. After a while in which nobody was heard,
        leases get a new term. Returns nothing: nobody else knows of these workers.
        """
        now = self._clock()
        if self._seen is not None and now - self._seen > self._standstill:
            await self._renew_all_leases()
        self._seen = now
        for worker in [each for each in self._workers.values() if not each.listening]:
            if not self._holds_tasks(*worker.record.place, worker.record.agent_id):
                del self._workers[worker.record.place]
        return {}

    def note_pause(self) -> None:
        """Note that nobody could renew a lease for a while, although we did not stand still."""
        self._seen = -math.inf

    async def list_held(
        self, workers: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Mapping[str, Held]]:
        """Return nothing: nobody else gives these workers tasks, or takes them away."""
        return {}


def _origin(worker: WorkerRecord) -> tuple[str, str, str]:
    return worker.organization_id, worker.agent_id, worker.peer

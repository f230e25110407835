"""The workers that are known at this server, and which of them holds which task.

Nothing here outlives the process, and nothing has to: after a restart the workers come back, and
their leases are still in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence, Set
from typing import Any

import attrs

from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.dispatch.turns import WorkerTurns
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.base.hints import Subscription, agent_topic
from xpander_client.platform.stores.base.store import Store


@attrs.define(eq=False)
class _Group:
    """The workers of one agent, and the task that gives them work."""

    turns: WorkerTurns
    pump: asyncio.Task[None]


class Roster:
    """Knows the workers of a server, by their places and by the tasks that they hold.

    A session's `held` and the holder of each task are one fact, seen from both sides: they change
    by `hold`, `drop` and `forget` together.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._groups: dict[tuple[str, str], _Group] = {}
        self._sessions: dict[tuple[str, str], WorkerSession] = {}
        self._holders: dict[str, WorkerSession] = {}

    def list_sessions(self) -> Sequence[WorkerSession]:
        """Return the sessions of all workers."""
        return list(self._sessions.values())

    def list_pumps(self) -> Sequence[asyncio.Task[None]]:
        """Return the tasks that give work to agents' workers."""
        return [group.pump for group in self._groups.values()]

    def list_listening(self) -> Set[tuple[str, str, str]]:
        """Return the workers that listen here, each after its organization and its agent."""
        return {
            (session.organization_id, session.agent_id, session.id)
            for session in self._sessions.values()
            if session.listening
        }

    def find(self, organization_id: str, worker_id: str | None) -> WorkerSession | None:
        """Return the session of the worker of that id."""
        return self._sessions.get((organization_id, worker_id or ""))

    def find_holder(self, task_id: str) -> WorkerSession | None:
        """Return the session of the worker that holds a task."""
        return self._holders.get(task_id)

    def has(self, session: WorkerSession) -> bool:
        """Tell whether a session is still its worker's: a later one takes its place."""
        return self._sessions.get(session.place) is session

    def join(
        self,
        session: WorkerSession,
        serve: Callable[[str, str, WorkerTurns], Coroutine[Any, Any, None]],
    ) -> None:
        """Take in a worker that listens, with what it holds.

        `serve` gives work to the workers of an agent: it begins with the first of them, and is
        cancelled after the last.
        """
        organization_id, agent_id = session.organization_id, session.agent_id
        group = self._groups.get((organization_id, agent_id))
        if group is None:

            def watch(pin: str | None, heard: Callable[[], None]) -> Subscription:
                topic = agent_topic(organization_id, agent_id, pin)
                return self._store.watch(topic, heard=heard)

            turns = WorkerTurns(watch, self._settings.worker_silence)
            pump = asyncio.create_task(serve(organization_id, agent_id, turns))
            group = self._groups[organization_id, agent_id] = _Group(turns, pump)
        self.add(session)
        group.turns.join(session)

    def add(self, session: WorkerSession) -> None:
        """Take in a worker with what it holds. It has no turn: it does not listen here."""
        self._sessions[session.place] = session
        for task_id in session.held:
            self._holders[task_id] = session

    def wake(self, session: WorkerSession) -> None:
        """Give a worker its turn, which may be ready for a task again."""
        group = self._groups.get((session.organization_id, session.agent_id))
        if group is not None:
            group.turns.stand(session, self._clock())

    def hold(self, session: WorkerSession, task_id: str, attempt: int) -> None:
        """Take note that a worker holds a task."""
        session.held[task_id] = attempt
        self._holders[task_id] = session

    def note_begun(self, session: WorkerSession, task_id: str) -> None:
        """Take note that a worker has begun what it was offered, and may be ready for more."""
        offered_at = session.unacknowledged.pop(task_id, None)
        if offered_at is not None:
            self._metrics.offer_to_start.observe(max(0.0, self._clock() - offered_at))
            self.wake(session)

    def drop(self, session: WorkerSession, task_id: str) -> None:
        """Take a task from a worker, which may be ready for another."""
        session.drop(task_id)
        if self._holders.get(task_id) is session:
            del self._holders[task_id]
        self.wake(session)

    def forget(self, session: WorkerSession) -> None:
        """Let go of a worker and of what it holds; of its agent, if it was the last one."""
        for task_id in list(session.held):
            self.drop(session, task_id)
        if self._sessions.get(session.place) is session:
            del self._sessions[session.place]
            key = (session.organization_id, session.agent_id)
            group = self._groups.get(key)
            if group is not None:
                group.turns.part(session)
                if not group.turns.sessions:
                    del self._groups[key]
                    group.pump.cancel()

    def forget_gone(self) -> None:
        """Let go of workers that neither listen nor hold anything."""
        sessions = self._sessions.values()
        for session in [each for each in sessions if not each.listening and not each.held]:
            self.forget(session)

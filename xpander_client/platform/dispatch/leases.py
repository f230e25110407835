"""Leases of workers: renewed while they show life, and ended when they are lost."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from xpander_client.platform.dispatch.frames import task_stop
from xpander_client.platform.dispatch.roster import Roster
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.stores.base.store import Store

_logger = logging.getLogger(__name__)


class Leases:
    """Renews leases in the store, and tells workers of the tasks that they lost."""

    def __init__(
        self, store: Store, settings: Settings, clock: Clock, metrics: Metrics, roster: Roster
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._roster = roster

    async def note_alive(self, session: WorkerSession, now: float) -> None:
        """Take note that a worker is alive, and renew its leases if it is time to."""
        silent = now - session.heard_at > self._settings.worker_silence
        session.heard_at = now
        if session.held and now - session.renewed_at >= self._settings.renewal:
            session.renewed_at, before = now, session.renewed_at
            try:
                await self._renew(session)
            except HttpError:
                session.renewed_at = before  # the next sign of life tries again
                raise
        if silent:
            self._roster.wake(session)

    async def _renew(self, session: WorkerSession) -> None:
        """Renew the leases, and tell the worker of tasks that went from it unseen."""
        believed = dict(session.held)
        held = await self._store.renew(
            session.organization_id, session.id, agent_id=session.agent_id
        )
        await self.let_go(
            session,
            {task: attempt for task, attempt in believed.items() if held.get(task) != attempt},
        )

    async def readopt(self, session: WorkerSession) -> WorkerSession | None:
        """Take a worker that holds something for one on its way back; None if it holds nothing."""
        held = await self._store.renew(
            session.organization_id, session.id, agent_id=session.agent_id
        )
        if not held:
            return None
        session.held = dict(held)
        session.renewed_at = self._clock()
        self._roster.add(session)
        return session

    async def let_go(self, session: WorkerSession, gone: Mapping[str, int]) -> None:
        """Let go of attempts that are over, or somebody else's. The worker is told, if it can't
        know.
        """
        for task_id, attempt in gone.items():
            if session.held.get(task_id) != attempt:
                continue
            self._roster.drop(session, task_id)
            try:
                record = await self._store.get(session.organization_id, task_id, whole=False)
                ended = record.finished and record.status != "stopped"
            except HttpError as error:
                ended = error.status != 404  # one that was deleted is nobody's to work on
            if not ended:
                session.send(task_stop(task_id, attempt))

    async def take_back(self, until: float) -> bool:
        """Take tasks from workers that were lost by a moment. Returns whether there are more."""
        swept = await self._store.sweep(until)
        for before in (*swept.requeued, *swept.exhausted):
            if not before.offered:
                self._metrics.leases_lost.inc()
            self._note_lost(before)
        return swept.more

    def _note_lost(self, before: TaskRecord) -> None:
        session = self._roster.find_holder(before.id)
        if session is None or session.held.get(before.id) != before.attempt:
            return
        self._roster.drop(session, before.id)
        session.send(task_stop(before.id, before.attempt))
        _logger.warning(
            "worker %s lost task %s in attempt %s", session.id, before.id, before.attempt
        )
        self._roster.wake(session)

"""Other servers on the same store: what they did to the tasks of this one's workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xpander_client.platform.dispatch.leases import Leases
from xpander_client.platform.dispatch.offers import Offers
from xpander_client.platform.dispatch.roster import Roster
from xpander_client.platform.dispatch.sessions import WorkerSession, log_failures
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import Held
from xpander_client.platform.stores.base.hints import RARELY, worker_topic
from xpander_client.platform.stores.base.store import Store


class OtherServers:
    """Keeps the sessions of this server's workers as the store has them."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        roster: Roster,
        leases: Leases,
        offers: Offers,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._roster = roster
        self._leases = leases
        self._offers = offers
        self._pulses = 0

    async def beat(self) -> None:
        """Show the other servers that this one is alive, and see what they know of its workers."""
        presence = self._store.presence
        if presence.is_single_server:
            await presence.note_alive(())
            return
        sessions = self._roster.list_sessions()
        known = await presence.note_alive([each.stream for each in sessions if each.listening])
        for session in sessions:
            record = known.get((session.organization_id, session.id))
            if not session.listening:
                if record is not None and record.stream == session.stream:
                    await presence.leave(record)  # the first time it may have failed
            elif record is None or record.stream != session.stream:
                # It listens at another server now, which has its tasks.
                session.held.clear()
                session.close()
                self._roster.forget(session)
            else:
                if session.busy != record.busy:
                    session.busy = record.busy
                    self._roster.wake(session)
                session.leaving = session.leaving or record.leaving
                if record.heard_at != session.heard_elsewhere:
                    session.heard_elsewhere = record.heard_at
                    with log_failures(session):
                        await self._leases.note_alive(session, self._clock())
        # Of what is changed for the others there are hints, which may have been lost.
        self._pulses += 1
        everybody = self._pulses % RARELY == 0 or not self._store.hears
        await self.reconcile(
            [each for each in sessions if each.held or (everybody and each.listening)]
        )

    async def watch(self, session: WorkerSession) -> None:
        """Look at once when another server has changed something for the worker."""
        topic = worker_topic(session.organization_id, session.id)
        with self._store.watch(topic) as watch:
            while self._roster.has(session):
                if await watch.wait(self._settings.worker_silence):
                    with log_failures(session):  # the next round looks again
                        await self.reconcile([session])

    async def reconcile(self, sessions: Sequence[WorkerSession]) -> None:
        """See what other servers did to the tasks of these workers."""
        believed = {session.place: dict(session.held) for session in sessions}
        places = list(believed)
        held = await self._store.presence.list_held(places) if places else {}
        for session, place in zip(sessions, places, strict=True):
            if not self._roster.has(session):
                continue
            there, gone = held[place], believed[place]
            with log_failures(session):
                await self._agree(session, there, gone)

    async def _agree(
        self, session: WorkerSession, held: Mapping[str, Held], gone: dict[str, int]
    ) -> None:
        """Make a worker's session what the store says; `gone` is what it held before."""
        unacknowledged = len(session.unacknowledged)
        unheard: list[str] = []
        for task_id, now in held.items():
            if gone.get(task_id) == now.attempt:
                del gone[task_id]
            elif task_id not in session.held:
                self._roster.hold(session, task_id, now.attempt)
                unheard.append(task_id)
            session.note_status(task_id, now.status)
            if now.begun:
                self._roster.note_begun(session, task_id)
        await self._leases.let_go(session, gone)
        for task_id, now in held.items():
            if now.last_notified > session.notified.get(task_id, 0):
                # It was told that at another server.
                session.fall_behind(task_id, now.last_notified)
        if session.begins and unheard:
            # Another server gave it these when it had just come here.
            await self._offers.send_again(session, unheard)
        if len(session.unacknowledged) < unacknowledged:
            self._roster.wake(session)

"""The dispatcher: who listens, what workers say about themselves, and what changes for them.

The store knows which worker holds which task and until when; this room knows which of them are
listening.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Coroutine, Mapping, Set
from typing import Any

import attrs

from xpander_client.platform.dispatch.frames import task_stop
from xpander_client.platform.dispatch.leases import Leases
from xpander_client.platform.dispatch.notifications import Notifications
from xpander_client.platform.dispatch.offers import Offers
from xpander_client.platform.dispatch.other_servers import OtherServers
from xpander_client.platform.dispatch.roster import Roster
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import ListenState, TaskRecord
from xpander_client.platform.stores.base.store import Store

_MOST_SLOTS = 64
"""What a worker that says it has more is taken to have: so much may be lost with it at once."""

_logger = logging.getLogger(__name__)


class Dispatch:
    """Hands tasks to workers, as many to each as it has room for, and takes them from lost ones."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._roster = Roster(store, settings, clock, metrics)
        self.offers = Offers(store, settings, clock, self._roster)
        self.leases = Leases(store, settings, clock, metrics, self._roster)
        self.notifications = Notifications(store, settings, self._roster)
        self.other_servers = OtherServers(
            store, settings, clock, self._roster, self.leases, self.offers
        )
        self._passed_on: dict[tuple[str, str, str], float] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to look for leases that ran out."""
        self._sweeper = asyncio.create_task(self._sweep(), name="sweeper")

    def end_streams(self) -> None:
        """End the streams of all workers, in order."""
        for session in self._roster.list_sessions():
            session.close()

    async def close(self) -> None:
        """Stop giving out work."""
        tasks = [*self._roster.list_pumps(), *self._tasks]
        if self._sweeper is not None:
            tasks.append(self._sweeper)
        self.end_streams()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def listening(self) -> Set[tuple[str, str, str]]:
        """Return the workers that listen here, each after its organization and its agent."""
        return self._roster.list_listening()

    # The worker channel --------------------------------------------------------------------------

    async def register(
        self,
        organization_id: str,
        agent_id: str,
        *,
        environment: str | None,
        peer: str,
        worker_id: str | None,
        pool: str | None = None,
        slots: int = 1,
        begins: bool = False,
    ) -> WorkerSession:
        """Register a worker that listens. It keeps the id that it had, if it names one that can be
        its own: that of another agent's worker stays that worker's, and this one gets another.

        A worker that names none, but comes from where another such worker was cut off that went on
        showing life, is that worker: it takes over the leases.
        """
        now = self._clock()
        earlier = self._roster.find(organization_id, worker_id)
        is_anothers = earlier is not None and earlier.agent_id != agent_id
        session = WorkerSession(
            id=worker_id or str(uuid.uuid4()),
            organization_id=organization_id,
            agent_id=agent_id,
            environment=environment,
            # One that says who it is is not known by where it comes from.
            peer="" if worker_id else peer,
            registered_at=now,
            heard_at=now,
            renewed_at=now,
            pool=pool,
            slots=min(slots, _MOST_SLOTS),
            begins=begins,
        )
        if earlier is not None and not is_anothers:
            earlier.close()
            session.held, session.unacknowledged = earlier.held, earlier.unacknowledged
            session.running, session.heard_of = earlier.running, earlier.heard_of
        joined = None
        if not is_anothers:
            joined = await self._store.presence.join(session.record(), named=worker_id is not None)
        if joined is None:
            session.id, session.refused_id = str(uuid.uuid4()), session.id
            _logger.warning(
                "worker %s of agent %s is called %s: another agent has a worker of that name",
                session.refused_id,
                agent_id,
                session.id,
            )
            joined = await self._store.presence.join(session.record(), named=True)
            assert joined is not None, "a new name is nobody's"
        abandoned = self._roster.find(organization_id, joined.adopted_from)
        if abandoned is not None:
            self._roster.forget(abandoned)
        session.held = dict(joined.held)
        for task_id in session.unacknowledged.keys() - session.held.keys():
            del session.unacknowledged[task_id]
        session.heard_of &= session.held.keys()
        unheard = [task_id for task_id in session.held if task_id not in session.heard_of]
        session.running = (session.running & session.held.keys()) | set(unheard)
        self._roster.join(session, self.offers.serve)
        if begins and unheard:
            self._later(self.offers.send_again(session, unheard))
        if not self._store.presence.is_single_server:
            self._later(self.other_servers.watch(session))
        for task_id in session.held:
            # What it was told while it was away, perhaps once more.
            session.fall_behind(task_id)
        self._roster.wake(session)
        return session

    def leave(self, session: WorkerSession) -> None:
        """Take note that a worker's stream has ended. Its leases go on until they run out or are
        renewed.
        """
        session.close()
        if self._roster.has(session) and not session.held:
            self._roster.forget(session)
        self._passed_on.pop((*session.place, session.agent_id), None)
        session.parting = self._later(self._store.presence.leave(session.record()))

    async def on_worker_message(
        self, organization_id: str, agent_id: str, worker_id: str, event: str, data: Any, peer: str
    ) -> None:
        """Take in what a worker says about itself, which may listen at another server.

        There are five outcomes, by where the worker listens:

        - here: its state changes, and its leases are renewed;
        - at another server, as the store says: that server is told, and whatever this one held of
          it is forgotten;
        - nowhere, and this server knows it: as if it listened here, because it is on its way back;
        - nowhere, and this server does not know it, but it says that it is alive and holds tasks:
          it may be one from before a restart, so it is taken in again and its leases are renewed;
        - nowhere, with anything else to say: it has to listen first (404).

        A sign of life of a worker without a stream here is passed on every `pass_on` seconds, not
        each time: others need it only before the leases run out.
        """
        now = self._clock()
        is_beat, leaving = event == "worker-heartbeat", event == "worker-finished"
        busy: bool | None = None
        if event == "worker-capacity-update":
            busy = bool(isinstance(data, Mapping) and data.get("is_busy"))
        session = self._roster.find(organization_id, worker_id)
        unknown = HttpError(404, f"there is no worker {worker_id}; it has to listen first")
        if session is not None and session.agent_id != agent_id:
            raise unknown
        if session is None or not session.listening:
            place = organization_id, worker_id, agent_id
            if not is_beat or now - self._passed_on.get(place, 0.0) >= self._settings.pass_on:
                self._passed_on[place] = now
                silent = session or self._make_detached_session(
                    organization_id, agent_id, worker_id, peer
                )
                if silent.parting is not None:
                    await asyncio.wait([silent.parting])  # what was first is told first
                message = attrs.evolve(silent.record(), leaving=leaving)
                where = await self._store.presence.note_message(message, busy=busy)
                if where is ListenState.LISTENING:
                    if session is not None:
                        self._roster.forget(session)
                    return
                if session is None:
                    session = await self.leases.readopt(silent) if is_beat else None
                    if session is None:
                        self._passed_on.pop(place, None)
                        raise unknown
            elif session is None:
                return
        elif busy is not None or leaving:
            message = attrs.evolve(session.record(), leaving=leaving)
            await self._store.presence.note_message(message, busy=busy)
        if busy is not None:
            session.busy = busy
            self._roster.wake(session)
            running = data.get("running") if isinstance(data, Mapping) else None
            if session.begins and isinstance(running, list):
                taken_up = {each for each in running if isinstance(each, str)}
                self._later(self.offers.give_back(session, session.running - taken_up))
        if leaving:
            session.leaving = True
            session.close()
            if session.begins:
                self._later(self.offers.give_back(session, session.running))
        await self.leases.note_alive(session, now)

    def _make_detached_session(
        self, organization_id: str, agent_id: str, worker_id: str, peer: str
    ) -> WorkerSession:
        """Make a session for a worker without a stream here."""
        now = self._clock()
        return WorkerSession(
            id=worker_id,
            organization_id=organization_id,
            agent_id=agent_id,
            environment=None,
            peer=peer,
            registered_at=now,
            heard_at=now,
            renewed_at=0.0,
            listening=False,
        )

    def on_task_created(self, record: TaskRecord) -> None:
        """Take note of a created task that may be a worker's from the beginning."""
        session = self._roster.find(record.organization_id, record.worker_id)
        if session is not None and session.agent_id == record.agent_id:
            self._roster.hold(session, record.id, record.attempt)

    def is_held(self, task_id: str) -> bool:
        """Tell whether a task is in the hands of a worker that is known here."""
        return self._roster.find_holder(task_id) is not None

    def on_task_written(self, record: TaskRecord, writer: int | None = None) -> None:
        """See what a written task means for the worker that has it.

        `writer` is the attempt that wrote, None for a user. A worker whose task was taken away by
        somebody else is told to stop.
        """
        session = self._roster.find_holder(record.id)
        if session is None:
            return
        attempt = session.held.get(record.id)
        if record.worker_id == session.id and record.attempt == attempt:
            if record.status == "pending":
                return
            session.note_status(record.id, record.status)
            if writer == attempt:
                session.heard_of.add(record.id)
            self._roster.note_begun(session, record.id)
        else:
            self._roster.drop(session, record.id)
            if attempt is not None and attempt != writer:
                session.send(task_stop(record.id, attempt))
        self._roster.wake(session)

    def on_room(self, session: WorkerSession) -> None:
        """Offer more to a worker that was sent some of what it was to be sent."""
        self._roster.wake(session)

    async def notify_holder(
        self, record: TaskRecord, seq: int, notification: Mapping[str, Any]
    ) -> bool:
        """Pass on what a task was told. Returns whether the worker that has it is listening."""
        return await self.notifications.notify_holder(record, seq, notification)

    async def catch_up(self, session: WorkerSession) -> None:
        """Tell a worker what its tasks were told, until there is something to be sent."""
        await self.notifications.catch_up(session)

    # Taking it back ------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        more = False
        while True:
            if not more:
                await asyncio.sleep(self._settings.sweep_interval)
            more = False
            try:
                begun = self._store.now()
                await self.offers.extend()
                await self.other_servers.beat()
                more = await self.leases.take_back(begun)
            except HttpError as error:
                _logger.warning("no leases were checked: %s", error.detail)
                continue
            except Exception:
                _logger.exception("no leases were checked")
                continue
            self._roster.forget_gone()
            long_ago = self._clock() - self._settings.worker_silence
            for place, moment in list(self._passed_on.items()):
                if moment < long_ago:
                    del self._passed_on[place]

    def _later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have something done that nobody waits for."""

        async def on_done() -> None:
            with contextlib.suppress(HttpError):
                await work

        task = asyncio.create_task(on_done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # it may have been given up unbegun
        return task

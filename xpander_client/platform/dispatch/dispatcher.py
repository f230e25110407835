"""Who works: the workers that listen, what they were given, and what they lost.

The store knows which worker holds which task and until when; this room knows which of them are
listening. Nothing here outlives the process, and nothing has to: after a restart the workers come
back, and their leases are still in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence, Set
from typing import Any

import attrs
import orjson

from xpander_client.core.sse import encode_event
from xpander_client.platform.dispatch.sessions import WorkerSession, task_notice, task_stop
from xpander_client.platform.dispatch.turns import Turns
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import (
    NOTIFICATION,
    Held,
    ListenState,
    TaskRecord,
)
from xpander_client.platform.stores.base.hints import (
    RARELY,
    Subscription,
    agent_topic,
    patience,
    worker_topic,
)
from xpander_client.platform.stores.base.store import Store

_MOST_SLOTS = 64
"""What a worker that says it has more is taken to have: so much may be lost with it at once."""

_logger = logging.getLogger(__name__)


@attrs.define(eq=False)
class _Group:
    """The workers of one agent, and the task that gives them work."""

    turns: Turns
    pump: asyncio.Task[None] | None = None


@contextlib.contextmanager
def _log_failures(session: WorkerSession) -> Iterator[None]:
    """Let what goes wrong for one worker harm no other. It is tried again at the next look."""
    try:
        yield
    except HttpError as refusal:
        _logger.debug("worker %s: %s", session.id, refusal)
    except Exception:
        _logger.exception("worker %s was not told everything", session.id)


class Dispatch:
    """Hands tasks to workers, as many to each as it has room for, and takes them from lost ones."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._groups: dict[tuple[str, str], _Group] = {}
        self._sessions: dict[tuple[str, str], WorkerSession] = {}
        self._holders: dict[str, WorkerSession] = {}
        self._passed_on: dict[tuple[str, str, str], float] = {}
        self._pulses = 0
        self._sweeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to look for leases that ran out."""
        self._sweeper = asyncio.create_task(self._sweep(), name="sweeper")

    def end_streams(self) -> None:
        """End the streams of all workers, in order."""
        for session in self._sessions.values():
            session.close()

    async def close(self) -> None:
        """Stop giving out work."""
        tasks = [group.pump for group in self._groups.values() if group.pump is not None]
        tasks += self._tasks
        if self._sweeper is not None:
            tasks.append(self._sweeper)
        self.end_streams()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def listening(self) -> Set[tuple[str, str, str]]:
        """Return the workers that listen here, each after its organization and its agent."""
        return {
            (session.organization_id, session.agent_id, session.id)
            for session in self._sessions.values()
            if session.listening
        }

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
    ) -> WorkerSession:
        """Register a worker that listens. It keeps the id that it had, if it names one that can be
        its own: that of another agent's worker stays that worker's, and this one gets another.

        A worker that names none, but comes from where another such worker was cut off that went on
        showing life, is that worker: it takes over the leases.
        """
        now = self._clock()
        earlier = self._sessions.get((organization_id, worker_id)) if worker_id else None
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
        )
        if earlier is not None and not is_anothers:
            earlier.close()
            session.held, session.unacknowledged = earlier.held, earlier.unacknowledged
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
        abandoned = self._sessions.get((organization_id, joined.adopted_from or ""))
        if abandoned is not None:
            self._forget(abandoned)
        session.held = dict(joined.held)
        for task_id in session.unacknowledged.keys() - session.held.keys():
            del session.unacknowledged[task_id]
        group = self._group(organization_id, agent_id)
        self._sessions[session.place] = session
        group.turns.join(session)
        if not self._store.presence.is_single_server:
            self._later(self._watch_session(session))
        for task_id in session.held:
            self._holders[task_id] = session
        for task_id in session.held:
            # What it was told while it was away, perhaps once more.
            session.fall_behind(task_id)
        self._wake(session)
        return session

    def _group(self, organization_id: str, agent_id: str) -> _Group:
        group = self._groups.get((organization_id, agent_id))
        if group is None:

            def watch(pin: str | None, heard: Callable[[], None]) -> Subscription:
                topic = agent_topic(organization_id, agent_id, pin)
                return self._store.watch(topic, heard=heard)

            group = _Group(Turns(watch, self._settings.worker_silence))
            group.pump = asyncio.create_task(self._pump(organization_id, agent_id, group.turns))
            self._groups[organization_id, agent_id] = group
        return group

    def leave(self, session: WorkerSession) -> None:
        """Take note that a worker's stream has ended. Its leases go on until they run out or are
        renewed.
        """
        session.close()
        if self._sessions.get(session.place) is session and not session.held:
            self._forget(session)
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
        session = self._sessions.get((organization_id, worker_id))
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
                told = attrs.evolve(silent.record(), leaving=leaving)
                where = await self._store.presence.hear(told, busy=busy)
                if where is ListenState.LISTENING:
                    if session is not None:
                        self._forget(session)
                    return
                if session is None:
                    session = await self._readopt(silent) if is_beat else None
                    if session is None:
                        self._passed_on.pop(place, None)
                        raise unknown
            elif session is None:
                return
        elif busy is not None or leaving:
            told = attrs.evolve(session.record(), leaving=leaving)
            await self._store.presence.hear(told, busy=busy)
        if busy is not None:
            session.busy = busy
            self._wake(session)
        if leaving:
            session.leaving = True
            session.close()
        await self._on_alive(session, now)

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

    async def _readopt(self, session: WorkerSession) -> WorkerSession | None:
        """Take a worker that holds something for one on its way back; None if it holds nothing."""
        held = await self._store.renew(
            session.organization_id, session.id, agent_id=session.agent_id
        )
        if not held:
            return None
        session.held = dict(held)
        session.renewed_at = self._clock()
        self._sessions[session.place] = session
        for task_id in held:
            self._holders[task_id] = session
        return session

    async def _on_alive(self, session: WorkerSession, now: float) -> None:
        """Renew the leases of a worker, which is alive."""
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
            self._wake(session)

    def on_task_created(self, record: TaskRecord) -> None:
        """Take note of a created task that may be a worker's from the beginning."""
        session = self._sessions.get((record.organization_id, record.worker_id or ""))
        if session is not None and session.agent_id == record.agent_id:
            session.held[record.id] = record.attempt
            self._holders[record.id] = session

    def is_held(self, task_id: str) -> bool:
        """Whether a task is in the hands of a worker that is known here."""
        return task_id in self._holders

    async def notify_holder(self, record: TaskRecord, seq: int, told: Mapping[str, Any]) -> bool:
        """Pass on what a task was told; whether the worker that has it is listening."""
        session = self._holders.get(record.id)
        if session is not None and session.held.get(record.id) == record.attempt:
            if session.listening:
                if session.space > 0 and record.id not in session.behind:
                    session.told[record.id] = seq
                    session.send(task_notice(record, seq, told))
                else:
                    session.fall_behind(record.id, seq)
            return session.listening
        if record.worker_id is None:
            return False
        # The server that it listens at hears of it by the store.
        return await self._store.presence.is_listening(record.organization_id, record.worker_id)

    def on_task_written(self, record: TaskRecord, writer: int | None = None) -> None:
        """See what a written task means for the worker that has it.

        `writer` is the attempt that wrote, None for a user. A worker whose task was taken away by
        somebody else is told to stop.
        """
        session = self._holders.get(record.id)
        if session is None:
            return
        attempt = session.held.get(record.id)
        if record.worker_id == session.id and record.attempt == attempt:
            if record.status == "pending":
                return
            self._note_begun(session, record.id)
        else:
            self._drop(session, record.id)
            if attempt is not None and attempt != writer:
                session.send(task_stop(record.id, attempt))
        self._wake(session)

    # Giving work ---------------------------------------------------------------------------------

    async def _pump(self, organization_id: str, agent_id: str, turns: Turns) -> None:
        loop = asyncio.get_running_loop()
        look_again = loop.time() + self._patience()
        while True:
            if loop.time() >= look_again:
                turns.doubt()
                look_again = math.inf
            # Hints may have stopped to come through.
            look_again = min(look_again, loop.time() + self._patience())
            try:
                pause = await self._offer(organization_id, agent_id, turns)
            except Exception as error:
                if isinstance(error, HttpError):
                    _logger.warning("no work was given out for %s: %s", agent_id, error.detail)
                else:
                    # Whatever it was: an agent whose work is never given out again is worse.
                    _logger.exception("no work was given out for %s", agent_id)
                await asyncio.sleep(self._settings.poll_interval)
                look_again = loop.time()
                continue
            if pause:
                await turns.alarm.wait(max(0.0, min(pause, look_again - loop.time())))

    def _patience(self) -> float:
        return patience(self._settings.poll_interval, hears=self._store.hears)

    async def _offer(self, organization_id: str, agent_id: str, turns: Turns) -> float:
        """Offer tasks to the workers that are ready for some. Returns how long to wait for a hint
        before the next look.
        """
        now = self._clock()
        wanted = turns.list_wanted(now)
        queued = (
            await self._store.measure_queues(organization_id, agent_id, wanted) if wanted else {}
        )
        dealt = turns.deal(queued, now)
        if not dealt:
            for pin in queued:
                turns.count_left(pin)
            return math.inf
        try:
            records = await self._store.claim(
                organization_id,
                agent_id,
                [session.id for session in dealt],
                {session.id: session.pool for session in dealt if session.pool is not None},
            )
            now = self._clock()  # when the offers were made
            self._hand_out(records, turns, now)
        finally:
            for session in dict.fromkeys(dealt):
                turns.stand(session, now)
        given = Counter(record.pinned_to for record in records)
        for pin, tasks in queued.items():
            if given[pin] < len(tasks) or len(tasks) == wanted[pin]:
                turns.count_left(pin)
        for record in records:
            await self._send(record)
            holder = self._holders.get(record.id)
            if record.attempt > 1 and holder is not None:
                # What those who had it before were told.
                holder.fall_behind(record.id)
        # What waits, but could not be had, is in somebody else's hands this very moment.
        return 0.0 if records else self._settings.poll_interval

    def _hand_out(self, records: Sequence[TaskRecord], turns: Turns, now: float) -> None:
        for record in records:
            session = turns.sessions.get(record.worker_id or "")
            if session is None:
                continue  # it left meanwhile; its offer will run out
            turns.gave(session)
            session.held[record.id] = record.attempt
            session.unacknowledged[record.id] = now
            self._holders[record.id] = session

    async def _send(self, record: TaskRecord) -> None:
        """Bring a task to the worker that it was offered to."""
        if not record.whole:
            with contextlib.suppress(HttpError):  # the offer runs out
                record = await self._store.get(record.organization_id, record.id)
            await asyncio.sleep(0)  # it may be large
        session = self._holders.get(record.id)
        if session is not None and session.held.get(record.id) == record.attempt and record.whole:
            session.send(encode_event(record.json(), name="agent-execution"), record.id)

    def on_room(self, session: WorkerSession) -> None:
        """Offer more to a worker that was sent some of what it was to be sent."""
        self._wake(session)

    async def catch_up(self, session: WorkerSession) -> None:
        """Tell a worker what its tasks were told, until there is something to be sent."""
        for task_id in list(session.behind):
            await asyncio.sleep(0)  # there may be thousands
            if session.outbox:
                return  # that comes first
            known = session.behind.get(task_id)
            complete = True
            try:
                complete = await self._pass_notice(session, task_id)
            except HttpError as refusal:
                if refusal.status == 503:
                    await asyncio.sleep(self._settings.poll_interval)
                    return
            except Exception:
                _logger.exception("worker %s was not told everything", session.id)
            if complete and session.behind.get(task_id) == known:
                session.behind.pop(task_id, None)

    async def _pass_notice(self, session: WorkerSession, task_id: str) -> bool:
        """Tell a worker more of what its task was told; whether that is all there was."""
        record = await self._store.get(session.organization_id, task_id, whole=False)
        room = session.space
        after = session.told.get(task_id, 0)
        for event in await self._store.notifications(record, after=after, size=room):
            if session.held.get(task_id) != record.attempt:
                break
            room -= len(event.body)
            session.told[task_id] = event.seq
            told = orjson.loads(event.body)
            # Earlier releases let callers push events that are called as the store calls these.
            if told["type"] != NOTIFICATION:
                session.send(task_notice(record, event.seq, told["notification"]))
        return room > 0

    # Taking it back ------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        more = False
        while True:
            if not more:
                await asyncio.sleep(self._settings.sweep_interval)
            more = False
            try:
                begun = self._store.now()
                await self._extend_offers()
                await self._beat()
                more = await self._take_back(begun)
            except HttpError as refusal:
                _logger.warning("no leases were checked: %s", refusal.detail)
                continue
            except Exception:
                _logger.exception("no leases were checked")
                continue
            self._forget_the_gone()

    async def _take_back(self, until: float) -> bool:
        """Take tasks from workers that were lost by a moment; whether there are more."""
        swept = await self._store.sweep(until)
        for before in (*swept.requeued, *swept.exhausted):
            if not before.offered:
                self._metrics.leases_lost.inc()
            self._lose(before)
        return swept.more

    async def _extend_offers(self) -> None:
        """Let the time to begin count from when a task was brought to its worker: a large one may
        be on its way for long.
        """
        late = self._clock() - self._settings.offer_window / 10
        for session in list(self._sessions.values()):
            under_way = {
                task_id: session.held[task_id]
                for task_id in session.unsent
                if session.listening and session.unacknowledged.get(task_id, late) < late
            }
            if under_way:
                with _log_failures(session):
                    await self._store.extend_offers(session.organization_id, under_way)

    async def _beat(self) -> None:
        """Show the other servers that this one is alive, and see what they know of its workers."""
        sessions = list(self._sessions.values())
        presence = self._store.presence
        known = await presence.pulse([each.stream for each in sessions if each.listening])
        if presence.is_single_server:
            return
        for session in sessions:
            record = known.get((session.organization_id, session.id))
            if not session.listening:
                if record is not None and record.stream == session.stream:
                    await presence.leave(record)  # the first time it may have failed
            elif record is None or record.stream != session.stream:
                # It listens at another server now, which has its tasks.
                session.held.clear()
                session.close()
                self._forget(session)
            else:
                if session.busy != record.busy:
                    session.busy = record.busy
                    self._wake(session)
                session.leaving = session.leaving or record.leaving
                if record.heard_at != session.heard_elsewhere:
                    session.heard_elsewhere = record.heard_at
                    with _log_failures(session):
                        await self._on_alive(session, self._clock())
        # Of what is changed for the others there are hints, which may have been lost.
        self._pulses += 1
        everybody = self._pulses % RARELY == 0 or not self._store.hears
        await self._reconcile(
            [each for each in sessions if each.held or (everybody and each.listening)]
        )

    async def _watch_session(self, session: WorkerSession) -> None:
        """Look at once when another server has changed something for the worker."""
        topic = worker_topic(session.organization_id, session.id)
        with self._store.watch(topic) as watch:
            while self._sessions.get(session.place) is session:
                if await watch.wait(self._settings.worker_silence):
                    with _log_failures(session):  # the next pulse looks again
                        await self._reconcile([session])

    async def _reconcile(self, sessions: Sequence[WorkerSession]) -> None:
        """See what other servers did to the tasks of these workers."""
        believed = {session.place: dict(session.held) for session in sessions}
        places = list(believed)
        held = await self._store.presence.list_held(places) if places else {}
        for session, place in zip(sessions, places, strict=True):
            if self._sessions.get(session.place) is not session:
                continue
            there, gone = held[place], believed[place]
            with _log_failures(session):
                await self._agree(session, there, gone)

    async def _agree(
        self, session: WorkerSession, held: Mapping[str, Held], gone: dict[str, int]
    ) -> None:
        """Make a worker's session what the store says; `gone` is what it held before."""
        unacknowledged = len(session.unacknowledged)
        for task_id, now in held.items():
            if gone.get(task_id) == now.attempt:
                del gone[task_id]
            elif task_id not in session.held:
                session.held[task_id] = now.attempt
                self._holders[task_id] = session
            if now.begun:
                self._note_begun(session, task_id)
        await self._let_go(session, gone)
        for task_id, now in held.items():
            if now.told > session.told.get(task_id, 0):
                session.fall_behind(task_id, now.told)  # it was told that at another server
        if len(session.unacknowledged) < unacknowledged:
            self._wake(session)

    def _lose(self, before: TaskRecord) -> None:
        session = self._holders.get(before.id)
        if session is None or session.held.get(before.id) != before.attempt:
            return
        self._drop(session, before.id)
        session.send(task_stop(before.id, before.attempt))
        _logger.warning(
            "worker %s lost task %s in attempt %s", session.id, before.id, before.attempt
        )
        self._wake(session)

    async def _renew(self, session: WorkerSession) -> None:
        """Renew the leases, and tell the worker of tasks that went from it unseen."""
        believed = dict(session.held)
        held = await self._store.renew(
            session.organization_id, session.id, agent_id=session.agent_id
        )
        await self._let_go(
            session,
            {task: attempt for task, attempt in believed.items() if held.get(task) != attempt},
        )

    async def _let_go(self, session: WorkerSession, gone: Mapping[str, int]) -> None:
        """Let go of attempts that are over, or somebody else's. The worker is told, if it can't
        know.
        """
        for task_id, attempt in gone.items():
            if session.held.get(task_id) != attempt:
                continue
            self._drop(session, task_id)
            try:
                record = await self._store.get(session.organization_id, task_id, whole=False)
                ended = record.finished and record.status != "stopped"
            except HttpError as refusal:
                ended = refusal.status != 404  # one that was deleted is nobody's to work on
            if not ended:
                session.send(task_stop(task_id, attempt))

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

    def _note_begun(self, session: WorkerSession, task_id: str) -> None:
        offered_at = session.unacknowledged.pop(task_id, None)
        if offered_at is not None:
            self._metrics.offer_to_start.observe(max(0.0, self._clock() - offered_at))
            self._wake(session)

    def _wake(self, session: WorkerSession) -> None:
        """Give a worker its turn, which may be ready for a task again."""
        group = self._groups.get((session.organization_id, session.agent_id))
        if group is not None:
            group.turns.stand(session, self._clock())

    def _drop(self, session: WorkerSession, task_id: str) -> None:
        session.held.pop(task_id, None)
        session.told.pop(task_id, None)
        session.behind.pop(task_id, None)
        session.unsent.discard(task_id)
        session.unacknowledged.pop(task_id, None)
        if self._holders.get(task_id) is session:
            del self._holders[task_id]
        self._wake(session)

    def _forget(self, session: WorkerSession) -> None:
        for task_id in list(session.held):
            self._drop(session, task_id)
        if self._sessions.get(session.place) is session:
            del self._sessions[session.place]
            key = (session.organization_id, session.agent_id)
            group = self._groups.get(key)
            if group is not None:
                group.turns.part(session)
                if not group.turns.sessions:
                    del self._groups[key]
                    if group.pump is not None:
                        group.pump.cancel()

    def _forget_the_gone(self) -> None:
        """Let go of workers that neither listen nor hold anything."""
        for session in list(self._sessions.values()):
            if not session.listening and not session.held:
                self._forget(session)
        long_ago = self._clock() - self._settings.worker_silence
        for place, moment in list(self._passed_on.items()):
            if moment < long_ago:
                del self._passed_on[place]

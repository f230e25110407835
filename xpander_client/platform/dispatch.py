"""Who works: the workers that listen, what they were given, and what they lost.

The store knows which worker holds which task and until when; this room knows which of them are
listening. Nothing here outlives the process, and nothing has to: after a restart the workers come
back, and their leases are still in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import Mapping
from typing import Any

import attrs
import orjson

from . import frames
from .clock import Clock, timestamp
from .refusal import Refusal
from .settings import Settings
from .stores.hints import Alarm, Watch
from .stores.records import TERMINAL, TaskRecord
from .stores.store import Store, agent_topic

__all__ = ["Dispatch", "WorkerSession", "registration"]

logger = logging.getLogger(__name__)


@attrs.define(eq=False, kw_only=True)
class WorkerSession:
    """A worker, from its registration until its last lease is over.

    `held` are the attempts that it was given, by task; `unacknowledged` those among them that it
    has not begun. `outbox` is what its stream has still to send. One of a `pool` is given nothing
    that is not for the pool, or for itself alone.
    """

    id: str
    organization_id: str
    agent_id: str
    environment: str | None
    peer: str
    registered_at: float
    heard_at: float
    renewed_at: float
    pool: str | None = None
    listening: bool = True
    busy: bool = False
    leaving: bool = False
    spoke_after_break: bool = False
    offered_at: float = 0.0
    held: dict[str, int] = attrs.field(factory=dict)
    unacknowledged: set[str] = attrs.field(factory=set)
    outbox: deque[bytes] = attrs.field(factory=deque)
    alarm: Alarm = attrs.field(factory=Alarm)

    def send(self, frame: bytes) -> None:
        """Queue a frame for the worker's stream."""
        self.outbox.append(frame)
        self.alarm.ring()

    def close(self) -> None:
        """End the worker's stream."""
        self.listening = False
        self.alarm.ring()


@attrs.define(eq=False)
class _Group:
    """The workers of one agent, and the task that gives them work."""

    sessions: dict[str, WorkerSession] = attrs.field(factory=dict)
    watch: Watch | None = None
    pump: asyncio.Task[None] | None = None

    def wake(self) -> None:
        if self.watch is not None:
            self.watch.ring()


class Dispatch:
    """Hands tasks to workers, one unbegun task to each at a time, and takes them from lost ones."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._groups: dict[tuple[str, str], _Group] = {}
        self._sessions: dict[str, WorkerSession] = {}
        self._holders: dict[str, WorkerSession] = {}
        self._sweeper: asyncio.Task[None] | None = None

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
        if self._sweeper is not None:
            tasks.append(self._sweeper)
        self.end_streams()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
    ) -> WorkerSession:
        """A worker listens. It keeps the id that it had, if it names one that can be its own.

        A worker that names none, but comes from where a worker was cut off that went on showing
        life, is that worker: it takes over the leases.
        """
        now = self._clock()
        earlier = self._sessions.get(worker_id) if worker_id else None
        if earlier is not None and (earlier.organization_id, earlier.agent_id) != (
            organization_id,
            agent_id,
        ):
            earlier, worker_id = None, None
        session = WorkerSession(
            id=worker_id or str(uuid.uuid4()),
            organization_id=organization_id,
            agent_id=agent_id,
            environment=environment,
            peer=peer,
            registered_at=now,
            heard_at=now,
            renewed_at=now,
            pool=pool,
        )
        adopt_from: str | None = None
        if earlier is not None:
            earlier.close()
            session.held, session.unacknowledged = earlier.held, earlier.unacknowledged
        elif worker_id is None:
            abandoned = self._abandoned(session)
            if abandoned is not None:
                adopt_from = abandoned.id
                self._forget(abandoned)
        group = self._groups.setdefault((organization_id, agent_id), _Group())
        self._sessions[session.id] = session
        group.sessions[session.id] = session
        if worker_id is not None or adopt_from is not None:
            held = await self._store.renew(organization_id, session.id, adopt_from=adopt_from)
            session.held = dict(held)
            session.unacknowledged = {each for each in session.unacknowledged if each in held}
        for task_id in session.held:
            self._holders[task_id] = session
        await self._tell_again(session)
        if group.pump is None:
            group.pump = asyncio.create_task(self._pump(organization_id, agent_id, group))
        group.wake()
        return session

    def leave(self, session: WorkerSession) -> None:
        """The worker's stream has ended. Its leases go on until they run out or are renewed."""
        session.close()
        if self._sessions.get(session.id) is session and not session.held:
            self._forget(session)

    async def hear(
        self, organization_id: str, agent_id: str, worker_id: str, event: str, data: Any, peer: str
    ) -> None:
        """Something a worker says about itself. A worker that we don't know may be one that was
        here before a restart: it is believed, and its leases are renewed.
        """
        now = self._clock()
        session = self._sessions.get(worker_id)
        if session is None:
            unknown = Refusal(404, f"there is no worker {worker_id}; it has to listen first")
            if event != "worker-heartbeat":
                raise unknown
            session = WorkerSession(
                id=worker_id,
                organization_id=organization_id,
                agent_id=agent_id,
                environment=None,
                peer=peer,
                registered_at=now,
                heard_at=now,
                renewed_at=0.0,
                listening=False,
                spoke_after_break=True,
            )
            session.held = dict(await self._store.renew(organization_id, worker_id))
            session.renewed_at = now
            if not session.held:
                raise unknown
            self._sessions[worker_id] = session
            for task_id in session.held:
                self._holders[task_id] = session
            return
        if session.organization_id != organization_id:
            raise Refusal(404, f"there is no worker {worker_id}")
        silent = now - session.heard_at > self._settings.worker_silence
        session.heard_at = now
        session.spoke_after_break = session.spoke_after_break or not session.listening
        if event == "worker-capacity-update":
            session.busy = bool(isinstance(data, Mapping) and data.get("is_busy"))
        elif event == "worker-finished":
            session.leaving = True
            session.close()
        if session.held and now - session.renewed_at >= self._settings.renewal:
            session.renewed_at = now
            await self._renew(session)
        if silent or event == "worker-capacity-update":
            self._wake(session)

    def begun_with(self, record: TaskRecord) -> None:
        """A task was created that may be a worker's from the beginning."""
        session = self._sessions.get(record.worker_id or "")
        if session is not None and session.organization_id == record.organization_id:
            session.held[record.id] = record.attempt
            self._holders[record.id] = session

    def tell(self, record: TaskRecord, seq: int, told: Mapping[str, Any]) -> bool:
        """Pass on what a task was told; whether the worker that has it is listening."""
        session = self._holders.get(record.id)
        if session is None or session.held.get(record.id) != record.attempt:
            return False
        if session.listening:
            session.send(_task_notice(record, seq, told))
        return session.listening

    def observe(self, record: TaskRecord, writer: int | None = None) -> None:
        """A task was written: see what that means for the worker that has it.

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
            session.unacknowledged.discard(record.id)
        else:
            self._drop(session, record.id)
            if attempt is not None and attempt != writer:
                session.send(_task_stop(record.id, attempt))
        self._wake(session)

    # Giving work ---------------------------------------------------------------------------------

    async def _pump(self, organization_id: str, agent_id: str, group: _Group) -> None:
        topic = agent_topic(organization_id, agent_id)
        with self._store.watch(topic) as watch:
            group.watch = watch
            while True:
                try:
                    offered = await self._offer(organization_id, agent_id, group)
                except Exception:
                    # Whatever it was: an agent whose work is never given out again is worse.
                    logger.exception("no work was given out for %s", agent_id)
                    await asyncio.sleep(self._settings.poll_interval)
                    offered = False
                if not offered:
                    await watch.wait(self._settings.poll_interval)

    async def _offer(self, organization_id: str, agent_id: str, group: _Group) -> bool:
        """Offer a task to each worker that is ready for one; False when there is nothing to do."""
        now = self._clock()
        ready = [
            session
            for session in group.sessions.values()
            if session.listening
            and not session.busy
            and not session.leaving
            and not session.unacknowledged
            and now - session.heard_at <= self._settings.worker_silence
        ]
        if not ready:
            return False
        # Whoever waited longest comes first, so that a worker that begins nothing blocks nobody.
        ready.sort(key=lambda session: session.offered_at)
        records = await self._store.claim(
            organization_id,
            agent_id,
            [session.id for session in ready],
            {session.id: session.pool for session in ready if session.pool is not None},
        )
        for record in records:
            assert record.worker_id is not None
            session = self._sessions[record.worker_id]
            session.offered_at = now
            session.held[record.id] = record.attempt
            session.unacknowledged.add(record.id)
            self._holders[record.id] = session
            session.send(frames.named("agent-execution", record.document))
        for record in records:
            holder = self._holders.get(record.id)
            if record.attempt > 1 and holder is not None:
                # What those who had it before were told.
                await self._tell_of(holder, record)
        return bool(records)

    async def _tell_again(self, session: WorkerSession) -> None:
        """Tell a worker that was away what its tasks were told, perhaps once more."""
        for task_id in list(session.held):
            await asyncio.sleep(0)  # there may be thousands
            with contextlib.suppress(Refusal):
                await self._tell_of(
                    session, await self._store.get(session.organization_id, task_id)
                )

    async def _tell_of(self, session: WorkerSession, record: TaskRecord) -> None:
        for event in await self._store.notifications(record):
            told = orjson.loads(event.body)["notification"]
            session.send(_task_notice(record, event.seq, told))

    # Taking it back ------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._settings.sweep_interval)
            try:
                swept = await self._store.sweep()
            except Exception:
                logger.exception("no leases were checked")
                continue
            for before in (*swept.requeued, *swept.exhausted):
                self._lose(before)
            self._forget_the_gone()

    def _lose(self, before: TaskRecord) -> None:
        session = self._holders.get(before.id)
        if session is None or session.held.get(before.id) != before.attempt:
            return
        self._drop(session, before.id)
        session.send(_task_stop(before.id, before.attempt))
        logger.warning(
            "worker %s lost task %s in attempt %s", session.id, before.id, before.attempt
        )
        self._wake(session)

    async def _renew(self, session: WorkerSession) -> None:
        """Renew the leases, and tell the worker of tasks that went from it unseen."""
        believed = dict(session.held)
        held = await self._store.renew(session.organization_id, session.id)
        for task_id, attempt in believed.items():
            if held.get(task_id) == attempt or session.held.get(task_id) != attempt:
                continue
            self._drop(session, task_id)
            with contextlib.suppress(Refusal):
                record = await self._store.get(session.organization_id, task_id)
                if record.status not in TERMINAL - {"stopped"}:
                    session.send(_task_stop(task_id, attempt))

    def _abandoned(self, newcomer: WorkerSession) -> WorkerSession | None:
        """The one cut-off worker that this one must be, if there is exactly one.

        Only a worker that spoke after its stream broke is alive; one that was killed did not, and
        its tasks must go to somebody else instead of being kept by a stranger.
        """
        candidates = [
            session
            for session in self._sessions.values()
            if not session.listening
            and session.pool is None
            and session.spoke_after_break
            and session.held
            and (session.organization_id, session.agent_id, session.peer)
            == (newcomer.organization_id, newcomer.agent_id, newcomer.peer)
        ]
        return candidates[0] if len(candidates) == 1 else None

    def _wake(self, session: WorkerSession) -> None:
        group = self._groups.get((session.organization_id, session.agent_id))
        if group is not None:
            group.wake()

    def _drop(self, session: WorkerSession, task_id: str) -> None:
        session.held.pop(task_id, None)
        session.unacknowledged.discard(task_id)
        if self._holders.get(task_id) is session:
            del self._holders[task_id]

    def _forget(self, session: WorkerSession) -> None:
        for task_id in list(session.held):
            self._drop(session, task_id)
        if self._sessions.get(session.id) is session:
            del self._sessions[session.id]
            key = (session.organization_id, session.agent_id)
            group = self._groups.get(key)
            if group is not None:
                group.sessions.pop(session.id, None)
                if not group.sessions:
                    del self._groups[key]
                    if group.pump is not None:
                        group.pump.cancel()

    def _forget_the_gone(self) -> None:
        """Let go of workers that neither listen nor hold anything."""
        for session in list(self._sessions.values()):
            if not session.listening and not session.held:
                self._forget(session)


def registration(session: WorkerSession, agent: Mapping[str, Any]) -> bytes:
    """The frame that tells a worker who it is."""
    asset = {
        "id": session.id,
        "name": f"worker-{session.id[:8]}",
        "organization_id": session.organization_id,
        "type": "worker",
        "created_at": timestamp(session.registered_at),
        "created_by": None,
        "last_heartbeat": timestamp(session.heard_at),
        "configuration": {"environment": session.environment} if session.environment else None,
        "dedicated_agent_id": session.agent_id,
        "parent_asset_id": None,
        "is_busy": session.busy,
        "metadata": {"name": agent.get("name"), "unique_name": agent.get("unique_name")},
    }
    return frames.named("worker-registration", orjson.dumps(asset))


def _task_stop(task_id: str, attempt: int) -> bytes:
    return frames.named("task-stop", orjson.dumps({"id": task_id, "execution_attempts": attempt}))


def _task_notice(record: TaskRecord, seq: int, told: Mapping[str, Any]) -> bytes:
    notice = {
        "id": record.id,
        "execution_attempts": record.attempt,
        "seq": seq,
        "key": told["key"],
        "data": told.get("data"),
    }
    return frames.named("task-notify", orjson.dumps(notice))

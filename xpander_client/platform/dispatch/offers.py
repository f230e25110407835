"""Tasks that are offered to workers, as many to each as it has room for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Collection, Sequence

from xpander_client.core.sse import encode_event
from xpander_client.platform.dispatch.frames import task_stop
from xpander_client.platform.dispatch.roster import Roster
from xpander_client.platform.dispatch.sessions import WorkerSession, log_failures
from xpander_client.platform.dispatch.turns import WorkerTurns
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.stores.base.hints import patience
from xpander_client.platform.stores.base.store import Store

_logger = logging.getLogger(__name__)


class Offers:
    """Claims tasks in the store for workers that are ready, and sends them."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, roster: Roster) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._roster = roster

    async def serve(self, organization_id: str, agent_id: str, turns: WorkerTurns) -> None:
        """Give work to the workers of an agent until cancelled, whatever goes wrong."""
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

    async def _offer(self, organization_id: str, agent_id: str, turns: WorkerTurns) -> float:
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
                {session.id for session in dealt if session.begins},
            )
            now = self._clock()  # when the offers were made
            self._hand_out(records, turns, now)
        except BaseException:
            # What they have begun without knowing is sent again when they are back.
            for session in dealt:
                if session.begins:
                    session.close()
            raise
        finally:
            for session in dict.fromkeys(dealt):
                turns.stand(session, now)
        given = Counter(record.pinned_to for record in records)
        for pin, tasks in queued.items():
            if given[pin] < len(tasks) or len(tasks) == wanted[pin]:
                turns.count_left(pin)
        for record in records:
            await self._send(record)
            holder = self._roster.find_holder(record.id)
            if record.attempt > 1 and holder is not None:
                # What those who had it before were told.
                holder.fall_behind(record.id)
            if holder is not None and holder.leaving and holder.begins:
                await self.give_back(holder, [record.id])
        # What waits, but could not be had, is in somebody else's hands this very moment.
        return 0.0 if records else self._settings.poll_interval

    def _hand_out(self, records: Sequence[TaskRecord], turns: WorkerTurns, now: float) -> None:
        for record in records:
            session = turns.sessions.get(record.worker_id or "")
            if session is None:
                continue  # it left meanwhile; its offer, or its lease, will run out
            turns.gave(session)
            if session.begins:
                session.running.add(record.id)
            else:
                session.unacknowledged[record.id] = now
            self._roster.hold(session, record.id, record.attempt)

    async def _send(self, record: TaskRecord) -> None:
        """Bring a task to the worker that it was offered to."""
        if not record.whole:
            with contextlib.suppress(HttpError):  # the offer runs out
                record = await self._store.get(record.organization_id, record.id)
            await asyncio.sleep(0)  # it may be large
        session = self._roster.find_holder(record.id)
        if session is None or session.held.get(record.id) != record.attempt:
            return
        if record.whole:
            session.send(encode_event(record.json(), name="agent-execution"), record.id)
        elif session.begins:
            session.close()  # it is sent again what it began without knowing when it is back

    async def send_again(self, session: WorkerSession, task_ids: Collection[str]) -> None:
        """Send a worker what it may never have got of the tasks that were begun with the offer: its
        heartbeats keep them, so nobody else would have them. It ignores those that it has.
        """
        for task_id in task_ids:
            try:
                record = await self._store.get(session.organization_id, task_id)
            except HttpError as error:
                if error.status == 404:
                    continue
                session.close()  # it comes back
                return
            if session.held.get(task_id) == record.attempt and record.worker_id == session.id:
                session.note_status(task_id, record.status)
                if record.status == "executing":
                    await self._send(record)
        self._roster.wake(session)

    async def give_back(self, session: WorkerSession, task_ids: Collection[str]) -> None:
        """Give back tasks that began with the offer and that their worker never took up, as it has
        ended, or is stuck; not those that it has said something of.
        """
        for task_id in [each for each in task_ids if each not in session.heard_of]:
            attempt = session.held.get(task_id)
            if attempt is None:
                continue
            with contextlib.suppress(HttpError):  # the lease runs out
                await self._store.patch(
                    session.organization_id, task_id, {"status": "pending"}, attempt=attempt
                )
                self._roster.drop(session, task_id)
                session.send(task_stop(task_id, attempt))

    async def extend(self) -> None:
        """Let the time to begin count from when a task was brought to its worker: a large one may
        be on its way for long.
        """
        late = self._clock() - self._settings.offer_window / 10
        for session in self._roster.list_sessions():
            if not session.unsent or not session.listening:
                continue
            under_way = {
                task_id: session.held[task_id]
                for task_id in session.unsent
                if session.unacknowledged.get(task_id, late) < late
            }
            if under_way:
                with log_failures(session):
                    await self._store.extend_offers(session.organization_id, under_way)

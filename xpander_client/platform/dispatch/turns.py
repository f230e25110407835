"""Whose turn it is: the workers of one agent that are ready for a task, in order.

The order is kept as it changes, so that giving out a task costs the same however many workers
listen, and however many slots they have.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.stores.base.hints import Subscription, WakeEvent

MOST = 64
"""So many tasks of a queue are given out at once."""

CLAIMED_BYTES = 1024 * 1024
"""A claim ends with the task with which it comes to so many bytes: other writes wait behind it."""


@attrs.define(eq=False)
class _Line:
    """The workers that are ready for what waits in a queue that several of them serve.

    `waits` says that something may wait there; `members` are those who serve it, ready or not.
    """

    watch: Subscription
    waits: bool = True
    members: int = 0
    ready: list[tuple[int, int, WorkerSession]] = attrs.field(factory=list)


class WorkerTurns:
    """The workers of an agent, and the queues that they serve.

    A queue goes by what its tasks are pinned to: a worker's id, a pool's name, or None for what is
    anybody's. A worker serves its own, and that of its pool or anybody's. `watch` begins to watch a
    queue. The alarm rings when there may be something to give out. Whoever was silent for `silence`
    seconds is not ready.
    """

    def __init__(
        self, watch: Callable[[str | None, Callable[[], None]], Subscription], silence: float
    ) -> None:
        self.alarm = WakeEvent()
        self.sessions: dict[str, WorkerSession] = {}
        self._watch = watch
        self._silence = silence
        self._lines: dict[str | None, _Line] = {}
        self._own: dict[str, Subscription] = {}
        # Those for whom alone something may wait, and all of them that are ready as well.
        self._called: set[str] = set()
        self._called_ready: dict[str, None] = {}
        self._count = itertools.count(1)

    def join(self, session: WorkerSession) -> None:
        """Take in a worker that listens; one by the same name is gone."""
        earlier = self.sessions.get(session.id)
        if earlier is not None:
            self.part(earlier)
        self.sessions[session.id] = session
        session.number = next(self._count)
        line = self._lines.get(session.pool)
        if line is None:
            pin = session.pool
            line = self._lines[pin] = _Line(self._watch(pin, lambda: self._hear(pin)))
        line.members += 1
        self._own[session.id] = self._watch(session.id, lambda: self._call(session.id))
        self._called.add(session.id)
        self.stand(session, 0.0)

    def part(self, session: WorkerSession) -> None:
        """Forget a worker that is gone."""
        if self.sessions.get(session.id) is not session:
            return
        del self.sessions[session.id]
        self._own.pop(session.id).close()
        self._called.discard(session.id)
        self._called_ready.pop(session.id, None)
        line = self._lines[session.pool]
        line.members -= 1
        if not line.members:
            line.watch.close()
            del self._lines[session.pool]

    def stand(self, session: WorkerSession, now: float) -> None:
        """Something has changed for a worker: it may be ready again."""
        if self.sessions.get(session.id) is not session or not session.ready(now, self._silence):
            return
        line = self._lines[session.pool]
        if not session.in_line:
            session.in_line = True
            heapq.heappush(line.ready, (session.turn, session.number, session))
        if session.id in self._called:
            self._called_ready[session.id] = None
        if line.waits or session.id in self._called:
            self.alarm.ring()

    def doubt(self) -> None:
        """Something may wait in any queue: hints may have been lost."""
        for line in self._lines.values():
            line.waits = True
        self._called.update(self.sessions)
        self._called_ready.update(dict.fromkeys(self.sessions))

    def _hear(self, pin: str | None) -> None:
        self._lines[pin].waits = True
        self.alarm.ring()

    def _call(self, worker_id: str) -> None:
        self._called.add(worker_id)
        self._called_ready[worker_id] = None
        self.alarm.ring()

    # ---------------------------------------------------------------------------------------------

    def list_wanted(self, now: float) -> dict[str | None, int]:
        """Return the queues in which something may wait for somebody who is ready, each with the
        number of tasks that there is room for. What is heard of them from now on counts anew.
        """
        wanted: dict[str | None, int] = {}
        for worker_id in self._called_ready:
            session = self.sessions[worker_id]
            if session.ready(now, self._silence):
                self._called.discard(worker_id)
                wanted[worker_id] = session.room
        self._called_ready.clear()
        for pin, line in self._lines.items():
            if line.waits and self._first(line, now) is not None:
                line.waits = False
                nearest = itertools.islice(line.ready, MOST)
                room = sum(session.room for _, _, session in nearest)
                wanted[pin] = min(max(1, room) + wanted.get(pin, 0), MOST)
        return wanted

    def count_left(self, pin: str | None) -> None:
        """More waits in a queue than was given out."""
        if pin in self._lines:
            self._lines[pin].waits = True
        if pin is not None and pin in self.sessions:
            self._called.add(pin)
            self._called_ready[pin] = None

    def deal(
        self, queued: Mapping[str | None, Sequence[int]], now: float
    ) -> Sequence[WorkerSession]:
        """Who is to get the tasks that wait, by their sizes in each queue: a worker for each task,
        as far as there is room.

        Whoever waited longest comes first, so that a worker that begins nothing blocks nobody, and
        each gets its first before any gets a second. Those who are named have to `stand` again.
        """
        dealt: list[WorkerSession] = []
        room: dict[WorkerSession, int] = {}
        space: dict[WorkerSession, int] = {}
        size = 0

        def has_room(session: WorkerSession) -> bool:
            return room.get(session, session.room) > 0 and space.get(session, session.space) > 0

        for pin, tasks in queued.items():
            in_turn = self._in_turn(pin, now, has_room)
            for task in tasks:
                session = next(in_turn, None) if size < CLAIMED_BYTES else None
                if session is None:
                    break
                room[session] = room.get(session, session.room) - 1
                space[session] = space.get(session, session.space) - task
                size += task
                dealt.append(session)
        return dealt

    def gave(self, session: WorkerSession) -> None:
        """Take note that a worker was given a task: it is the last one's turn who was."""
        session.turn = next(self._count)

    def _in_turn(
        self, pin: str | None, now: float, has_room: Callable[[WorkerSession], bool]
    ) -> Iterator[WorkerSession]:
        """Those who serve a queue, in turn, round after round, while they have room."""
        again: deque[WorkerSession] = deque()
        owner = None if pin is None else self.sessions.get(pin)
        if owner is not None and owner.ready(now, self._silence):
            again.append(owner)
        line = self._lines.get(pin)
        while line is not None and (session := self._first(line, now)) is not None:
            heapq.heappop(line.ready)
            session.in_line = False
            if has_room(session):
                again.append(session)
                yield session
        while again:
            session = again.popleft()
            if has_room(session):
                again.append(session)
                yield session

    def _first(self, line: _Line, now: float) -> WorkerSession | None:
        """Whose turn it is in a line. Those who are not ready any more are taken out of it."""
        while line.ready:
            turn, _, session = line.ready[0]
            if session.turn != turn:
                heapq.heapreplace(line.ready, (session.turn, session.number, session))
            elif self.sessions.get(session.id) is session and session.ready(now, self._silence):
                return session
            else:
                heapq.heappop(line.ready)
                session.in_line = False
        return None

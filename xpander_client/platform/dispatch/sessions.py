"""Workers as the server sees them that they listen at."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import Iterator, Sequence

import attrs

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules.records import WorkerRecord
from xpander_client.platform.stores.base.hints import WakeEvent

OUTBOX = 256 * 1024
"""A worker that has so many bytes still to be sent is offered nothing, and told what it can be told
later as well.
"""

_logger = logging.getLogger(__name__)


@attrs.define(eq=False, kw_only=True)
class WorkerSession:
    """A worker, from its registration until its last lease is over.

    `held` are the attempts that it was given, by task; `unacknowledged` when those among them were
    offered that it has not begun; `notified` the number of the last notification of each that it
    was sent. `outbox` is what its stream has still to send, each frame with the task that it
    offers, and `unsent` are those tasks. `behind` are the tasks of which its stream has to look
    what they were told, at least up to that number. One of a `pool` is given nothing that is not
    for the pool, or for itself alone. It runs as many tasks at once as it has `slots`. One that
    `begins` has its tasks begun with the offer, so none is unacknowledged: `running` are those that
    take a slot of it, and `heard_of` those of which it has said something.
    `heard_elsewhere` is when, by the store's clock, other servers last heard of it. `number` tells
    when it came and `turn` when it was last given a task, both counted; `in_line` says that it is
    among those whose turn comes. `refused_id` is what it wanted to be called, where that is another
    agent's worker.
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
    slots: int = 1
    begins: bool = False
    listening: bool = True
    busy: bool = False
    leaving: bool = False
    heard_elsewhere: float = 0.0
    refused_id: str | None = None
    number: int = 0
    turn: int = 0
    in_line: bool = False
    stream: str = attrs.field(factory=lambda: str(uuid.uuid4()))
    held: dict[str, int] = attrs.field(factory=dict)
    unacknowledged: dict[str, float] = attrs.field(factory=dict)
    running: set[str] = attrs.field(factory=set)
    heard_of: set[str] = attrs.field(factory=set)
    notified: dict[str, int] = attrs.field(factory=dict)
    outbox: deque[tuple[bytes, str | None]] = attrs.field(factory=deque)
    outbox_size: int = 0
    unsent: set[str] = attrs.field(factory=set)
    behind: dict[str, int] = attrs.field(factory=dict)
    alarm: WakeEvent = attrs.field(factory=WakeEvent)
    parting: asyncio.Task[None] | None = None

    @property
    def place(self) -> tuple[str, str]:
        """What there is one worker of."""
        return self.organization_id, self.id

    @property
    def room(self) -> int:
        """How many more tasks it may be offered. One at least when it has begun all it was, as some
        may be paused; of one that begins with the offer it is known how many are.
        """
        if self.begins:
            return max(self.slots - len(self.running), 0)
        return max(self.slots - len(self.held), 0 if self.unacknowledged else 1)

    @property
    def space(self) -> int:
        """How many bytes more its outbox may hold. The last frame may be larger."""
        return OUTBOX - self.outbox_size

    def ready(self, now: float, silence: float) -> bool:
        """Whether it may be offered a task; one that was silent for longer may not."""
        return (
            self.listening
            and not self.busy
            and not self.leaving
            and self.space > 0
            and self.room > 0
            and now - self.heard_at <= silence
        )

    def record(self) -> WorkerRecord:
        """Return what other servers are told of it."""
        return WorkerRecord(
            id=self.id,
            organization_id=self.organization_id,
            agent_id=self.agent_id,
            peer=self.peer,
            stream=self.stream,
            heard_at=self.heard_at,
            pool=self.pool,
            leaving=self.leaving,
        )

    def send(self, frame: bytes, offers: str | None = None) -> None:
        """Queue a frame for the worker's stream."""
        self.outbox.append((frame, offers))
        self.outbox_size += len(frame)
        if offers is not None:
            self.unsent.add(offers)
        self.alarm.ring()

    def fall_behind(self, task_id: str, seq: int = 0) -> None:
        """Have the stream look what a task was told, when it has sent all else."""
        self.behind[task_id] = max(seq, self.behind.get(task_id, 0))
        self.alarm.ring()

    def drop(self, task_id: str) -> None:
        """Forget all about a task that the worker does not hold any more."""
        self.held.pop(task_id, None)
        self.notified.pop(task_id, None)
        self.behind.pop(task_id, None)
        self.unsent.discard(task_id)
        self.unacknowledged.pop(task_id, None)
        self.running.discard(task_id)
        self.heard_of.discard(task_id)

    def note_status(self, task_id: str, status: str) -> None:
        """Take note how a task is that the worker holds: one that is paused takes no slot."""
        if status == "executing":
            self.running.add(task_id)
        else:
            self.running.discard(task_id)

    def take(self, size: int) -> tuple[list[bytes], list[str]]:
        """Return the next frames for the stream, `size` bytes of them or so, and the tasks they
        offer.
        """
        taken: list[bytes] = []
        offers: list[str] = []
        while self.outbox and size > 0:
            frame, task_id = self.outbox.popleft()
            taken.append(frame)
            size -= len(frame)
            if task_id is not None:
                offers.append(task_id)
        return taken, offers

    def note_written(self, frames: Sequence[bytes], offers: Sequence[str]) -> None:
        """Take note that these frames were written to the worker."""
        self.outbox_size -= sum(map(len, frames))
        self.unsent.difference_update(offers)

    def close(self) -> None:
        """End the worker's stream."""
        self.listening = False
        self.alarm.ring()


@contextlib.contextmanager
def log_failures(session: WorkerSession) -> Iterator[None]:
    """Let what goes wrong for one worker harm no other. It is tried again at the next look."""
    try:
        yield
    except HttpError as error:
        _logger.debug("worker %s: %s", session.id, error)
    except Exception:
        _logger.exception("worker %s was not told everything", session.id)

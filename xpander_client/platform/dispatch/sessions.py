"""Workers as the server sees them that they listen at, and what it tells them."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import orjson

from xpander_client.core.sse import encode_event
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.rules.records import TaskRecord, WorkerRecord
from xpander_client.platform.stores.base.hints import WakeEvent

OUTBOX = 256 * 1024
"""A worker that has so many bytes still to be sent is offered nothing, and told what it can be told
later as well.
"""


@attrs.define(eq=False, kw_only=True)
class WorkerSession:
    """A worker, from its registration until its last lease is over.

    `held` are the attempts that it was given, by task; `unacknowledged` when those among them were
    offered that it has not begun; `told` the number of the last thing that it was told of each.
    `outbox` is what its stream has still to send, each frame with the task that it offers, and
    `unsent` are those tasks. `behind` are the tasks of which its stream has to look what they were
    told, at least up to that number. One of a `pool` is given nothing that is not for the pool, or
    for itself alone. It runs as many tasks at once as it has `slots`. `heard_elsewhere` is when, by
    the store's clock, other servers last heard of it. `number` tells when it came and `turn` when
    it was last given a task, both counted; `in_line` says that it is among those whose turn comes.
    `refused_id` is what it wanted to be called, where that is another agent's worker.
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
    told: dict[str, int] = attrs.field(factory=dict)
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
        """How many more tasks it may be offered; one at least when it has begun all it was."""
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


def registration(session: WorkerSession, agent: Mapping[str, Any]) -> bytes:
    """Return the frame that tells a worker who it is."""
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
    if session.refused_id is not None:
        asset["refused_id"] = session.refused_id
    return encode_event(orjson.dumps(asset), name="worker-registration")


def task_stop(task_id: str, attempt: int) -> bytes:
    """Return the frame that tells a worker that it has lost a task."""
    return encode_event(
        orjson.dumps({"id": task_id, "execution_attempts": attempt}), name="task-stop"
    )


def task_notice(record: TaskRecord, seq: int, told: Mapping[str, Any]) -> bytes:
    """Return the frame that passes on to a worker what its task was told."""
    notice = {
        "id": record.id,
        "execution_attempts": record.attempt,
        "seq": seq,
        "key": told["key"],
        "data": told.get("data"),
    }
    return encode_event(orjson.dumps(notice), name="task-notify")

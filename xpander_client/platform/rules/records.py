"""What a store keeps, in no engine's terms."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import attrs
import orjson

from xpander_client.core.statuses import TERMINAL, TaskStatus

NOTIFICATION = "notification"
"""What a store calls the events that keep what a task was told."""

LARGE = 4096
"""A field of a task whose JSON has more bytes than this is kept apart from the others."""

PAGE_BYTES = 512 * 1024
"""A page of tasks, or of some of a task's events, ends with the one that makes it so long."""

SPAN = 10_000
"""So many events of a task are looked through at once for those of some types."""

_NOTHING: Mapping[str, bytes] = MappingProxyType({})


# Without slots: each command makes several, and a frozen class with slots sets each field of one by
# a call.
@attrs.frozen(kw_only=True, slots=False)
class TaskRecord:
    """A task as it is stored: the JSON that goes over the wire, and what dispatch needs to know.

    `document` is the JSON without the fields that are large, which are kept apart so that a change
    of another field does not cost what they cost. `large` is a JSON object with the digest of each,
    or None where no field is large; `bodies` is the JSON of those that were read.

    A pending task without `worker_id` waits in its agent's queue; one with it is offered, until
    `lease_until`. An executing task with `lease_until` goes back to the queue when that is over.
    `pinned_to` is the only worker, or the pool of workers, that gets it out of the queue.
    `attempt` counts the offers and is the fencing token, `losses` the workers lost since the task
    was last queued by a user. `run_from` is the number of the event before the present run.
    `scripted` says that whoever has the task, or had it last, is a script that took it for itself.
    A task that was `deleted` leaves a record with that status, until all workers know.
    """

    id: str
    organization_id: str
    agent_id: str
    status: TaskStatus | Literal["deleted"]
    document: bytes
    created_at: float
    updated_at: float
    attempt: int = 0
    losses: int = 0
    worker_id: str | None = None
    lease_until: float | None = None
    pinned_to: str | None = None
    run_from: int = 0
    internal_status: str | None = None
    user_id: str | None = None
    parent_task_id: str | None = None
    triggering_agent_id: str | None = None
    scripted: bool = attrs.field(default=False, converter=bool)
    large: str | None = None
    bodies: Mapping[str, bytes] = attrs.field(default=_NOTHING, eq=False)

    @property
    def finished(self) -> bool:
        """Whether the task's status is a final one."""
        return self.status in TERMINAL

    @property
    def waits(self) -> bool:
        """Whether the task is in its agent's queue, and offered to nobody."""
        return self.status == "pending" and self.worker_id is None

    @property
    def offered(self) -> bool:
        """Whether a worker has been given the task and has not begun yet."""
        return self.status == "pending" and self.worker_id is not None

    @property
    def digests(self) -> Mapping[str, str]:
        """The digest of each large field, by its name."""
        found: Mapping[str, str] = _NO_DIGESTS if self.large is None else orjson.loads(self.large)
        return found

    @property
    def whole(self) -> bool:
        """Whether all large fields were read."""
        return self.large is None or self.digests.keys() <= self.bodies.keys()

    def outline(self) -> dict[str, Any]:
        """Return the task's JSON object without the fields that are large; each call makes a new
        one. Of a large input it has what is not large.
        """
        task: dict[str, Any] = orjson.loads(self.document)
        return task

    def json(self) -> bytes:
        """Return the task's JSON, with its large fields.

        Raises:
            LookupError: they were not read.
        """
        if self.large is None:
            return self.document
        return orjson.dumps(self.encodable(self.digests))

    def encodable(self, names: Iterable[str]) -> Any:
        """Return what the JSON encoder makes the task of, with these of its large fields."""
        large = {name: orjson.Fragment(self.bodies[name]) for name in names}
        return {**self.outline(), **large} if large else orjson.Fragment(self.document)

    def compare(self, before: TaskRecord | None) -> tuple[list[str], list[str]]:
        """Return the large fields that have changed, and those that are large no more."""
        now, earlier = self.digests, before.digests if before is not None else _NO_DIGESTS
        changed = [name for name, digest in now.items() if earlier.get(name) != digest]
        return changed, [name for name in earlier if name not in now]

    def with_bodies(self, bodies: Mapping[str, bytes]) -> TaskRecord:
        """Return the task with these large fields, as far as it has them and they were not read
        yet.
        """
        read = {name: bodies[name] for name in self.digests if name in bodies}
        return attrs.evolve(self, bodies={**read, **self.bodies})

    def read(self) -> dict[str, Any]:
        """Return the task's JSON object, with its large fields; each call makes a new one.

        Raises:
            LookupError: they were not read.
        """
        task: dict[str, Any] = orjson.loads(self.json())
        return task


_NO_DIGESTS: Mapping[str, str] = MappingProxyType({})

TASK_FIELDS = tuple(field.name for field in attrs.fields(TaskRecord) if field.name != "bodies")
"""What every engine has a column of."""


@attrs.frozen
class NewEvent:
    """An event on its way into the store, which gives it its number.

    `body` is the event's JSON, one line of text.
    """

    type: str
    body: bytes


@attrs.frozen
class EventRecord:
    """A stored event: `seq` counts a task's events from 1 without holes."""

    seq: int
    type: str
    body: bytes


@attrs.frozen
class IdempotencyKey:
    """A caller's name for one request. `fingerprint` tells whether a repeat is the same request."""

    key: str
    fingerprint: bytes


@attrs.frozen
class Put:
    """What came of a creation. `repeated` says that its key had been seen; `record` is then the
    first request's task, as it is now.
    """

    record: TaskRecord
    repeated: bool = False


@attrs.frozen
class Appended:
    """What came of appending events: the task, and the number of its last event."""

    record: TaskRecord
    last_seq: int
    repeated: bool = False


@attrs.frozen(kw_only=True)
class TaskFilter:
    """Which tasks to list; None means any. `agent_ids` are alternatives."""

    agent_id: str | None = None
    agent_ids: frozenset[str] | None = None
    user_id: str | None = None
    parent_task_id: str | None = None
    triggering_agent_id: str | None = None
    status: str | None = None
    internal_status: str | None = None

    @property
    def values(self) -> Mapping[str, str]:
        """The value that a task must have in each field, but for the alternatives."""
        found = attrs.asdict(self, filter=lambda field, value: value is not None)
        found.pop("agent_ids", None)
        return found


@attrs.frozen
class Page:
    """Some tasks, the newest first. `cursor` asks for those after them; None: there are no more."""

    records: tuple[TaskRecord, ...]
    cursor: str | None = None


@attrs.frozen
class Overdue:
    """A task whose lease ran out. `offered_to` is the worker that has not begun with it."""

    organization_id: str
    task_id: str
    offered_to: str | None


@attrs.frozen
class Swept:
    """The tasks whose leases ran out, as they were before: `requeued` wait again, `exhausted` have
    lost too many workers and ended as errors. `more` says that there are others.
    """

    requeued: tuple[TaskRecord, ...] = ()
    exhausted: tuple[TaskRecord, ...] = ()
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.requeued or self.exhausted)


@attrs.frozen
class Document:
    """A JSON document: an agent, a report of metrics. `version` counts its changes from 1."""

    kind: str
    key: str
    version: int
    value: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Report:
    """What a task or one call of a model took: `value` is the JSON that was sent. It is never
    changed, and forgotten when it is old. `task_id` is what it says of a task, which need not be
    there; `user_id` is that task's user, or else whom the report names.
    """

    kind: str
    agent_id: str
    task_id: str | None
    value: bytes
    user_id: str | None = None


@attrs.frozen(kw_only=True)
class AuditEntry:
    """That somebody did something which others may ask about: `actor` is the id of a key, or
    `OPERATOR`; `target` is what it was done to. `number` and
    `created_at` are the store's.
    """

    organization_id: str
    actor: str
    action: str
    target: str
    outcome: str
    number: int = 0
    created_at: float = 0.0


def make_audit_entry(
    organization_id: str, actor: str, action: str, target: str, outcome: str
) -> AuditEntry:
    """Make the entry for something that is about to be done."""
    return AuditEntry(
        organization_id=organization_id,
        actor=actor,
        action=action,
        target=target,
        outcome=outcome,
    )


OPERATOR = "operator"
"""Who does what is done to the store itself, by hand."""


@attrs.frozen
class AuditPage:
    """Some of what was done, the newest first; `cursor` as in a `Page`."""

    entries: tuple[AuditEntry, ...]
    cursor: str | None = None


@attrs.frozen
class Deleted:
    """What was deleted: the tasks, as they were at the end, and how many threads with them."""

    tasks: tuple[TaskRecord, ...] = ()
    threads: int = 0


@attrs.frozen(kw_only=True)
class Pruned:
    """How many of each were forgotten because they were old."""

    events: int = 0
    keys: int = 0
    reports: int = 0
    tasks: int = 0
    threads: int = 0
    audit: int = 0


@attrs.frozen
class ThreadRecord:
    """A thread without its messages: `document` is the JSON that goes over the wire but for those,
    `length` how many there are.
    """

    id: str
    organization_id: str
    length: int
    document: bytes

    @property
    def gone(self) -> bool:
        """Whether nobody finds the thread any more, and its messages are being forgotten."""
        return not self.document

    def read(self) -> dict[str, Any]:
        """Return the thread's JSON object, without messages; each call makes a new one."""
        thread: dict[str, Any] = orjson.loads(self.document)
        return thread


@attrs.frozen
class MessageRecord:
    """A message of a thread: `body` is its JSON."""

    role: str
    body: bytes


@attrs.frozen
class Extended:
    """What came of adding messages to a thread: the thread, and the task that they belong to."""

    thread: ThreadRecord
    task: TaskRecord | None = None


@attrs.frozen(kw_only=True)
class WorkerRecord:
    """A worker, as the servers of a store tell each other of it. One that comes from the same
    `peer` as one that was cut off may be that one; one of a `pool`, or one without a peer because
    it has a name of its own, may not. `stream` tells its registrations apart, and `heard_at` is
    when it last said something.
    """

    id: str
    organization_id: str
    agent_id: str
    peer: str
    stream: str
    heard_at: float
    pool: str | None = None
    busy: bool = False
    leaving: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """What there is one worker of."""
        return self.organization_id, self.id


@attrs.frozen
class Joined:
    """What came of a worker's registration: the attempts that it holds, by task, and the name that
    it had before, if it turned out to be one that was cut off.
    """

    held: Mapping[str, int]
    adopted_from: str | None = None


class ListenState(enum.Enum):
    """Whether a worker that said something has a stream, at whichever server."""

    LISTENING = enum.auto()
    NOWHERE = enum.auto()
    UNKNOWN = enum.auto()


@attrs.frozen
class Held:
    """A task in a worker's hands. `last_notified` is its last notification, or 0."""

    attempt: int
    status: str
    last_notified: int

    @property
    def begun(self) -> bool:
        """Whether it is more than offered."""
        return self.status != "pending"


AUDIT_FIELDS = tuple(field.name for field in attrs.fields(AuditEntry))

"""What the platform asks of a store. Every engine does this much, and no SQL is known outside one.

Three ideas hold it together: every write is a command to one writer, which is acknowledged when it
is safely on disk; a task's change and the events of that change are one transaction; `watch` gives
hints, never data, so that a lost hint costs a moment and never an event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Any, Protocol

from xpander_client.platform.stores.admission import Admission
from xpander_client.platform.stores.hints import Watch
from xpander_client.platform.stores.records import (
    Appended,
    AuditEntry,
    AuditPage,
    Deleted,
    Document,
    EventRecord,
    Extended,
    Held,
    IdempotencyKey,
    Joined,
    MessageRecord,
    Page,
    Pruned,
    Put,
    Report,
    Swept,
    TaskFilter,
    TaskRecord,
    ThreadRecord,
    Whereabouts,
    WorkerRecord,
)

NO_POOLS: Mapping[str, str] = {}


def task_topic(task_id: str) -> str:
    """What to watch to hear of a task's new events."""
    return f"task:{task_id}"


def agent_topic(organization_id: str, agent_id: str, pin: str | None = None) -> str:
    """What to watch to hear of tasks that wait for any of an agent's workers, or for those that a
    task can be pinned to.
    """
    topic = f"agent:{organization_id}:{agent_id}"
    return topic if pin is None else f"{topic}:{pin}"


def requeue_topic(organization_id: str, agent_id: str) -> str:
    """What to watch to hear of older tasks that wait for an agent's workers again."""
    return f"requeue:{organization_id}:{agent_id}"


def worker_topic(organization_id: str, worker_id: str) -> str:
    """What to watch to hear of changes to a worker's tasks that are made at another server."""
    return f"worker:{organization_id}:{worker_id}"


class ThreadStore(Protocol):
    """Threads and their messages: adding to one costs what is added, reading what is read.

    A thread of another organization does not exist. Methods raise `Refusal` as those of a `Store`.
    """

    async def create(
        self,
        organization_id: str,
        body: Mapping[str, Any],
        *,
        thread_id: str,
        key: IdempotencyKey | None = None,
    ) -> ThreadRecord:
        """A new thread without messages, or the one that the key made before.

        That is a `Refusal` with status 409 when there is a thread of that id.
        """
        ...

    async def get(self, organization_id: str, thread_id: str) -> ThreadRecord:
        """The thread."""
        ...

    async def read(self, thread: ThreadRecord, after: int = 0) -> Sequence[MessageRecord]:
        """The thread's messages but for the first `after`, as far as the record knows of them."""
        ...

    async def tail(self, thread: ThreadRecord, last: int) -> Sequence[MessageRecord]:
        """The thread's system messages and the last ones of the others, in their order."""
        ...

    async def extend(
        self,
        organization_id: str,
        thread_id: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        task_id: str | None = None,
        attempt: int | None = None,
        key: IdempotencyKey | None = None,
    ) -> Extended:
        """Add messages to the end, all or none; a repeated key adds nothing.

        With a task, its present state comes back. With an attempt of it as well, that is a sign of
        life of the task's holder, or a `Refusal` with status 409 when it is not the holder's.
        """
        ...

    async def update(
        self,
        organization_id: str,
        thread_id: str,
        changes: Mapping[str, Any],
        *,
        messages: Sequence[Mapping[str, Any]] | None = None,
    ) -> ThreadRecord:
        """Set fields of a thread, null takes one away; `messages` replace those that it has."""
        ...

    async def delete(
        self, organization_id: str, thread_id: str, *, actor: str | None = None
    ) -> None:
        """Forget a thread and its messages. An `actor` is written down."""
        ...

    async def of_user(
        self,
        organization_id: str,
        user_id: str,
        agent_id: str | None,
        *,
        limit: int | None = None,
    ) -> Sequence[ThreadRecord]:
        """The threads with a user, and with an agent if one is named, the newest first."""
        ...


class Presence(Protocol):
    """Which workers listen, and at which of the servers that share the store.

    `alone` says that no other server can share it.
    """

    alone: bool

    async def join(self, worker: WorkerRecord, *, named: bool) -> Joined | None:
        """A worker listens at this server from now on; its leases get a new term.

        One that has no name of its own, but comes from where one was cut off that went on showing
        life, is that worker: it takes over the leases. None when the name is that of a worker of
        another agent, which keeps it.
        """
        ...

    async def leave(self, worker: WorkerRecord) -> None:
        """The worker's stream at this server has ended. Its leases go on."""
        ...

    async def hear(self, worker: WorkerRecord, *, busy: bool | None) -> Whereabouts:
        """The worker said something at this server, perhaps whether it is busy."""
        ...

    async def is_listening(self, organization_id: str, worker_id: str) -> bool:
        """Whether the worker listens at one of the servers."""
        ...

    async def listening(self, organization_id: str) -> Set[tuple[str, str]]:
        """The agents and the ids of the workers that listen at one of the servers, and are not
        about to leave.
        """
        ...

    async def gone(self, workers: Collection[tuple[str, str]]) -> Set[tuple[str, str]]:
        """Those of these workers that were cut off and have not shown life since. One that left in
        order is not among them.
        """
        ...

    async def pulse(self, streams: Sequence[str]) -> Mapping[tuple[str, str], WorkerRecord]:
        """This server is alive, and these streams of workers are open at it.

        Returns the workers that listen at it, as all servers know them.

        When no server was alive for a while, leases get a new term: nobody could renew them.
        """
        ...

    async def held(
        self, workers: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Mapping[str, Held]]:
        """The tasks in the hands of these workers."""
        ...


class Store(Protocol):
    """Tasks, their events, threads, and JSON documents. Every method may be called from one event
    loop.

    A task of another organization does not exist: what reads raises or gives nothing, as for an
    unknown id. Records have a task's large fields where all of it was asked for, and after it was
    put, reported, changed or stopped. Methods raise `Refusal`: 404 for an unknown task, 409 for
    what the task's state forbids, 422 for an idempotency key that was used for something else, 503
    when the disk fails.
    """

    @property
    def threads(self) -> ThreadStore:
        """The threads, kept in the same place."""
        ...

    @property
    def presence(self) -> Presence:
        """Who works on these tasks right now."""
        ...

    @property
    def admission(self) -> Admission:
        """Who may queue up to write; it knows how that goes."""
        ...

    async def open(self, *, exclusive: bool = True) -> None:
        """Make the store ready. Leases get a new term: nobody could renew them meanwhile.

        What is not `exclusive` may be opened beside the platform that has the store, for a few
        reads and writes of documents; leases stay as they are then.
        """

    async def close(self) -> None:
        """Write what is queued, then let go of everything."""

    async def put(
        self,
        organization_id: str,
        agent_id: str,
        body: Mapping[str, Any],
        *,
        task_id: str,
        existing_id: str | None = None,
        key: IdempotencyKey | None = None,
    ) -> Put:
        """Create a task, or continue the one with `existing_id`. A parent that the body names
        (`parent_execution_id`) has it among its `sub_executions` at once.
        """
        ...

    async def delegate(
        self,
        organization_id: str,
        parent_id: str,
        agent_id: str,
        body: Mapping[str, Any],
        *,
        task_id: str,
        attempt: int | None,
    ) -> Put:
        """Create a task for an unfinished task, whose attempt has to be the present one.

        When there is a task of that id already, it is the answer: nothing is made twice.
        """
        ...

    async def report(
        self,
        organization_id: str,
        agent_id: str,
        body: Mapping[str, Any],
        *,
        task_id: str,
        name: str | None = None,
        key: IdempotencyKey | None = None,
    ) -> Put:
        """Store a task that ran elsewhere; a task of that id is finished by the report. `name` is
        the id that a new one shows, if not that.
        """
        ...

    async def get(self, organization_id: str, task_id: str, *, whole: bool = True) -> TaskRecord:
        """The task, with its large fields if it is to be `whole`."""
        ...

    async def list_tasks(
        self, organization_id: str, wanted: TaskFilter, *, cursor: str | None, limit: int
    ) -> Page:
        """The tasks that fit, the newest first, from the cursor of the page before, without their
        large fields. There are fewer than `limit` where they would be too long together.
        """
        ...

    async def patch(
        self,
        organization_id: str,
        task_id: str,
        changes: Mapping[str, Any],
        *,
        attempt: int | None,
        actor: str | None = None,
        whole: bool = True,
    ) -> TaskRecord:
        """Set fields of a task; see `machine.patch`. An `actor` that stops it by that is written
        down. What is returned need not have all large fields when it is not to be `whole`.
        """
        ...

    async def keep_alive(
        self, organization_id: str, task_id: str, *, attempt: int | None
    ) -> TaskRecord:
        """Give a task's lease a new term, because its holder did something.

        That is a `Refusal` with status 409 when the attempt does not hold the task.
        """
        ...

    async def append(
        self,
        organization_id: str,
        task_id: str,
        events: Sequence[Mapping[str, Any]],
        *,
        attempt: int | None,
        key: IdempotencyKey | None = None,
    ) -> Appended:
        """Store events behind the task's last one; see `machine.append`."""
        ...

    async def read(
        self,
        task_id: str,
        after: int,
        limit: int,
        *,
        size: int | None = None,
        hinted: bool = False,
    ) -> Sequence[EventRecord]:
        """The task's events with numbers above `after`, in order.

        With a `size`, the last one is that with which the bodies come to so many bytes. For a
        reader that is `hinted`, the newest may be missing: it reads again when there is a hint.
        """
        ...

    async def read_kinds(
        self, task_id: str, kinds: Collection[str], *, after: int, until: int
    ) -> tuple[Sequence[EventRecord], int]:
        """The task's events of these types with numbers above `after`, up to `until`, in order; and
        the number up to which all were looked at, which may be before that.
        """
        ...

    async def last_seq(self, task_id: str) -> int:
        """The number of the task's last event, 0 without one. It is never pruned."""
        ...

    async def notify(
        self,
        organization_id: str,
        task_id: str,
        told: Mapping[str, Any],
        *,
        key: IdempotencyKey | None = None,
    ) -> Appended:
        """Keep what a task was told, its `key` and `data`; see `machine.notify`."""
        ...

    async def notifications(
        self, record: TaskRecord, *, after: int = 0, size: int | None = None
    ) -> Sequence[EventRecord]:
        """The events that keep what a task was told in its present run, in order, those with
        numbers above `after`. With a `size`, the last one is that with which they come to so many
        bytes.
        """
        ...

    async def queued(
        self, organization_id: str, agent_id: str, queues: Mapping[str | None, int]
    ) -> Mapping[str | None, Sequence[int]]:
        """The sizes of the oldest tasks that wait in some of an agent's queues, as many of each as
        are asked for; queues in which nothing waits are left out.

        A queue goes by the worker or the pool that its tasks are pinned to; None is anybody's.
        """
        ...

    async def claim(
        self,
        organization_id: str,
        agent_id: str,
        worker_ids: Sequence[str],
        pools: Mapping[str, str] = NO_POOLS,
    ) -> Sequence[TaskRecord]:
        """Offer waiting tasks, the oldest first, one for each time that a worker is named.

        `pools` names the pools of those workers that are of one. They get only what waits for their
        pool, or for themselves.
        """
        ...

    async def extend_offers(self, organization_id: str, attempts: Mapping[str, int]) -> None:
        """Give offers that were not taken up yet, by task, a new window."""
        ...

    async def waiting(self) -> int:
        """How many tasks of all organizations wait for a worker, and are offered to none."""
        ...

    async def waiting_agents(self) -> Set[tuple[str, str]]:
        """The agents, each with its organization, for whose tasks any worker of theirs would do."""
        ...

    async def pending_for(
        self, organization_id: str, worker_id: str, agent_ids: frozenset[str] | None = None
    ) -> TaskRecord | None:
        """The oldest task that another task started and that waits for this worker alone; one of
        these agents, if some are named.
        """
        ...

    async def renew(
        self,
        organization_id: str,
        worker_id: str,
        *,
        agent_id: str | None = None,
        adopt_from: str | None = None,
    ) -> Mapping[str, int]:
        """Give the leases of a worker's executing tasks a new term.

        Returns the attempts of all tasks that the worker holds, offers included, by task. The tasks
        of `adopt_from`, a name that the worker had before, become its own first. With `agent_id`
        only that agent's tasks count.
        """
        ...

    async def stop(
        self, organization_id: str, task_id: str, *, actor: str | None = None
    ) -> TaskRecord:
        """Stop a task; a finished one stays as it is. An `actor` is written down."""
        ...

    async def delete(
        self,
        organization_id: str,
        task_ids: Sequence[str],
        *,
        stop: bool = False,
        with_threads: Callable[[str | None, str | None], bool] | None = None,
        actor: str | None = None,
    ) -> Deleted:
        """Delete those of these tasks that are there and finished, with `stop` also the others,
        which are stopped before; and the threads that they were talked about in, for which
        `with_threads` says yes when it is given the user and the agent that the thread names.

        Nobody finds any of it from now on, and no late write brings it back. What followers may
        still be reading is forgotten a few seconds later. An `actor` is written down.
        """
        ...

    async def forget_reports(
        self,
        organization_id: str,
        user_id: str,
        limit: int,
        *,
        agent_ids: frozenset[str] | None = None,
    ) -> int:
        """Forget some of the reports that name a user, of some agents alone or of all; returns how
        many.
        """
        ...

    async def add_audit(self, entry: AuditEntry) -> None:
        """Write down that something was done."""
        ...

    async def audit(
        self, organization_id: str | None, *, cursor: str | None, limit: int
    ) -> AuditPage:
        """What was done in an organization, or in all, the newest first, from the cursor of the
        page before.
        """
        ...

    def now(self) -> float:
        """The time that leases go by: seconds since 1970, UTC."""
        ...

    async def sweep(self, until: float | None = None) -> Swept:
        """Take back tasks whose leases ran out, some of each organization.

        With `until`, those whose leases ran out by then. Whoever first looks whether anybody could
        renew, and then sweeps, names the moment before both: it may stand still in between.
        """
        ...

    @property
    def hears(self) -> bool:
        """Whether hints come through. When they don't, who waits for one has to look now and then.
        Whoever waits is woken at each change of it.
        """
        ...

    def watch(self, *topics: str, heard: Callable[[], None] | None = None) -> Watch:
        """Listen for hints on these topics, from now on; `heard` is called for each."""
        ...

    async def doc_get(self, organization_id: str, kind: str, key: str) -> Document | None:
        """The document, if there is one."""
        ...

    async def doc_put(
        self,
        organization_id: str,
        kind: str,
        key: str,
        value: Mapping[str, Any],
        *,
        if_version: int | None = None,
        idempotency: IdempotencyKey | None = None,
        audit: AuditEntry | None = None,
    ) -> Document:
        """Store a document. With `if_version` only over that version (0: only a new one).

        When the version is another one, that is a `Refusal` with status 409. A repeated idempotency
        key is answered with what its first request stored. `audit` is written down with it.
        """
        ...

    async def doc_list(self, organization_id: str, kind: str) -> Sequence[Document]:
        """All documents of a kind, by key."""
        ...

    async def add_report(
        self, organization_id: str, report: Report, *, key: IdempotencyKey | None = None
    ) -> None:
        """Keep a report; a repeated key adds nothing.

        That is a `Refusal` with status 404 when the report is of a task that was deleted.
        """
        ...

    async def prune(
        self,
        *,
        events_before: float | None = None,
        keys_before: float | None = None,
        reports_before: float | None = None,
        tasks_before: float | None = None,
        threads_before: float | None = None,
        audit_before: float | None = None,
    ) -> Pruned:
        """Forget what was before these moments: events of tasks that finished, but for how they
        ended, idempotency keys, reports, finished tasks with all their events, threads that were
        not used since, to the hour, and what was done by whom. None keeps all of a kind.

        What is left of deleted tasks and threads goes, too. All of it in small batches, between
        which others write, of each organization in turn.
        """
        ...

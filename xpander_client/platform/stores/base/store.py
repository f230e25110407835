"""What the platform asks of a store, and what all stores do alike.

Three ideas hold it together: every write is a command to one writer, which is acknowledged when it
is safely on disk; a task's change and the events of that change are one transaction; `watch` gives
hints, never data, so that a lost hint costs a moment and never an event.

The writes are here, once for all engines. An engine runs the commands, and adds the reads, in SQL
that nobody else knows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Any, TypeVar

import attrs

from xpander_client.core.statuses import TERMINAL
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules import task_machine, threads
from xpander_client.platform.rules.records import (
    Appended,
    AuditEntry,
    AuditPage,
    Deleted,
    Document,
    EventRecord,
    IdempotencyKey,
    Overdue,
    Page,
    Pruned,
    Put,
    Report,
    Swept,
    TaskFilter,
    TaskRecord,
)
from xpander_client.platform.stores.base.admission import Admission
from xpander_client.platform.stores.base.commands import (
    adopt_task,
    audit_action,
    audit_stop,
    build_audit_page,
    disown_tasks,
    find_task,
    first_answer,
    forget_thread,
    insert_task,
    keep_alive,
    parse_cursor,
    remember_answer,
    save_task,
    unknown_task,
)
from xpander_client.platform.stores.base.hints import Subscription, Topics, task_topic, worker_topic
from xpander_client.platform.stores.base.presence import Presence
from xpander_client.platform.stores.base.retention import Batch, Cutoffs, Kind, work_off
from xpander_client.platform.stores.base.sweep import Sweep
from xpander_client.platform.stores.base.thread_store import ThreadStore
from xpander_client.platform.stores.base.transaction import Command, Reads, Waiting, Work

T = TypeVar("T")

_NO_POOLS: Mapping[str, str] = {}


class Store(ABC):
    """Tasks, their events, threads, and JSON documents. Every method may be called from one event
    loop.

    A task of another organization does not exist: what reads raises or gives nothing, as for an
    unknown id. Records have a task's large fields where all of it was asked for, and after it was
    put, reported, changed or stopped. Methods raise `HttpError`: 404 for an unknown task, 409 for
    what the task's state forbids, 422 for an idempotency key that was used for something else, 503
    when the disk fails.
    """

    def __init__(self, settings: Settings | None, clock: Clock) -> None:
        self._settings = settings or Settings()
        self._clock = clock
        self._topics = Topics()
        self._admission = Admission(
            self._settings.queue_limit, self._settings.queue_wait, self._settings.queue_bytes
        )
        self._leases = task_machine.Leases(
            worker=self._settings.lease, script=self._settings.loop_lease
        )
        self._sweep = Sweep(self._settings, self._find_overdue, self._submit)

    @property
    @abstractmethod
    def threads(self) -> ThreadStore:
        """The threads, kept in the same place."""

    @property
    @abstractmethod
    def presence(self) -> Presence:
        """Who works on these tasks right now."""

    @property
    def admission(self) -> Admission:
        """Who may queue up to write; it knows how that goes."""
        return self._admission

    @abstractmethod
    async def open(self, *, exclusive: bool = True) -> None:
        """Make the store ready. Leases get a new term: nobody could renew them meanwhile.

        What is not `exclusive` may be opened beside the platform that has the store, for a few
        reads and writes of documents; leases stay as they are then.
        """

    @abstractmethod
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
        create_missing: bool = False,
        key: IdempotencyKey | None = None,
    ) -> Put:
        """Create a task, or continue the one with `existing_id`: with `create_missing` a new one
        gets that id if there is none. A parent that the body names (`parent_execution_id`) has it
        among its `sub_executions` at once.
        """
        parent_id = body.get("parent_execution_id")

        def run(work: Work) -> Put:
            first = first_answer(work, organization_id, key)
            if first is not None:
                return Put(work.whole(find_task(work, organization_id, first)), repeated=True)
            there = None if existing_id is None else work.task(existing_id)
            if create_missing and task_machine.is_grave(there, organization_id):
                raise HttpError(409, "a task of this id was deleted; it can't be used again yet")
            if existing_id is None or (create_missing and there is None):
                outcome = task_machine.create(
                    task_id=existing_id or task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=work.now,
                    offer_window=self._settings.offer_window,
                )
                insert_task(work, outcome)
            else:
                record = work.whole(find_task(work, organization_id, existing_id))
                outcome = task_machine.continue_(
                    record,
                    agent_id=agent_id,
                    body=body,
                    now=work.now,
                    last_seq=work.last_seq(existing_id),
                )
                save_task(work, record, outcome)
            adopt_task(work, outcome.record, parent_id)
            remember_answer(work, organization_id, key, outcome.record.id)
            return Put(outcome.record)

        reads = Reads(
            tasks=(parent_id,) if isinstance(parent_id, str) else (),
            whole=(existing_id,) if existing_id is not None else (),
        )
        return await self._submit(Command(run, reads))

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

        def run(work: Work) -> Put:
            parent = find_task(work, organization_id, parent_id)
            keep_alive(work, parent, attempt, self._leases)
            if parent.finished:
                raise HttpError(409, f"the task is {parent.status}, which is final")
            there = work.task(task_id)
            if there is not None:
                return Put(work.whole(find_task(work, organization_id, task_id)), repeated=True)
            outcome = task_machine.create(
                task_id=task_id,
                organization_id=organization_id,
                agent_id=agent_id,
                body={**body, "parent_execution_id": parent_id},
                now=work.now,
                offer_window=self._settings.offer_window,
            )
            insert_task(work, outcome)
            adopt_task(work, outcome.record, parent_id)
            return Put(outcome.record)

        return await self._submit(Command(run, Reads(tasks=(parent_id, task_id))))

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

        def run(work: Work) -> Put:
            first = first_answer(work, organization_id, key)
            if first is not None:
                return Put(work.whole(find_task(work, organization_id, first)), repeated=True)
            if work.task(task_id) is None:
                outcome = task_machine.report(
                    task_id=task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=work.now,
                    name=name,
                )
                insert_task(work, outcome)
            else:
                record = work.whole(find_task(work, organization_id, task_id))
                outcome = task_machine.report_existing(record, body, work.now)
                save_task(work, record, outcome)
            remember_answer(work, organization_id, key, task_id)
            return Put(outcome.record)

        return await self._submit(Command(run, Reads(whole=(task_id,))))

    @abstractmethod
    async def get(self, organization_id: str, task_id: str, *, whole: bool = True) -> TaskRecord:
        """Return the task, with its large fields if it is to be `whole`."""

    async def list_tasks(
        self, organization_id: str, wanted: TaskFilter, *, cursor: str | None, limit: int
    ) -> Page:
        """Return the tasks that fit, the newest first, from the cursor of the page before, without
        their large fields: fewer than `limit` where they would be too long together.
        """
        return await self._list_page(organization_id, wanted, parse_cursor(cursor), limit)

    @abstractmethod
    async def _list_page(
        self, organization_id: str, wanted: TaskFilter, before: int | None, limit: int
    ) -> Page:
        """Return the tasks that fit, the newest first, of those with numbers below `before`."""

    @abstractmethod
    async def list_numbers(
        self, organization_id: str, wanted: TaskFilter, limit: int
    ) -> Sequence[int]:
        """Return the numbers of the newest tasks that fit, `limit` at the most. Of filters without
        an agent or a user this costs what the limit is for each agent, however many tasks pass.
        """

    @abstractmethod
    async def read_numbered(self, organization_id: str, numbers: Sequence[int]) -> Page:
        """Return the tasks of these numbers that are there, the newest first, without their large
        fields: fewer where they would be too long together, with a cursor for the rest.
        """

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
        """Set fields of a task; see `task_machine.patch`. An `actor` that stops it by that is
        written down. What is returned need not have all large fields when it is not to be `whole`.
        """
        # A task's last event has its result, whenever that was written.
        with_large_fields = whole or changes.get("status") in TERMINAL

        def run(work: Work) -> TaskRecord:
            record = find_task(work, organization_id, task_id)
            if with_large_fields:
                record = work.whole(record)
            outcome = task_machine.patch(
                record,
                changes,
                attempt=attempt,
                now=work.now,
                leases=self._leases,
            )
            if record.finished and not outcome.record.finished:
                anew = attrs.evolve(outcome.record, run_from=work.last_seq(task_id))
                outcome = attrs.evolve(outcome, record=anew)
            save_task(work, record, outcome)
            audit_stop(work, record, outcome.record, actor)
            return outcome.record

        reads = Reads(whole=(task_id,)) if with_large_fields else Reads(tasks=(task_id,))
        return await self._submit(Command(run, reads))

    async def keep_alive(
        self, organization_id: str, task_id: str, *, attempt: int | None
    ) -> TaskRecord:
        """Give a task's lease a new term, because its holder did something.

        That is an `HttpError` with status 409 when the attempt does not hold the task.
        """

        def run(work: Work) -> TaskRecord:
            record = find_task(work, organization_id, task_id)
            return keep_alive(work, record, attempt, self._leases)

        return await self._submit(Command(run, Reads(tasks=(task_id,))))

    async def append(
        self,
        organization_id: str,
        task_id: str,
        events: Sequence[Mapping[str, Any]],
        *,
        attempt: int | None,
        key: IdempotencyKey | None = None,
    ) -> Appended:
        """Store events behind the task's last one; see `task_machine.append`."""
        ends = bool(events) and events[-1].get("type") == "task_finished"

        def run(work: Work) -> Appended:
            record = find_task(work, organization_id, task_id)
            if first_answer(work, organization_id, key) is not None:
                return Appended(record, work.last_seq(task_id), repeated=True)
            if ends:
                record = work.whole(record)  # its last event has the result
            outcome = task_machine.append(
                record,
                events,
                attempt=attempt,
                now=work.now,
                leases=self._leases,
            )
            last_seq = save_task(work, record, outcome)
            remember_answer(work, organization_id, key, task_id)
            return Appended(outcome.record, last_seq)

        reads = Reads(whole=(task_id,)) if ends else Reads(tasks=(task_id,))
        return await self._submit(Command(run, reads))

    @abstractmethod
    async def read(
        self,
        task_id: str,
        after: int,
        limit: int,
        *,
        size: int | None = None,
        hinted: bool = False,
    ) -> Sequence[EventRecord]:
        """Return the task's events with numbers above `after`, in order.

        With a `size`, the last one is that with which the bodies come to so many bytes. For a
        reader that is `hinted`, the newest may be missing: it reads again when there is a hint.
        """

    @abstractmethod
    async def read_kinds(
        self, task_id: str, kinds: Collection[str], *, after: int, until: int
    ) -> tuple[Sequence[EventRecord], int]:
        """Return the task's events of these types with numbers above `after`, up to `until`, in
        order; and the number up to which all were looked at, which may be before that.
        """

    @abstractmethod
    async def last_seq(self, task_id: str) -> int:
        """Return the number of the task's last event, 0 without one. It is never pruned."""

    async def notify(
        self,
        organization_id: str,
        task_id: str,
        notification: Mapping[str, Any],
        *,
        key: IdempotencyKey | None = None,
    ) -> Appended:
        """Keep what a task was told, its `key` and `data`; see `task_machine.notify`."""

        def run(work: Work) -> Appended:
            record = find_task(work, organization_id, task_id)
            first = first_answer(work, organization_id, key)
            if first is not None:
                return Appended(record, int(first), repeated=True)
            outcome = task_machine.notify(
                record, notification["key"], notification.get("data"), work.now
            )
            last_seq = save_task(work, record, outcome)
            if record.worker_id is not None:
                work.topics.add(worker_topic(organization_id, record.worker_id))
            remember_answer(work, organization_id, key, str(last_seq))
            return Appended(record, last_seq)

        return await self._submit(Command(run, Reads(tasks=(task_id,))))

    @abstractmethod
    async def notifications(
        self, record: TaskRecord, *, after: int = 0, size: int | None = None
    ) -> Sequence[EventRecord]:
        """Return the events that keep what a task was told in its present run, in order, those
        with numbers above `after`. With a `size`, the last one is that with which they come to so
        many bytes.
        """

    @abstractmethod
    async def measure_queues(
        self, organization_id: str, agent_id: str, queues: Mapping[str | None, int]
    ) -> Mapping[str | None, Sequence[int]]:
        """Return the sizes of the oldest tasks that wait in some of an agent's queues, as many of
        each as are asked for; queues in which nothing waits are left out.

        A queue goes by the worker or the pool that its tasks are pinned to; None is anybody's.
        """

    async def claim(
        self,
        organization_id: str,
        agent_id: str,
        worker_ids: Sequence[str],
        pools: Mapping[str, str] = _NO_POOLS,
        begins: Collection[str] = (),
    ) -> Sequence[TaskRecord]:
        """Offer waiting tasks, the oldest first, one for each time that a worker is named.

        `pools` names the pools of those workers that are of one. They get only what waits for their
        pool, or for themselves. The tasks of those whom `begins` names are begun with the offer.
        """
        workers = [(each, pools.get(each)) for each in worker_ids]

        def run(work: Work) -> Sequence[TaskRecord]:
            offered = []
            empty: set[str | None] = set()
            for worker_id, pool in workers:
                pins = [pin for pin in (pool, worker_id) if pin not in empty]
                record = work.waiting(organization_id, agent_id, pins) if pins else None
                if record is None:
                    empty.update(pins)
                    continue
                if worker_id in begins:
                    outcome = task_machine.begin(
                        record, worker_id, pool=pool, now=work.now, leases=self._leases
                    )
                else:
                    claimed = task_machine.claim(
                        record,
                        worker_id,
                        pool=pool,
                        now=work.now,
                        offer_window=self._settings.offer_window,
                    )
                    outcome = task_machine.Outcome(claimed)
                save_task(work, record, outcome)
                offered.append(outcome.record)
            return offered

        most = Counter(pin for worker in workers for pin in dict.fromkeys(worker))
        waiting = Waiting(organization_id, agent_id, most)
        return await self._submit(Command(run, Reads(waiting=waiting)))

    async def extend_offers(self, organization_id: str, attempts: Mapping[str, int]) -> None:
        """Give offers that were not taken up yet, by task, a new window."""

        def run(work: Work) -> None:
            for task_id, attempt in attempts.items():
                record = work.task(task_id)
                if (
                    record is not None
                    and record.organization_id == organization_id
                    and record.offered
                    and record.attempt == attempt
                ):
                    until = work.now + self._settings.offer_window
                    work.renew(attrs.evolve(record, lease_until=until))

        await self._submit(Command(run, Reads(tasks=tuple(attempts))))

    @abstractmethod
    async def waiting(self) -> int:
        """Count the tasks of all organizations that wait for a worker, and are offered to none."""

    @abstractmethod
    async def list_waiting_agents(self) -> Set[tuple[str, str]]:
        """Return the organization and the id of each agent whose tasks wait for any worker."""

    @abstractmethod
    async def find_delegated(
        self, organization_id: str, worker_id: str, agent_ids: frozenset[str] | None = None
    ) -> TaskRecord | None:
        """Return the oldest task that another task started and that waits for this worker alone;
        one of these agents, if some are named.
        """

    @abstractmethod
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

    async def stop(
        self, organization_id: str, task_id: str, *, actor: str | None = None
    ) -> TaskRecord:
        """Stop a task; a finished one stays as it is. An `actor` is written down."""

        def run(work: Work) -> TaskRecord:
            record = work.whole(find_task(work, organization_id, task_id))
            outcome = task_machine.stop(record, work.now)
            save_task(work, record, outcome)
            audit_stop(work, record, outcome.record, actor)
            return outcome.record

        return await self._submit(Command(run, Reads(whole=(task_id,))))

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
        [*wanted] = dict.fromkeys(task_ids)

        def run(work: Work) -> Deleted:
            deleted: list[TaskRecord] = []
            with_them = 0
            for record in map(work.task, wanted):
                if record is None or record.organization_id != organization_id:
                    continue
                if not record.finished:
                    if not stop:
                        continue
                    record = work.whole(record)
                    stopped = task_machine.stop(record, work.now)
                    save_task(work, record, stopped)
                    record = stopped.record
                work.save(record, task_machine.Outcome(task_machine.bury(record, work.now)))
                work.topics.add(task_topic(record.id))
                work.forget_reports(organization_id, record.id)
                audit_action(work, organization_id, actor, "task.delete", record.id, "deleted")
                deleted.append(record)
            disown_tasks(work, deleted)
            for thread_id in _list_conversations(deleted) if with_threads else ():
                thread = work.thread(organization_id, thread_id)
                if thread is None or thread.gone or with_threads is None:
                    continue
                if with_threads(*threads.belongs_to(thread.read())):
                    forget_thread(work, thread)
                    audit_action(
                        work, organization_id, actor, "thread.delete", thread_id, "deleted"
                    )
                    with_them += 1
            return Deleted(tuple(deleted), with_them)

        return await self._submit(Command(run, Reads(tasks=tuple(wanted))))

    @abstractmethod
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

    async def add_audit(self, entry: AuditEntry) -> None:
        """Write down that something was done."""
        await self._submit(Command(lambda work: work.add_audit(entry)))

    async def audit(
        self, organization_id: str | None, *, cursor: str | None, limit: int
    ) -> AuditPage:
        """Return what was done in an organization, or in all, the newest first, from the cursor of
        the page before.
        """
        rows = await self._audit_rows(organization_id, parse_cursor(cursor), limit + 1)
        return build_audit_page(rows, limit)

    @abstractmethod
    async def _audit_rows(
        self, organization_id: str | None, before: int | None, limit: int
    ) -> Sequence[Any]:
        """Return the `AUDIT_FIELDS` of the newest entries with numbers below `before`."""

    def now(self) -> float:
        """Return the time that leases go by: seconds since 1970, UTC."""
        return self._clock()

    async def sweep(self, until: float | None = None) -> Swept:
        """Take back tasks whose leases ran out, some of each organization.

        With `until`, those whose leases ran out by then. Whoever first looks whether anybody could
        renew, and then sweeps, names the moment before both: it may stand still in between.
        """
        return await self._sweep.take_back(self.now() if until is None else until, self.presence)

    @property
    @abstractmethod
    def hears(self) -> bool:
        """Whether hints come through. When they don't, who waits for one has to look now and then.
        Whoever waits is woken at each change of it.
        """

    def watch(self, *topics: str, heard: Callable[[], None] | None = None) -> Subscription:
        """Listen for hints on these topics, from now on; `heard` is called for each."""
        return self._topics.watch(*topics, heard=heard)

    @abstractmethod
    async def doc_get(self, organization_id: str, kind: str, key: str) -> Document | None:
        """Return the document, if there is one."""

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

        When the version is another one, that is an `HttpError` with status 409. A repeated
        idempotency key is answered with what its first request stored. `audit` is written down
        with it.
        """

        def run(work: Work) -> Document:
            first = first_answer(work, organization_id, idempotency)
            if first is not None:
                made = work.document(organization_id, kind, first)
                if made is None:
                    raise HttpError(404, f"what this request made is gone: {kind} {first}")
                return made
            there = work.document(organization_id, kind, key)
            version = 0 if there is None else there.version
            if if_version is not None and if_version != version:
                raise HttpError(409, f"the document is at version {version}, not {if_version}")
            document = Document(kind, key, version + 1, value)
            work.save_document(organization_id, document)
            if audit is not None:
                work.add_audit(audit)
            remember_answer(work, organization_id, idempotency, key)
            return document

        return await self._submit(Command(run, Reads(documents=((organization_id, kind, key),))))

    @abstractmethod
    async def doc_list(self, organization_id: str, kind: str) -> Sequence[Document]:
        """Return all documents of a kind, by key."""

    async def add_report(
        self, organization_id: str, report: Report, *, key: IdempotencyKey | None = None
    ) -> None:
        """Keep a report; a repeated key adds nothing.

        That is an `HttpError` with status 404 when the report is of a task that was deleted.
        """

        def run(work: Work) -> None:
            task = None if report.task_id is None else work.task(report.task_id)
            if task_machine.is_grave(task, organization_id):
                raise unknown_task(str(report.task_id))
            if first_answer(work, organization_id, key) is not None:
                return
            known = task is not None and task.organization_id == organization_id
            user_id = task.user_id if task is not None and known else report.user_id
            work.add_report(organization_id, attrs.evolve(report, user_id=user_id))
            remember_answer(work, organization_id, key, report.kind)

        known_before = () if report.task_id is None else (report.task_id,)
        await self._submit(Command(run, Reads(tasks=known_before)))

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
        cutoffs = Cutoffs(
            events=events_before,
            keys=keys_before,
            reports=reports_before,
            tasks=tasks_before,
            threads=threads_before,
            audit=audit_before,
        )
        gone = await work_off(
            cutoffs.by_kind(self.now()), self._find_organizations, self._prune_some
        )
        return Pruned(**{name: gone[name] for name in attrs.fields_dict(Pruned)})

    @abstractmethod
    async def _submit(self, command: Command[T]) -> T:
        """Run a command; returns what it returned, once it is on disk."""

    @abstractmethod
    async def _find_overdue(self, until: float, most: int) -> Sequence[Overdue]:
        """Return tasks whose leases ran out by a moment, the longest ago first."""

    @abstractmethod
    async def _find_organizations(self, kind: Kind, before: float) -> Sequence[str]:
        """Return the organizations that have something of a kind from before a moment."""

    @abstractmethod
    async def _prune_some(
        self, kind: Kind, organization_id: str, before: float, limit: int
    ) -> Batch:
        """Forget some of what an organization has of a kind from before a moment."""


def _list_conversations(records: Sequence[TaskRecord]) -> Sequence[str]:
    """List the ids of the threads that tasks were talked about in."""
    found = (record.outline().get("conversation_id") for record in records)
    return [*dict.fromkeys(each for each in found if isinstance(each, str))]

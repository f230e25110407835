"""Every write of a store, once for all engines.

A write is a command: a function of the rows that it reads and changes. An engine gives it these
rows as a `Work`, inside a transaction that it shares with other commands, and stores what it made
of them. A command that raises `Refusal` leaves nothing behind. It may be run more than once until
its transaction is committed, so it changes nothing but its work.
"""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from itertools import islice, zip_longest
from typing import Any, TypeVar

import attrs
import orjson

from xpander_client.core.statuses import TERMINAL
from xpander_client.platform import machine, threads
from xpander_client.platform.refusal import Refusal
from xpander_client.platform.settings import Settings
from xpander_client.platform.stores.admission import Admission
from xpander_client.platform.stores.records import (
    AUDIT_FIELDS,
    Appended,
    AuditEntry,
    AuditPage,
    Deleted,
    Document,
    Extended,
    IdempotencyKey,
    MessageRecord,
    Overdue,
    Pruned,
    Put,
    Report,
    Swept,
    TaskRecord,
    ThreadRecord,
    audit_of,
)
from xpander_client.platform.stores.retention import Batch, Cutoffs, Kind, work_off
from xpander_client.platform.stores.store import (
    NO_POOLS,
    Store,
    ThreadStore,
    agent_topic,
    requeue_topic,
    task_topic,
    worker_topic,
)
from xpander_client.platform.stores.work import Command, Reads, Submit, Waiting, Work

T = TypeVar("T")

AT_ONCE = 1_000
"""So many messages of a thread are forgotten in one command."""

SWEEP = 2_000
"""So many tasks whose leases ran out are looked up at once,"""

TOGETHER = 100
"""and so many are taken back in one command: others wait behind it."""

ENOUGH = 3
"""When so many tasks in turn can't be taken back, and none could, nothing can be written."""

_logger = logging.getLogger(__name__)


def unknown(task_id: str) -> Refusal:
    """What to raise when there is no such task."""
    return Refusal(404, f"there is no task {task_id}")


def unknown_thread(thread_id: str) -> Refusal:
    """What to raise when there is no such thread."""
    return Refusal(404, f"there is no thread {thread_id}")


def place_of(cursor: str | None) -> int:
    """The number that a cursor stands for: what is asked for has lower ones.

    Raises:
        Refusal: 422, the cursor is none of ours.
    """
    if cursor is None:
        return 10**18
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Refusal(422, "this cursor was not given out by the platform")
    return int(cursor)


def audit_page(rows: Sequence[Any], limit: int) -> AuditPage:
    """A page of entries from rows of their fields, of which one more was read."""
    entries = tuple(AuditEntry(**dict(zip(AUDIT_FIELDS, row, strict=True))) for row in rows[:limit])
    return AuditPage(entries, str(entries[-1].number) if len(rows) > limit else None)


class CommandStore(Store):
    """The writes of a store; an engine adds the reads, and runs the commands."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings or Settings()
        self._admission = Admission(
            self._settings.queue_limit, self._settings.queue_wait, self._settings.queue_bytes
        )
        self._set_aside: dict[str, float] = {}

    @property
    def admission(self) -> Admission:
        """Who may queue up to write."""
        return self._admission

    @abstractmethod
    async def _submit(self, command: Command[T]) -> T:
        """Run a command; returns what it returned, once it is on disk."""

    @abstractmethod
    async def _overdue(self, until: float, most: int) -> Sequence[Overdue]:
        """Tasks whose leases ran out by a moment, the longest ago first."""

    @abstractmethod
    async def _with_old(self, kind: Kind, before: float) -> Sequence[str]:
        """The organizations that have something of a kind from before a moment."""

    @abstractmethod
    async def _prune_some(
        self, kind: Kind, organization_id: str, before: float, limit: int
    ) -> Batch:
        """Forget some of what an organization has of a kind from before a moment."""

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
        """Create a task, or continue the one with `existing_id`."""
        parent_id = body.get("parent_execution_id")

        def run(work: Work) -> Put:
            first = _first_answer(work, organization_id, key)
            if first is not None:
                return Put(work.whole(_find(work, organization_id, first)), repeated=True)
            if existing_id is None:
                outcome = machine.create(
                    task_id=task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=work.now,
                    offer_window=self._settings.offer_window,
                )
                _insert(work, outcome)
            else:
                record = work.whole(_find(work, organization_id, existing_id))
                outcome = machine.continue_(
                    record,
                    agent_id=agent_id,
                    body=body,
                    now=work.now,
                    last_seq=work.last_seq(existing_id),
                )
                _save(work, record, outcome)
            _adopt(work, outcome.record, parent_id)
            _remember(work, organization_id, key, outcome.record.id)
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
        """Create a task for another task; one of that id that is there already is answered."""

        def run(work: Work) -> Put:
            parent = _find(work, organization_id, parent_id)
            _keep_alive(work, parent, attempt, self._settings)
            if parent.finished:
                raise Refusal(409, f"the task is {parent.status}, which is final")
            there = work.task(task_id)
            if there is not None:
                return Put(work.whole(_find(work, organization_id, task_id)), repeated=True)
            outcome = machine.create(
                task_id=task_id,
                organization_id=organization_id,
                agent_id=agent_id,
                body={**body, "parent_execution_id": parent_id},
                now=work.now,
                offer_window=self._settings.offer_window,
            )
            _insert(work, outcome)
            _adopt(work, outcome.record, parent_id)
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
        """Store a task that ran elsewhere; a task of that id is finished by the report."""

        def run(work: Work) -> Put:
            first = _first_answer(work, organization_id, key)
            if first is not None:
                return Put(work.whole(_find(work, organization_id, first)), repeated=True)
            if work.task(task_id) is None:
                outcome = machine.report(
                    task_id=task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=work.now,
                    name=name,
                )
                _insert(work, outcome)
            else:
                record = work.whole(_find(work, organization_id, task_id))
                outcome = machine.report_existing(record, body, work.now)
                _save(work, record, outcome)
            _remember(work, organization_id, key, task_id)
            return Put(outcome.record)

        return await self._submit(Command(run, Reads(whole=(task_id,))))

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
        """Set fields of a task; see `machine.patch`."""
        # A task's last event has its result, whenever that was written.
        with_large_fields = whole or changes.get("status") in TERMINAL

        def run(work: Work) -> TaskRecord:
            record = _find(work, organization_id, task_id)
            if with_large_fields:
                record = work.whole(record)
            outcome = machine.patch(
                record,
                changes,
                attempt=attempt,
                now=work.now,
                lease=self._settings.lease,
                loop_lease=self._settings.loop_lease,
            )
            if record.finished and not outcome.record.finished:
                anew = attrs.evolve(outcome.record, run_from=work.last_seq(task_id))
                outcome = attrs.evolve(outcome, record=anew)
            _save(work, record, outcome)
            _audit_stop(work, record, outcome.record, actor)
            return outcome.record

        reads = Reads(whole=(task_id,)) if with_large_fields else Reads(tasks=(task_id,))
        return await self._submit(Command(run, reads))

    async def delete(
        self,
        organization_id: str,
        task_ids: Sequence[str],
        *,
        stop: bool = False,
        with_threads: Callable[[str | None, str | None], bool] | None = None,
        actor: str | None = None,
    ) -> Deleted:
        """Delete tasks with all that belongs to them; see `Store.delete`."""
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
                    stopped = machine.stop(record, work.now)
                    _save(work, record, stopped)
                    record = stopped.record
                work.save(record, machine.Outcome(machine.bury(record, work.now)))
                work.topics.add(task_topic(record.id))
                work.forget_reports(organization_id, record.id)
                _audit(work, organization_id, actor, "task.delete", record.id, "deleted")
                deleted.append(record)
            _orphan(work, deleted)
            for thread_id in _conversations(deleted) if with_threads else ():
                thread = work.thread(organization_id, thread_id)
                if thread is None or thread.gone or with_threads is None:
                    continue
                if with_threads(*threads.belongs_to(thread.read())):
                    _forget_thread(work, thread)
                    _audit(work, organization_id, actor, "thread.delete", thread_id, "deleted")
                    with_them += 1
            return Deleted(tuple(deleted), with_them)

        return await self._submit(Command(run, Reads(tasks=tuple(wanted))))

    async def keep_alive(
        self, organization_id: str, task_id: str, *, attempt: int | None
    ) -> TaskRecord:
        """Give a task's lease a new term, because its holder did something."""

        def run(work: Work) -> TaskRecord:
            record = _find(work, organization_id, task_id)
            return _keep_alive(work, record, attempt, self._settings)

        return await self._submit(Command(run, Reads(tasks=(task_id,))))

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

    async def stop(
        self, organization_id: str, task_id: str, *, actor: str | None = None
    ) -> TaskRecord:
        """Stop a task; a finished one stays as it is."""

        def run(work: Work) -> TaskRecord:
            record = work.whole(_find(work, organization_id, task_id))
            outcome = machine.stop(record, work.now)
            _save(work, record, outcome)
            _audit_stop(work, record, outcome.record, actor)
            return outcome.record

        return await self._submit(Command(run, Reads(whole=(task_id,))))

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
        ends = bool(events) and events[-1].get("type") == "task_finished"

        def run(work: Work) -> Appended:
            record = _find(work, organization_id, task_id)
            if _first_answer(work, organization_id, key) is not None:
                return Appended(record, work.last_seq(task_id), repeated=True)
            if ends:
                record = work.whole(record)  # its last event has the result
            outcome = machine.append(
                record,
                events,
                attempt=attempt,
                now=work.now,
                lease=self._settings.lease,
                loop_lease=self._settings.loop_lease,
            )
            last_seq = _save(work, record, outcome)
            _remember(work, organization_id, key, task_id)
            return Appended(outcome.record, last_seq)

        reads = Reads(whole=(task_id,)) if ends else Reads(tasks=(task_id,))
        return await self._submit(Command(run, reads))

    async def notify(
        self,
        organization_id: str,
        task_id: str,
        told: Mapping[str, Any],
        *,
        key: IdempotencyKey | None = None,
    ) -> Appended:
        """Keep what a task was told; see `machine.notify`."""

        def run(work: Work) -> Appended:
            record = _find(work, organization_id, task_id)
            first = _first_answer(work, organization_id, key)
            if first is not None:
                return Appended(record, int(first), repeated=True)
            outcome = machine.notify(record, told["key"], told.get("data"), work.now)
            last_seq = _save(work, record, outcome)
            if record.worker_id is not None:
                work.topics.add(worker_topic(organization_id, record.worker_id))
            _remember(work, organization_id, key, str(last_seq))
            return Appended(record, last_seq)

        return await self._submit(Command(run, Reads(tasks=(task_id,))))

    async def claim(
        self,
        organization_id: str,
        agent_id: str,
        worker_ids: Sequence[str],
        pools: Mapping[str, str] = NO_POOLS,
    ) -> Sequence[TaskRecord]:
        """Offer waiting tasks, the oldest first, one for each time that a worker is named."""
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
                claimed = machine.claim(
                    record,
                    worker_id,
                    pool=pool,
                    now=work.now,
                    offer_window=self._settings.offer_window,
                )
                work.save(record, machine.Outcome(claimed))
                offered.append(claimed)
            return offered

        most = Counter(pin for worker in workers for pin in dict.fromkeys(worker))
        waiting = Waiting(organization_id, agent_id, most)
        return await self._submit(Command(run, Reads(waiting=waiting)))

    async def sweep(self, until: float | None = None) -> Swept:
        """Take back tasks whose leases ran out, some of each organization."""
        until = self.now() if until is None else until
        now = time.monotonic()
        self._set_aside = {each: end for each, end in self._set_aside.items() if end > now}
        found = await self._overdue(until, SWEEP + len(self._set_aside))
        overdue = [each for each in found if each.task_id not in self._set_aside]
        if not overdue:
            return Swept()
        offers = {
            (each.organization_id, each.offered_to)
            for each in overdue
            if each.offered_to is not None
        }
        gone = await self.presence.gone(offers) if offers else frozenset()
        swept = [await self._take_back(some, gone, until) for some in _in_turn(overdue)]
        return Swept(
            tuple(record for each in swept for record in each.requeued),
            tuple(record for each in swept for record in each.exhausted),
            more=len(found) >= SWEEP,
        )

    async def _take_back(
        self, overdue: Sequence[Overdue], gone: Set[tuple[str, str]], until: float
    ) -> Swept:
        """Take back these tasks at once; where that fails, those that can be."""
        try:
            return await self._expire(overdue, gone, until)
        except Refusal:
            requeued: list[TaskRecord] = []
            exhausted: list[TaskRecord] = []
            refused = 0
            for each in overdue:
                try:
                    swept = await self._expire([each], gone, until)
                except Refusal as refusal:
                    # One task must not keep all others from their workers; it is tried again later.
                    self._set_aside[each.task_id] = time.monotonic() + self._settings.lease
                    _logger.error("task %s could not be taken back: %s", each.task_id, refusal)
                    refused += 1
                    if refused == ENOUGH and not requeued and not exhausted:
                        raise  # it is not the tasks
                else:
                    requeued += swept.requeued
                    exhausted += swept.exhausted
            return Swept(tuple(requeued), tuple(exhausted))

    async def _expire(
        self, overdue: Sequence[Overdue], gone: Set[tuple[str, str]], until: float
    ) -> Swept:
        def run(work: Work) -> Swept:
            requeued: list[TaskRecord] = []
            exhausted: list[TaskRecord] = []
            for each in overdue:
                record = work.task(each.task_id)
                if record is None or record.lease_until is None or record.lease_until > until:
                    continue
                outcome = machine.expire(
                    record,
                    now=work.now,
                    max_attempts=self._settings.max_attempts,
                    gone=(record.organization_id, record.worker_id) in gone,
                )
                if outcome is None:
                    continue
                _save(work, record, outcome)
                (exhausted if outcome.record.finished else requeued).append(record)
            return Swept(tuple(requeued), tuple(exhausted))

        return await self._submit(
            Command(run, Reads(tasks=tuple(each.task_id for each in overdue)))
        )

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
        """Store a document. With `if_version` only over that version (0: only a new one)."""

        def run(work: Work) -> Document:
            first = _first_answer(work, organization_id, idempotency)
            if first is not None:
                made = work.document(organization_id, kind, first)
                if made is None:
                    raise Refusal(404, f"what this request made is gone: {kind} {first}")
                return made
            there = work.document(organization_id, kind, key)
            version = 0 if there is None else there.version
            if if_version is not None and if_version != version:
                raise Refusal(409, f"the document is at version {version}, not {if_version}")
            document = Document(kind, key, version + 1, value)
            work.save_document(organization_id, document)
            if audit is not None:
                work.add_audit(audit)
            _remember(work, organization_id, idempotency, key)
            return document

        return await self._submit(Command(run, Reads(documents=((organization_id, kind, key),))))

    async def add_report(
        self, organization_id: str, report: Report, *, key: IdempotencyKey | None = None
    ) -> None:
        """Keep a report; a repeated key adds nothing."""

        def run(work: Work) -> None:
            task = None if report.task_id is None else work.task(report.task_id)
            if machine.is_grave_of(task, organization_id):
                raise unknown(str(report.task_id))
            if _first_answer(work, organization_id, key) is not None:
                return
            known = task is not None and task.organization_id == organization_id
            user_id = task.user_id if task is not None and known else report.user_id
            work.add_report(organization_id, attrs.evolve(report, user_id=user_id))
            _remember(work, organization_id, key, report.kind)

        known_before = () if report.task_id is None else (report.task_id,)
        await self._submit(Command(run, Reads(tasks=known_before)))

    async def add_audit(self, entry: AuditEntry) -> None:
        """Write down that something was done."""
        await self._submit(Command(lambda work: work.add_audit(entry)))

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
        """Forget what was before these moments, in small batches; None keeps all of a kind."""
        cutoffs = Cutoffs(
            events=events_before,
            keys=keys_before,
            reports=reports_before,
            tasks=tasks_before,
            threads=threads_before,
            audit=audit_before,
        )
        gone = await work_off(cutoffs.by_kind(self.now()), self._with_old, self._prune_some)
        return Pruned(**{name: gone[name] for name in attrs.fields_dict(Pruned)})


class CommandThreads(ThreadStore):
    """The writes to threads; an engine adds the reads."""

    def __init__(self, submit: Submit, settings: Settings) -> None:
        self._submit = submit
        self._settings = settings

    async def create(
        self,
        organization_id: str,
        body: Mapping[str, Any],
        *,
        thread_id: str,
        key: IdempotencyKey | None = None,
    ) -> ThreadRecord:
        """A new thread without messages, or the one that the key made before."""

        def run(work: Work) -> ThreadRecord:
            first = _first_answer(work, organization_id, key)
            if first is not None:
                return _find_thread(work, organization_id, first)
            if work.thread(organization_id, thread_id) is not None:
                raise Refusal(409, f"there is a thread {thread_id} already")
            document = threads.begin(thread_id, body, work.now)
            record = ThreadRecord(thread_id, organization_id, 0, orjson.dumps(document))
            work.insert_thread(record, *threads.belongs_to(document))
            _remember(work, organization_id, key, thread_id)
            return record

        return await self._submit(Command(run, Reads(threads=((organization_id, thread_id),))))

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
        """Add messages to the end, all or none; a sign of life of the task's holder."""
        added = [MessageRecord(message["role"], orjson.dumps(message)) for message in messages]

        def run(work: Work) -> Extended:
            thread = _find_thread(work, organization_id, thread_id)
            task = None if task_id is None else _find(work, organization_id, task_id)
            if _first_answer(work, organization_id, key) is not None:
                return Extended(thread, task)
            if task is not None:
                task = _keep_alive(work, task, attempt, self._settings)
            if added:
                work.extend_thread(thread, added)
            _remember(work, organization_id, key, thread_id)
            return Extended(attrs.evolve(thread, length=thread.length + len(added)), task)

        reads = Reads(
            threads=((organization_id, thread_id),), tasks=() if task_id is None else (task_id,)
        )
        return await self._submit(Command(run, reads))

    async def update(
        self,
        organization_id: str,
        thread_id: str,
        changes: Mapping[str, Any],
        *,
        messages: Sequence[Mapping[str, Any]] | None = None,
    ) -> ThreadRecord:
        """Set fields of a thread; `messages` take the place of those that it has."""
        replacing = (
            None
            if messages is None
            else [MessageRecord(message["role"], orjson.dumps(message)) for message in messages]
        )

        def run(work: Work) -> ThreadRecord:
            thread = _find_thread(work, organization_id, thread_id)
            document = threads.changed(thread.read(), changes)
            changed = attrs.evolve(thread, document=orjson.dumps(document))
            if replacing is not None:
                work.empty_thread(thread)
                changed = attrs.evolve(changed, length=0)
            work.save_thread(changed, *threads.belongs_to(document))
            if replacing:
                work.extend_thread(changed, replacing)
                changed = attrs.evolve(changed, length=len(replacing))
            return changed

        return await self._submit(Command(run, Reads(threads=((organization_id, thread_id),))))

    async def delete(
        self, organization_id: str, thread_id: str, *, actor: str | None = None
    ) -> None:
        """Forget a thread and its messages."""

        def run(work: Work) -> None:
            _forget_thread(work, _find_thread(work, organization_id, thread_id))
            _audit(work, organization_id, actor, "thread.delete", thread_id, "deleted")

        await self._submit(Command(run, Reads(threads=((organization_id, thread_id),))))


def _in_turn(overdue: Sequence[Overdue]) -> Iterator[Sequence[Overdue]]:
    """The tasks in parts that are short enough for others to write in between, so that no
    organization waits until all tasks of another are taken back.
    """
    queues: dict[str, list[Overdue]] = {}
    for each in overdue:
        queues.setdefault(each.organization_id, []).append(each)
    turns = (each for turn in zip_longest(*queues.values()) for each in turn if each is not None)
    while some := tuple(islice(turns, TOGETHER)):
        yield some


def _keep_alive(
    work: Work, record: TaskRecord, attempt: int | None, settings: Settings
) -> TaskRecord:
    """Give the task's lease a new term, because its holder did something.

    Raises:
        Refusal: 409, the attempt does not hold the task. Nothing has been written then.
    """
    if attempt is None:
        return record
    alive = machine.sign_of_life(
        record, attempt, now=work.now, lease=settings.lease, loop_lease=settings.loop_lease
    )
    if alive is not record:
        work.renew(alive)
    return alive


def _find(work: Work, organization_id: str, task_id: str) -> TaskRecord:
    record = work.task(task_id)
    if record is None or record.organization_id != organization_id:
        raise unknown(task_id)
    return record


def _find_thread(work: Work, organization_id: str, thread_id: str) -> ThreadRecord:
    record = work.thread(organization_id, thread_id)
    if record is None or record.gone:
        raise unknown_thread(thread_id)
    return record


def _orphan(work: Work, deleted: Sequence[TaskRecord]) -> None:
    """Take deleted tasks off the lists of those that started them."""
    children: dict[str, list[str]] = {}
    for record in deleted:
        if record.parent_task_id is not None:
            children.setdefault(record.parent_task_id, []).append(record.id)
    for parent_id, ids in children.items():
        parent = work.task(parent_id)
        if parent is not None and parent.organization_id == deleted[0].organization_id:
            work.save(parent, machine.disown(parent, ids))


def _conversations(records: Sequence[TaskRecord]) -> Sequence[str]:
    """The ids of the threads that tasks were talked about in."""
    found = (record.outline().get("conversation_id") for record in records)
    return [*dict.fromkeys(each for each in found if isinstance(each, str))]


def _forget_thread(work: Work, thread: ThreadRecord) -> None:
    """Nobody finds the thread any more. The messages of a long one are forgotten later, as others
    wait for this.
    """
    if thread.length > AT_ONCE:
        work.save_thread(attrs.evolve(thread, document=b""), None, None)
    else:
        work.empty_thread(thread)
        work.delete_thread(thread)


def _audit(
    work: Work, organization_id: str, actor: str | None, action: str, what: str, outcome: str
) -> None:
    """Write down what is done, if anybody is to answer for it."""
    if actor is not None:
        work.add_audit(audit_of(organization_id, actor, action, what, outcome))


def _audit_stop(work: Work, before: TaskRecord, after: TaskRecord, actor: str | None) -> None:
    if after.status == "stopped" != before.status:
        _audit(work, after.organization_id, actor, "task.stop", after.id, "stopped")


def _insert(work: Work, outcome: machine.Outcome) -> None:
    work.insert(outcome)
    _tell(work, None, outcome)


def _save(work: Work, before: TaskRecord, outcome: machine.Outcome) -> int:
    last_seq = work.save(before, outcome)
    _tell(work, before, outcome)
    return last_seq


def _tell(work: Work, before: TaskRecord | None, outcome: machine.Outcome) -> None:
    """Say who should hear of a change: who follows the task, who waits for work, who held it."""
    record = outcome.record
    if outcome.events:
        work.topics.add(task_topic(record.id))
    if record.status == "pending" and record.worker_id is None:
        place = record.organization_id, record.agent_id
        work.topics.add(agent_topic(*place, record.pinned_to))
        if before is not None:
            work.topics.add(requeue_topic(*place))
    holder = record.worker_id if before is None else before.worker_id
    if holder is not None and (before is None or _hold(before) != _hold(record)):
        work.topics.add(worker_topic(record.organization_id, holder))


def _hold(record: TaskRecord) -> tuple[str | None, int, str]:
    return record.worker_id, record.attempt, record.status


def _adopt(work: Work, child: TaskRecord, parent_id: Any) -> None:
    """Tell the task that a new task's body names as its parent."""
    if parent_id is None:
        return
    try:
        parent = _find(work, child.organization_id, parent_id)
    except Refusal as refusal:
        raise Refusal(422, refusal.detail, "$.parent_execution_id") from None
    _save(work, parent, machine.adopt(parent, child.id, work.now))


def _first_answer(work: Work, organization_id: str, key: IdempotencyKey | None) -> str | None:
    """What the first request with this key made, if there was one."""
    if key is None:
        return None
    kept = work.answer(organization_id, key.key)
    if kept is None:
        return None
    fingerprint, answer = kept
    if fingerprint != key.fingerprint:
        raise Refusal(422, "this idempotency key was used for another request")
    return answer


def _remember(work: Work, organization_id: str, key: IdempotencyKey | None, answer: str) -> None:
    if key is not None:
        work.remember(organization_id, key, answer)

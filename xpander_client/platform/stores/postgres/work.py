"""The rows of a transaction of the database, while many commands work on them.

The rows that the commands are going to read are fetched for all of them at once; they read and
change these here, and what came of it is written at once. So a transaction costs a few round trips,
however many commands it holds, and only one when the rows are recalled instead of fetched. Nothing
of this does I/O; `transaction.py` does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import orjson

from xpander_client.platform.rules import task_machine
from xpander_client.platform.rules.records import (
    AuditEntry,
    Document,
    EventRecord,
    IdempotencyKey,
    MessageRecord,
    Report,
    TaskRecord,
    ThreadRecord,
)
from xpander_client.platform.stores.base.transaction import Reads

_GONE = b""
"""Stands for the JSON of a large field that is no more."""


class NotFetched(Exception):
    """A command asked for rows that were not fetched. With them it has to be run once more."""


@attrs.define
class RowsToFetch:
    """Rows to fetch. What was looked for and not found counts as fetched. Of the tasks, those that
    are `whole` are fetched with their large fields.
    """

    tasks: set[str] = attrs.field(factory=set)
    whole: set[str] = attrs.field(factory=set)
    keys: set[tuple[str, str]] = attrs.field(factory=set)
    threads: set[tuple[str, str]] = attrs.field(factory=set)
    documents: set[tuple[str, str, str]] = attrs.field(factory=set)
    waiting: dict[tuple[str, str], Counter[str | None]] = attrs.field(factory=dict)

    def add(self, reads: Reads) -> None:
        """Fetch what a command says that it is going to read, too."""
        self.tasks.update(reads.tasks, reads.whole)
        self.whole.update(reads.whole)
        self.threads.update(reads.threads)
        self.documents.update(reads.documents)
        if reads.waiting is not None:
            place = reads.waiting.organization_id, reads.waiting.agent_id
            self.waiting.setdefault(place, Counter()).update(reads.waiting.most)

    def merge(self, more: RowsToFetch) -> None:
        """Fetch what was missed, too."""
        self.tasks |= more.tasks
        self.whole |= more.whole
        self.keys |= more.keys
        self.threads |= more.threads
        self.documents |= more.documents

    def __bool__(self) -> bool:
        return bool(self.tasks or self.keys or self.threads or self.documents or self.waiting)


@attrs.frozen
class TaskRow:
    """A task as it stands in the work. `saved` says that it has to be written. One that was not
    fetched, but recalled, has the `version` that its row must still have: the number of the
    transaction that wrote it, see `VersionedTasks`. `number` is its place in the queue, None for
    one that is the last.
    """

    record: TaskRecord
    last_seq: int
    number: int | None = None
    new: bool = False
    saved: bool = False
    version: int | None = None


@attrs.define
class _WorkThread:
    record: ThreadRecord
    user_id: str | None = None
    agent_id: str | None = None
    new: bool = False
    saved: bool = False
    longer: bool = False


@attrs.define
class _Document:
    """A document as it stands in the work. One that has to be written is `encoded`."""

    document: Document
    encoded: bytes | None = None
    new: bool = False


@attrs.define(kw_only=True)
class Changes:
    """What to write. Of each table the rows to add and those to change.

    With `versions` the tasks are changed only if all of them have these; else nothing is written.
    """

    now: float
    new_tasks: list[TaskRecord]
    new_last: list[int]
    tasks: list[TaskRecord]
    last: list[int]
    versions: list[int] | None
    large_fields: list[tuple[str, str, bytes]]
    gone_fields: list[tuple[str, str]]
    events: list[tuple[str, EventRecord]]
    keys: list[tuple[str, IdempotencyKey, str]]
    new_threads: list[tuple[ThreadRecord, str | None, str | None]]
    threads: list[tuple[ThreadRecord, str | None, str | None]]
    lengths: list[ThreadRecord]
    emptied: list[tuple[str, str]]
    deleted: list[tuple[str, str]]
    messages: list[tuple[str, str, int, MessageRecord]]
    new_documents: list[tuple[str, Document, bytes]]
    documents: list[tuple[str, Document, bytes]]
    reports: list[tuple[str, Report]]
    unreported: list[tuple[str, str]]
    audit: list[AuditEntry]

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in attrs.fields(Changes)[1:])


class PostgresWork:
    """A `Work` over fetched rows.

    With `assume_new_keys`, an idempotency key that was not fetched counts as new. If it isn't, the
    database refuses it, and the commands are run again with what there is: that costs a round trip
    for the rare key that is repeated, instead of one for every key. `now` is the moment of the
    transaction, `size` how many bytes the commands have looked at and will write, about.
    """

    def __init__(self, now: float, *, assume_new_keys: bool) -> None:
        self._now = now
        self._topics: set[str] = set()
        self.assume_new_keys = assume_new_keys
        self.wanted = RowsToFetch()
        self.assumed_keys: set[tuple[str, str]] = set()
        self.size = 0
        self._size_before = 0
        self._tasks: dict[str, TaskRow | None] = {}
        self._keys: dict[tuple[str, str], tuple[bytes, str] | None] = {}
        self._threads: dict[tuple[str, str], _WorkThread | None] = {}
        self._documents: dict[tuple[str, str, str], _Document | None] = {}
        self._candidates: dict[tuple[str, str], dict[str, None]] = {}
        self._queues: dict[tuple[str, str], list[str]] = {}
        self._bodies: dict[str, dict[str, bytes]] = {}
        self._large_fields: dict[tuple[str, str], bytes | None] = {}
        self._events: list[tuple[str, EventRecord]] = []
        self._new_keys: list[tuple[str, IdempotencyKey, str]] = []
        self._messages: list[tuple[str, str, int, MessageRecord]] = []
        self._reports: list[tuple[str, Report]] = []
        self._unreported: list[tuple[str, str]] = []
        self._audit: list[AuditEntry] = []
        self._emptied: list[tuple[str, str]] = []
        self._deleted: list[tuple[str, str]] = []
        self._undo: list[Callable[[], Any]] = []

    @property
    def now(self) -> float:
        """Seconds since 1970, by the store's clock."""
        return self._now

    @property
    def topics(self) -> set[str]:
        """Who watches one of these hears of the commit."""
        return self._topics

    @property
    def events(self) -> Sequence[tuple[str, EventRecord]]:
        """The new events, each with its task."""
        return self._events

    # What was fetched ----------------------------------------------------------------------------

    def recall(self, rows: Iterable[TaskRow]) -> None:
        """Take tasks for what they were when they were last written, until the database says
        otherwise.
        """
        self._tasks.update((row.record.id, row) for row in rows)

    @property
    def recalled(self) -> Sequence[TaskRow]:
        """The tasks that were recalled, as they stand in the work."""
        return [row for row in self._tasks.values() if row is not None and row.version is not None]

    @property
    def is_verified(self) -> bool:
        """Whether writing will confirm all that was recalled.

        Only rows that are changed are compared. What a command did may also depend on a task that
        it read and left alone, and of which nothing would tell that it was out of date.
        """
        return all(row.saved for row in self.recalled)

    def add_tasks(self, ids: Iterable[str], found: Iterable[TaskRow]) -> None:
        """Add the tasks that were found of those looked for; such as wait can be claimed as well.

        What the work has already is newer than what was found.
        """
        for row in found:
            self._tasks.setdefault(row.record.id, row)
            self._release(row.record)
        for task_id in ids:
            self._tasks.setdefault(task_id, None)

    def add_large_fields(self, ids: Iterable[str], found: Iterable[tuple[str, str, bytes]]) -> None:
        """Add the large fields that were found of the tasks for which they were looked for."""
        for task_id in ids:
            self._bodies[task_id] = {}
        for task_id, name, body in found:
            self._bodies[task_id][name] = body

    def add_keys(
        self,
        keys: Iterable[tuple[str, str]],
        found: Iterable[tuple[str, str, bytes, str]],
    ) -> None:
        """Add the idempotency keys that were found of those looked for."""
        for organization_id, key, fingerprint, answer in found:
            self._keys.setdefault((organization_id, key), (fingerprint, answer))
        for place in keys:
            self._keys.setdefault(place, None)

    def add_threads(
        self,
        places: Iterable[tuple[str, str]],
        found: Iterable[tuple[ThreadRecord, str | None, str | None]],
    ) -> None:
        """Add the threads that were found of those looked for, with whom they belong to."""
        for record, user_id, agent_id in found:
            place = record.organization_id, record.id
            self._threads.setdefault(place, _WorkThread(record, user_id, agent_id))
        for place in places:
            self._threads.setdefault(place, None)

    def add_documents(
        self,
        places: Iterable[tuple[str, str, str]],
        found: Iterable[tuple[str, Document]],
    ) -> None:
        """Add the documents that were found of those looked for."""
        for organization_id, document in found:
            place = organization_id, document.kind, document.key
            self._documents.setdefault(place, _Document(document))
        for place in places:
            self._documents.setdefault(place, None)

    def add_waiting(self, organization_id: str, agent_id: str, found: Iterable[TaskRow]) -> None:
        """Add tasks of an agent that may be claimed, in this order."""
        candidates = self._candidates.setdefault((organization_id, agent_id), {})
        for row in found:
            self._tasks.setdefault(row.record.id, row)
            candidates[row.record.id] = None

    # Commands in turn ----------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin the next command; what `undo` takes back is its changes."""
        self._undo.clear()
        self.assumed_keys.clear()
        self._size_before = self.size

    def undo(self) -> None:
        """Take back what the command that refused has changed."""
        while self._undo:
            self._undo.pop()()
        self.size = self._size_before

    def _set(self, rows: dict[Any, Any], key: Any, value: Any) -> None:
        before = rows.get(key)
        self._undo.append(lambda: rows.__setitem__(key, before))
        rows[key] = value

    def _add(self, rows: list[Any], *values: Any) -> None:
        length = len(rows)
        self._undo.append(lambda: rows.__delitem__(slice(length, None)))
        rows.extend(values)

    # Tasks and their events ----------------------------------------------------------------------

    def task(self, task_id: str) -> TaskRecord | None:
        """Return the task, whosever it is."""
        if task_id not in self._tasks:
            self.wanted.tasks.add(task_id)
            raise NotFetched
        row = self._tasks[task_id]
        if row is None:
            return None
        self.size += len(row.record.document)
        return row.record

    def whole(self, record: TaskRecord) -> TaskRecord:
        """Return the task as it stands, with its large fields."""
        if record.whole:
            return record
        if record.id not in self._bodies:
            self.wanted.tasks.add(record.id)
            self.wanted.whole.add(record.id)
            raise NotFetched
        self.size += sum(map(len, self._bodies[record.id].values()))
        return record.with_bodies(self._bodies[record.id])

    def last_seq(self, task_id: str) -> int:
        """Return the number of the last event of a task that there is."""
        row = self._tasks[task_id]
        assert row is not None
        return row.last_seq

    def insert(self, outcome: task_machine.Outcome) -> None:
        """Add a task and its events."""
        record = outcome.record
        self._set(self._tasks, record.id, TaskRow(record, len(outcome.events), new=True))
        self._keep_apart(None, record)
        self._release(record)
        self._number(record.id, 0, outcome)

    def save(self, before: TaskRecord, outcome: task_machine.Outcome) -> int:
        """Write what changed of a task, and its new events; returns the last one's number."""
        record = outcome.record
        row = self._tasks[record.id]
        assert row is not None
        last_seq = row.last_seq + len(outcome.events)
        if record is not before or outcome.events:
            changed = attrs.evolve(row, record=record, last_seq=last_seq, saved=True)
            self._set(self._tasks, record.id, changed)
            self._keep_apart(before, record)
            self._release(record)
            self._number(record.id, row.last_seq, outcome)
        return last_seq

    def _release(self, record: TaskRecord) -> None:
        """Let a later command of the transaction claim the task, if it waits."""
        if record.waits:
            place = record.organization_id, record.agent_id
            self._candidates.setdefault(place, {})[record.id] = None
            self._queues.pop(place, None)

    def _keep_apart(self, before: TaskRecord | None, record: TaskRecord) -> None:
        """Write the large fields that changed, and forget those that went."""
        if record.large != (before.large if before is not None else None):
            written, gone = record.compare(before)
            for name in written:
                self.size += len(record.bodies[name])
                self._set(self._large_fields, (record.id, name), record.bodies[name])
            for name in gone:
                self._set(self._large_fields, (record.id, name), _GONE)

    def renew(self, record: TaskRecord) -> None:
        """Write the end of a task's lease."""
        row = self._tasks[record.id]
        assert row is not None
        self._set(self._tasks, record.id, attrs.evolve(row, record=record, saved=True))

    def _number(self, task_id: str, last_seq: int, outcome: task_machine.Outcome) -> None:
        self.size += len(outcome.record.document)
        self.size += sum(len(event.body) for event in outcome.events)
        self._add(
            self._events,
            *(
                (task_id, EventRecord(seq, event.type, event.body))
                for seq, event in enumerate(outcome.events, last_seq + 1)
            ),
        )

    def waiting(
        self, organization_id: str, agent_id: str, pins: Sequence[str | None]
    ) -> TaskRecord | None:
        """Return the oldest task that waits in one of these queues, among those that were fetched,
        or were made to wait by an earlier command.
        """
        place = organization_id, agent_id
        if place not in self._queues:
            self._queues[place] = sorted(self._candidates.get(place, ()), key=self._turn)
        for task_id in self._queues[place]:
            record = self.task(task_id)
            if (
                record is not None
                and record.agent_id == agent_id
                and record.waits
                and record.pinned_to in pins
            ):
                return record
        return None

    def _turn(self, task_id: str) -> float:
        row = self._tasks[task_id]
        return math.inf if row is None or row.number is None else row.number

    # Idempotency keys ----------------------------------------------------------------------------

    def answer(self, organization_id: str, key: str) -> tuple[bytes, str] | None:
        """Return the fingerprint of the first request with an idempotency key, and its answer."""
        place = organization_id, key
        if place not in self._keys:
            if not self.assume_new_keys:
                self.wanted.keys.add(place)
                raise NotFetched
            self.assumed_keys.add(place)
        return self._keys.get(place)

    def remember(self, organization_id: str, key: IdempotencyKey, answer: str) -> None:
        """Keep what the first request with this key made."""
        self._set(self._keys, (organization_id, key.key), (key.fingerprint, answer))
        self._add(self._new_keys, (organization_id, key, answer))

    # Threads -------------------------------------------------------------------------------------

    def thread(self, organization_id: str, thread_id: str) -> ThreadRecord | None:
        """Return the thread."""
        place = organization_id, thread_id
        if place not in self._threads:
            self.wanted.threads.add(place)
            raise NotFetched
        row = self._threads[place]
        return None if row is None else row.record

    def insert_thread(
        self, record: ThreadRecord, user_id: str | None, agent_id: str | None
    ) -> None:
        """Add a thread without messages."""
        place = record.organization_id, record.id
        self.size += len(record.document)
        self._set(self._threads, place, _WorkThread(record, user_id, agent_id, new=True))

    def save_thread(self, record: ThreadRecord, user_id: str | None, agent_id: str | None) -> None:
        """Write a thread's document and its length."""
        place = record.organization_id, record.id
        row = self._threads[place]
        assert row is not None
        self.size += len(record.document)
        self._set(self._threads, place, _WorkThread(record, user_id, agent_id, row.new, saved=True))

    def extend_thread(self, thread: ThreadRecord, messages: Sequence[MessageRecord]) -> None:
        """Add messages behind the thread's last one, and count them in its length."""
        place = thread.organization_id, thread.id
        row = self._threads[place]
        assert row is not None
        length = row.record.length
        self.size += sum(len(message.body) for message in messages)
        longer = attrs.evolve(row.record, length=length + len(messages))
        self._set(self._threads, place, attrs.evolve(row, record=longer, longer=True))
        self._add(
            self._messages,
            *((*place, number, message) for number, message in enumerate(messages, length)),
        )

    def empty_thread(self, thread: ThreadRecord) -> None:
        """Forget the thread's messages. Its length stays as it is written."""
        place = thread.organization_id, thread.id
        kept = [message for message in self._messages if message[:2] != place]
        before = self._messages[:]
        self._undo.append(lambda: self._messages.__setitem__(slice(None), before))
        self._messages[:] = kept
        self._add(self._emptied, place)

    def delete_thread(self, thread: ThreadRecord) -> None:
        """Forget a thread that has no messages any more."""
        place = thread.organization_id, thread.id
        self._set(self._threads, place, None)
        self._add(self._deleted, place)

    # Documents -----------------------------------------------------------------------------------

    def document(self, organization_id: str, kind: str, key: str) -> Document | None:
        """Return the document."""
        place = organization_id, kind, key
        if place not in self._documents:
            self.wanted.documents.add(place)
            raise NotFetched
        row = self._documents[place]
        return None if row is None else row.document

    def save_document(self, organization_id: str, document: Document) -> None:
        """Write a document, in whatever place of the version before."""
        place = organization_id, document.kind, document.key
        row = self._documents[place]
        encoded = orjson.dumps(document.value)
        self.size += len(encoded)
        self._set(
            self._documents,
            place,
            _Document(document, encoded, new=row is None or row.new),
        )

    def add_report(self, organization_id: str, report: Report) -> None:
        """Add a report, of this moment."""
        self.size += len(report.value)
        self._add(self._reports, (organization_id, report))

    def forget_reports(self, organization_id: str, task_id: str) -> None:
        """Forget the reports of a task."""
        kept = [
            (place, report)
            for place, report in self._reports
            if (place, report.task_id) != (organization_id, task_id)
        ]
        if len(kept) != len(self._reports):
            before = self._reports[:]
            self._undo.append(lambda: self._reports.__setitem__(slice(None), before))
            self._reports[:] = kept
        self._add(self._unreported, (organization_id, task_id))

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what is done, at this moment."""
        self._add(self._audit, entry)

    # ---------------------------------------------------------------------------------------------

    def changes(self) -> Changes:
        """Return what there is to write."""
        tasks = [row for row in self._tasks.values() if row is not None]
        threads = [row for row in self._threads.values() if row is not None]
        documents = [
            (row.new, (place[0], row.document, row.encoded))
            for place, row in self._documents.items()
            if row is not None and row.encoded is not None
        ]
        new_tasks = [row for row in tasks if row.new]
        # In the order in which rows are locked everywhere.
        saved = sorted(
            (row for row in tasks if row.saved and not row.new), key=lambda row: row.record.id
        )
        versions = [row.version for row in saved if row.version is not None]
        return Changes(
            now=self._now,
            new_tasks=[row.record for row in new_tasks],
            new_last=[row.last_seq for row in new_tasks],
            tasks=[row.record for row in saved],
            last=[row.last_seq for row in saved],
            versions=versions or None,
            large_fields=[(*place, body) for place, body in self._large_fields.items() if body],
            gone_fields=[place for place, body in self._large_fields.items() if body == _GONE],
            events=self._events,
            keys=self._new_keys,
            new_threads=[_whole(row) for row in threads if row.new],
            threads=[_whole(row) for row in threads if row.saved and not row.new],
            lengths=[row.record for row in threads if row.longer and not (row.new or row.saved)],
            emptied=self._emptied,
            deleted=self._deleted,
            messages=self._messages,
            new_documents=[each for new, each in documents if new],
            documents=[each for new, each in documents if not new],
            reports=self._reports,
            unreported=self._unreported,
            audit=self._audit,
        )


def _whole(row: _WorkThread) -> tuple[ThreadRecord, str | None, str | None]:
    return row.record, row.user_id, row.agent_id

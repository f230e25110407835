"""The rows of a transaction in the file: what commands read and change there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import attrs
import orjson

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.rules import task_machine
from xpander_client.platform.rules.records import (
    TASK_FIELDS,
    AuditEntry,
    Document,
    EventRecord,
    IdempotencyKey,
    MessageRecord,
    NewEvent,
    Report,
    TaskRecord,
    ThreadRecord,
)
from xpander_client.platform.stores.base.recent_tasks import RecentTasks
from xpander_client.platform.stores.base.retention import floor_to_hour
from xpander_client.platform.stores.sqlite.group_commit import Transaction

# An event's place is its task's number and its own in one integer: a task's events lie side by
# side, in order, and need no other index. A thread's messages are kept likewise, from 0 on.
SEQ_BITS = 32
SEQ_MASK = (1 << SEQ_BITS) - 1

_COLUMNS = ", ".join(TASK_FIELDS)
_values: Callable[[TaskRecord], tuple[Any, ...]] = attrgetter(*TASK_FIELDS)
SELECT = f"SELECT number, {_COLUMNS} FROM tasks"
_INSERT = f"INSERT INTO tasks ({_COLUMNS}) VALUES ({', '.join('?' * len(TASK_FIELDS))})"
SIZE = (
    "length(document) + iif(large IS NULL, 0, "
    "(SELECT sum(length(body)) FROM large_fields WHERE task = number))"
)
SELECT_THREAD = "SELECT number, id, organization_id, length, document FROM threads"

_NEXT_PIN = (
    "SELECT min(pinned_to) FROM tasks INDEXED BY tasks_pinned WHERE organization_id = :organization"
    " AND agent_id = :agent AND status = 'pending' AND worker_id IS NULL AND pinned_to"
)
PINS = (
    f"WITH RECURSIVE pins (pin) AS ({_NEXT_PIN} IS NOT NULL UNION ALL "
    f"SELECT ({_NEXT_PIN} > pins.pin) FROM pins WHERE pins.pin IS NOT NULL) "
    "SELECT pin FROM pins WHERE pin IS NOT NULL"
)
"""To what tasks that wait for an agent are pinned: a step through the index for each, however many
tasks wait.
"""


def queue(
    columns: str, organization_id: str, agent_id: str, pin: str | None, limit: int
) -> tuple[str, tuple[Any, ...]]:
    """Build the statement that reads the oldest tasks that wait in a queue, and its parameters."""
    # The planner knows nothing of how many tasks there are, and would take any index.
    index, pinned = ("waiting", "IS NULL") if pin is None else ("pinned", "= ?")
    sql = (
        f"SELECT {columns} FROM tasks INDEXED BY tasks_{index} WHERE organization_id = ? "
        "AND agent_id = ? AND status = 'pending' AND worker_id IS NULL "
        f"AND pinned_to {pinned} ORDER BY number LIMIT ?"
    )
    place = organization_id, agent_id
    return sql, (*place, limit) if pin is None else (*place, pin, limit)


def read_task(row: Sequence[Any]) -> tuple[int, TaskRecord]:
    """Read a task's number and the task from a row that `SELECT` gives."""
    number, *values = row
    return number, TaskRecord(**dict(zip(TASK_FIELDS, values, strict=True)))


def read_large_fields(
    connection: sqlite3.Connection, number: int, record: TaskRecord
) -> TaskRecord:
    """Read a task's large fields that were not read yet, in the transaction in which it was."""
    rows = connection.execute("SELECT name, body FROM large_fields WHERE task = ?", (number,))
    return record.with_bodies(dict(rows.fetchall()))


def read_thread(row: Sequence[Any]) -> tuple[int, ThreadRecord]:
    """Read a thread's number and the thread from a row that `SELECT_THREAD` gives."""
    number, *fields = row
    return number, ThreadRecord(*fields)


def read_document(row: Sequence[Any]) -> Document:
    """Read a document from its kind, key, version and value."""
    kind, key, version, value = row
    return Document(kind, key, version, orjson.loads(value))


@attrs.frozen
class TaskRow:
    """A task, without its large fields, at its place in the file. `last_seq` is None as long as it
    was not looked for.
    """

    number: int
    record: TaskRecord
    last_seq: int | None = None


@lru_cache(maxsize=256)
def _build_update(names: tuple[str, ...]) -> str:
    changes = "".join(f"{name} = ?, " for name in names)
    return f"UPDATE tasks SET {changes}pruned = 0 WHERE number = ?"


class SqliteWork(Transaction):
    """A `Work` that reads and writes at once: the transaction keeps it together. `events` are those
    that it adds, each with its task's id.

    Tasks that were written lately are `recent`. One that is written again is not, until the commit:
    so nobody finds there what is out of date, nor what may be undone.
    """

    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, recent: RecentTasks[TaskRow]
    ) -> None:
        super().__init__(connection)
        self._clock = clock
        self._recent = recent
        self.events: list[tuple[str, EventRecord]] = []
        self._rows: dict[str, TaskRow] = {}
        self._thread_numbers: dict[tuple[str, str], int] = {}

    @property
    def now(self) -> float:
        """Seconds since 1970, by the store's clock."""
        return self._clock()

    def commit(self) -> None:
        """Make durable what was written; whoever needs one of the tasks next finds it."""
        super().commit()
        for row in self._rows.values():
            self._recent.keep(row.record, row)

    # Tasks and their events ----------------------------------------------------------------------

    def task(self, task_id: str) -> TaskRecord | None:
        """Return the task, whosever it is."""
        row = self._rows.get(task_id) or self._recent.find(task_id)
        if row is None:
            found = self.execute(f"{SELECT} WHERE id = ?", (task_id,)).fetchone()
            if found is None:
                return None
            row = TaskRow(*read_task(found))
        self._rows[task_id] = row
        return row.record

    def _set(self, number: int, record: TaskRecord, last_seq: int | None) -> None:
        kept = record if record.large is None else attrs.evolve(record, bodies={})
        self._recent.forget((record.id,))
        self._rows[record.id] = TaskRow(number, kept, last_seq)

    def forget_tasks(self, task_ids: Iterable[str]) -> None:
        """Read these tasks anew: a statement has changed them."""
        for task_id in task_ids:
            self._rows.pop(task_id, None)
            self._recent.forget((task_id,))

    def forget_all_tasks(self) -> None:
        """Read all tasks anew: a statement may have changed any of them."""
        self._rows.clear()
        self._recent.clear()

    def whole(self, record: TaskRecord) -> TaskRecord:
        """Return the task as it stands, with its large fields."""
        if record.whole:
            return record
        read = read_large_fields(self.connection, self._rows[record.id].number, record)
        self.size += sum(map(len, read.bodies.values()))
        return read

    def last_seq(self, task_id: str) -> int:
        """Return the number of the last event of a task that there is."""
        row = self._rows[task_id]
        if row.last_seq is not None:
            return row.last_seq
        base = row.number << SEQ_BITS
        [last] = self.execute(
            "SELECT max(place) FROM events WHERE place > ? AND place <= ?", (base, base + SEQ_MASK)
        ).fetchone()
        last_seq = (last or 0) & SEQ_MASK
        self._rows[task_id] = TaskRow(row.number, row.record, last_seq)
        return last_seq

    def insert(self, outcome: task_machine.Outcome) -> None:
        """Add a task and its events."""
        number = self.execute(_INSERT, _values(outcome.record)).lastrowid
        assert number is not None
        self.size += len(outcome.record.document)
        self._set(number, outcome.record, len(outcome.events))
        self._keep_apart(number, None, outcome.record)
        self._append(outcome.record.id, number, 0, outcome.events)

    def save(self, before: TaskRecord, outcome: task_machine.Outcome) -> int:
        """Write what changed of a task, and its new events; returns the last one's number."""
        record = outcome.record
        number, last_seq = self._rows[record.id].number, self.last_seq(record.id)
        if record is not before:
            self._update(number, self._rows[record.id].record, record)
            self._keep_apart(number, before, record)
            self.size += len(record.document)
        self._append(record.id, number, last_seq, outcome.events)
        if record is not before or outcome.events:
            self._set(number, record, last_seq + len(outcome.events))
        return last_seq + len(outcome.events)

    def _update(self, number: int, before: TaskRecord, record: TaskRecord) -> None:
        """Write the fields that changed. An index that has none of them is left alone."""
        values = {
            name: now
            for name, now, earlier in zip(
                TASK_FIELDS, _values(record), _values(before), strict=True
            )
            if now != earlier
        }
        self.execute(_build_update(tuple(values)), (*values.values(), number))

    def _keep_apart(self, number: int, before: TaskRecord | None, record: TaskRecord) -> None:
        """Write the large fields that changed, and forget those that went."""
        earlier = before.large if before is not None else None
        if record.large == earlier:
            return
        written, gone = record.compare(before)
        for name in written:
            self.size += len(record.bodies[name])
            self.execute(
                "INSERT INTO large_fields (task, name, body) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET body = excluded.body",
                (number, name, record.bodies[name]),
            )
        for name in gone:
            self.execute("DELETE FROM large_fields WHERE task = ? AND name = ?", (number, name))

    def renew(self, record: TaskRecord) -> None:
        """Write the end of a task's lease, and nothing else."""
        row = self._rows[record.id]
        self.execute(
            "UPDATE tasks SET lease_until = ? WHERE number = ?", (record.lease_until, row.number)
        )
        self._set(row.number, record, row.last_seq)

    def _append(self, task_id: str, number: int, last_seq: int, events: Sequence[NewEvent]) -> None:
        for seq, event in enumerate(events, last_seq + 1):
            self.size += len(event.body)
            self.execute(
                "INSERT INTO events (place, type, body) VALUES (?, ?, ?)",
                ((number << SEQ_BITS) + seq, event.type, event.body),
            )
            self.events.append((task_id, EventRecord(seq, event.type, event.body)))

    def waiting(
        self, organization_id: str, agent_id: str, pins: Sequence[str | None]
    ) -> TaskRecord | None:
        """Return the oldest task that waits in one of these queues."""
        reads = (queue("number, id", organization_id, agent_id, pin, 1) for pin in pins)
        heads = [head for read in reads if (head := self.execute(*read).fetchone()) is not None]
        return self.task(min(heads)[1]) if heads else None

    # Idempotency keys ----------------------------------------------------------------------------

    def answer(self, organization_id: str, key: str) -> tuple[bytes, str] | None:
        """Return the fingerprint of the first request with an idempotency key, and its answer."""
        row: tuple[bytes, str] | None = self.execute(
            "SELECT fingerprint, answer FROM idempotency WHERE organization_id = ? AND key = ?",
            (organization_id, key),
        ).fetchone()
        return row

    def remember(self, organization_id: str, key: IdempotencyKey, answer: str) -> None:
        """Keep what the first request with this key made."""
        self.execute(
            "INSERT INTO idempotency (organization_id, key, fingerprint, answer, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (organization_id, key.key, key.fingerprint, answer, self.now),
        )

    # Threads -------------------------------------------------------------------------------------

    def thread(self, organization_id: str, thread_id: str) -> ThreadRecord | None:
        """Return the thread."""
        row = self.execute(
            f"{SELECT_THREAD} WHERE organization_id = ? AND id = ?", (organization_id, thread_id)
        ).fetchone()
        if row is None:
            return None
        number, record = read_thread(row)
        self._thread_numbers[organization_id, thread_id] = number
        return record

    def insert_thread(
        self, record: ThreadRecord, user_id: str | None, agent_id: str | None
    ) -> None:
        """Add a thread without messages."""
        self.execute(
            "INSERT INTO threads "
            "(id, organization_id, length, user_id, agent_id, used_at, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                record.id,
                record.organization_id,
                record.length,
                user_id,
                agent_id,
                floor_to_hour(self.now),
                record.document,
            ),
        )

    def save_thread(self, record: ThreadRecord, user_id: str | None, agent_id: str | None) -> None:
        """Write a thread's document and its length."""
        self.execute(
            "UPDATE threads SET length = ?, user_id = ?, agent_id = ?, document = ?, used_at = ? "
            "WHERE number = ?",
            (
                record.length,
                user_id,
                agent_id,
                record.document,
                0.0 if record.gone else floor_to_hour(self.now),
                self._read_number(record),
            ),
        )

    def extend_thread(self, thread: ThreadRecord, messages: Sequence[MessageRecord]) -> None:
        """Add messages behind the thread's last one, and count them in its length."""
        number = self._read_number(thread)
        for place, message in enumerate(messages, (number << SEQ_BITS) + thread.length):
            self.size += len(message.body)
            self.execute(
                "INSERT INTO messages (place, role, body) VALUES (?, ?, ?)",
                (place, message.role, message.body),
            )
        self.execute(
            "UPDATE threads SET length = ? WHERE number = ?",
            (thread.length + len(messages), number),
        )
        # Written down in the first change of an hour.
        hour = floor_to_hour(self.now)
        self.execute(
            "UPDATE threads SET used_at = ? WHERE number = ? AND used_at < ?", (hour, number, hour)
        )

    def empty_thread(self, thread: ThreadRecord) -> None:
        """Forget the thread's messages. Its length stays as it is written."""
        number = self._read_number(thread)
        self.execute(
            "DELETE FROM messages WHERE place >= ? AND place < ?",
            (number << SEQ_BITS, (number + 1) << SEQ_BITS),
        )

    def delete_thread(self, thread: ThreadRecord) -> None:
        """Forget a thread that has no messages any more."""
        self.execute("DELETE FROM threads WHERE number = ?", (self._read_number(thread),))

    def _read_number(self, thread: ThreadRecord) -> int:
        return self._thread_numbers[thread.organization_id, thread.id]

    # Documents -----------------------------------------------------------------------------------

    def document(self, organization_id: str, kind: str, key: str) -> Document | None:
        """Return the document."""
        row = self.execute(
            "SELECT kind, key, version, value FROM documents "
            "WHERE organization_id = ? AND kind = ? AND key = ?",
            (organization_id, kind, key),
        ).fetchone()
        return None if row is None else read_document(row)

    def save_document(self, organization_id: str, document: Document) -> None:
        """Write a document, in whatever place of the version before."""
        value = orjson.dumps(document.value)
        self.size += len(value)
        self.execute(
            "INSERT INTO documents (organization_id, kind, key, version, value) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET version = excluded.version, value = excluded.value",
            (
                organization_id,
                document.kind,
                document.key,
                document.version,
                value,
            ),
        )

    def add_report(self, organization_id: str, report: Report) -> None:
        """Add a report, of this moment."""
        self.size += len(report.value)
        self.execute(
            "INSERT INTO reports "
            "(organization_id, kind, agent_id, task_id, user_id, created_at, value) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                organization_id,
                report.kind,
                report.agent_id,
                report.task_id,
                report.user_id,
                self.now,
                report.value,
            ),
        )

    def forget_reports(self, organization_id: str, task_id: str) -> None:
        """Forget the reports of a task."""
        self.execute(
            "DELETE FROM reports WHERE organization_id = ? AND task_id = ?",
            (organization_id, task_id),
        )

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what is done, at this moment."""
        self.execute(
            "INSERT INTO audit (organization_id, created_at, actor, action, target, outcome) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                entry.organization_id,
                self.now,
                entry.actor,
                entry.action,
                entry.target,
                entry.outcome,
            ),
        )

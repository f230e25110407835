"""The rows of a transaction in the file: what commands read and change there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

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
_UPDATE = (
    f"UPDATE tasks SET {', '.join(f'{name} = ?' for name in TASK_FIELDS)}, pruned = 0 "
    "WHERE number = ?"
)
SIZE = (
    "length(document) + iif(large IS NULL, 0, "
    "(SELECT sum(length(body)) FROM large_fields WHERE task = number))"
)
SELECT_THREAD = "SELECT number, id, organization_id, length, document FROM threads"


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


class SqliteWork(Transaction):
    """A `Work` that reads and writes at once: the transaction keeps it together. `events` are those
    that it adds, each with its task's id.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self.events: list[tuple[str, EventRecord]] = []
        self._numbers: dict[str, int] = {}
        self._thread_numbers: dict[tuple[str, str], int] = {}

    @property
    def now(self) -> float:
        """Seconds since 1970, by the store's clock."""
        return self._clock()

    # Tasks and their events ----------------------------------------------------------------------

    def task(self, task_id: str) -> TaskRecord | None:
        """Return the task, whosever it is."""
        return self._found(self.execute(f"{SELECT} WHERE id = ?", (task_id,)).fetchone())

    def _found(self, row: Sequence[Any] | None) -> TaskRecord | None:
        if row is None:
            return None
        number, record = read_task(row)
        self._numbers[record.id] = number
        return record

    def whole(self, record: TaskRecord) -> TaskRecord:
        """Return the task as it stands, with its large fields."""
        if record.whole:
            return record
        read = read_large_fields(self.connection, self._numbers[record.id], record)
        self.size += sum(map(len, read.bodies.values()))
        return read

    def last_seq(self, task_id: str) -> int:
        """Return the number of the last event of a task that there is."""
        base = self._numbers[task_id] << SEQ_BITS
        [last] = self.execute(
            "SELECT max(place) FROM events WHERE place > ? AND place <= ?", (base, base + SEQ_MASK)
        ).fetchone()
        return (last or 0) & SEQ_MASK

    def insert(self, outcome: task_machine.Outcome) -> None:
        """Add a task and its events."""
        number = self.execute(_INSERT, _values(outcome.record)).lastrowid
        assert number is not None
        self.size += len(outcome.record.document)
        self._numbers[outcome.record.id] = number
        self._keep_apart(number, None, outcome.record)
        self._append(outcome.record.id, number, 0, outcome.events)

    def save(self, before: TaskRecord, outcome: task_machine.Outcome) -> int:
        """Write what changed of a task, and its new events; returns the last one's number."""
        record = outcome.record
        number = self._numbers[record.id]
        if record is not before:
            self.execute(_UPDATE, (*_values(record), number))
            self._keep_apart(number, before, record)
            self.size += len(record.document)
        last_seq = self.last_seq(record.id)
        self._append(record.id, number, last_seq, outcome.events)
        return last_seq + len(outcome.events)

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
        self.execute(
            "UPDATE tasks SET lease_until = ? WHERE number = ?",
            (record.lease_until, self._numbers[record.id]),
        )

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
        reads = (queue("number", organization_id, agent_id, pin, 1) for pin in pins)
        heads = [head for read in reads if (head := self.execute(*read).fetchone()) is not None]
        if not heads:
            return None
        return self._found(self.execute(f"{SELECT} WHERE number = ?", min(heads)).fetchone())

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

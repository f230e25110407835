"""The store in one SQLite file: write-ahead log, every commit synced, one writer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import attrs
import orjson

from ..errors import ConfigurationError
from . import machine
from .clock import Clock, server_clock
from .file_lock import FileLock
from .group_commit import GroupCommit, Transaction
from .hints import Hints, Watch
from .records import (
    TERMINAL,
    Appended,
    Document,
    EventRecord,
    IdempotencyKey,
    NewEvent,
    Page,
    Put,
    Swept,
    TaskFilter,
    TaskRecord,
)
from .refusal import Refusal
from .settings import Settings
from .store import agent_topic, task_topic

__all__ = ["SqliteStore"]

T = TypeVar("T")

APPLICATION_ID = 0x78704E64
SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    attempt INTEGER NOT NULL,
    losses INTEGER NOT NULL,
    worker_id TEXT,
    lease_until REAL,
    pinned_to TEXT,
    run_from INTEGER NOT NULL,
    internal_status TEXT,
    user_id TEXT,
    parent_task_id TEXT,
    triggering_agent_id TEXT,
    document BLOB NOT NULL
);
CREATE INDEX tasks_of_agent ON tasks (organization_id, agent_id, number);
CREATE INDEX tasks_of_user ON tasks (organization_id, user_id, number) WHERE user_id IS NOT NULL;
CREATE INDEX tasks_waiting ON tasks (organization_id, agent_id, number)
    WHERE status = 'pending' AND worker_id IS NULL;
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX tasks_held ON tasks (worker_id) WHERE worker_id IS NOT NULL;
CREATE TABLE events (
    place INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE idempotency (
    organization_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (organization_id, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE TABLE documents (
    organization_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (organization_id, kind, key)
) WITHOUT ROWID;
"""

# An event's place is its task's number and its own in one integer: a task's events lie side by
# side, in order, and need no other index.
_SEQ_BITS = 32
_SEQ_MASK = (1 << _SEQ_BITS) - 1

_FIELDS = tuple(field.name for field in attrs.fields(TaskRecord))
_COLUMNS = ", ".join(_FIELDS)
_values: Callable[[TaskRecord], tuple[Any, ...]] = attrgetter(*_FIELDS)
_SELECT = f"SELECT number, {_COLUMNS} FROM tasks"
_INSERT = f"INSERT INTO tasks ({_COLUMNS}) VALUES ({', '.join('?' * len(_FIELDS))})"
_UPDATE = f"UPDATE tasks SET {', '.join(f'{name} = ?' for name in _FIELDS)} WHERE number = ?"


class SqliteStore:
    """A `Store` in a file; the file is made when it isn't there.

    One process at a time may have the file open: another is refused, in clear words. Point reads
    are so short that they run on the event loop; listings run on a thread.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.path = Path(path)
        self._settings = settings or Settings()
        self._clock = clock or server_clock()
        self._hints = Hints()
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock"))
        self._writer = GroupCommit(
            self._connect, self._hints.notify, limit=self._settings.queue_limit
        )
        self._reader: sqlite3.Connection | None = None
        self._lister: ThreadPoolExecutor | None = None
        self._list_reader: sqlite3.Connection | None = None

    # Opening and closing -------------------------------------------------------------------------

    async def open(self) -> None:
        """Make the store ready.

        Raises:
            ConfigurationError: another process has the file, or it is no store of ours.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(f"the store {self.path} is in use by another platform")
        try:
            self._prepare()
            self._reader = self._connect(read_only=True)
            self._list_reader = self._connect(read_only=True)
        except BaseException:
            self._let_go()
            raise
        self._lister = ThreadPoolExecutor(1, thread_name_prefix="xpander-store-list")
        self._writer.start()

    async def close(self) -> None:
        """Write what is queued, then let go of the file."""
        await self._writer.close()
        if self._lister is not None:
            self._lister.shutdown(wait=True)
            self._lister = None
        self._let_go()

    def _let_go(self) -> None:
        for connection in (self._reader, self._list_reader):
            if connection is not None:
                connection.close()
        self._reader = self._list_reader = None
        self._lock.release()

    def _connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            isolation_level=None,  # transactions begin where we say
            check_same_thread=False,  # each connection is still used by one thread at a time
            cached_statements=256,
            timeout=10.0,
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # 16 MB of log between checkpoints: pages that change often are copied back less often.
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            if read_only:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        try:
            with contextlib.closing(self._connect()) as connection:
                [application] = connection.execute("PRAGMA application_id").fetchone()
                [version] = connection.execute("PRAGMA user_version").fetchone()
                [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                if application == 0 and version == 0 and tables == 0:
                    connection.executescript(
                        f"BEGIN IMMEDIATE; {_SCHEMA}"
                        f"PRAGMA application_id = {APPLICATION_ID};"
                        f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
                    )
                elif application != APPLICATION_ID:
                    raise ConfigurationError(f"{self.path} is a database, but not of this platform")
                elif version != SCHEMA_VERSION:
                    raise ConfigurationError(
                        f"{self.path} has schema version {version}; this release reads "
                        f"version {SCHEMA_VERSION}"
                    )
                now = self._clock()
                # While the platform was down nobody could renew, so nobody may lose by it.
                connection.execute(
                    "UPDATE tasks SET lease_until = ? + iif(status = 'executing', ?, ?) "
                    "WHERE lease_until IS NOT NULL",
                    (now, self._settings.lease, self._settings.offer_window),
                )
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self.path} can't be used as a store: {error}") from error

    # Tasks ---------------------------------------------------------------------------------------

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

        def command(tx: Transaction) -> Put:
            now = self._clock()
            if existing_id is None:
                first = _remember(tx, organization_id, key, task_id, now)
            else:
                # This may yet be refused, and what is refused had better not have written.
                first = _first_answer(tx, organization_id, key)
            if first is not None:
                return Put(_find(tx, organization_id, first)[1], repeated=True)
            if existing_id is None:
                outcome = machine.create(
                    task_id=task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=now,
                    offer_window=self._settings.offer_window,
                )
                _insert(tx, outcome)
            else:
                number, record = _find(tx, organization_id, existing_id)
                outcome = machine.continue_(
                    record,
                    agent_id=agent_id,
                    body=body,
                    now=now,
                    last_seq=_last_seq(tx, number),
                )
                _update(tx, number, record, outcome)
                _remember(tx, organization_id, key, existing_id, now)
            return Put(outcome.record)

        return await self._writer.submit(command)

    async def report(
        self,
        organization_id: str,
        agent_id: str,
        body: Mapping[str, Any],
        *,
        task_id: str,
        key: IdempotencyKey | None = None,
    ) -> Put:
        """Store a task that ran elsewhere; a task of that id is finished by the report."""

        def command(tx: Transaction) -> Put:
            first = _first_answer(tx, organization_id, key)
            if first is not None:
                return Put(_find(tx, organization_id, first)[1], repeated=True)
            now = self._clock()
            if tx.execute("SELECT 1 FROM tasks WHERE id = ?", (task_id,)).fetchone() is None:
                outcome = machine.report(
                    task_id=task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=now,
                )
                _insert(tx, outcome)
            else:
                number, record = _find(tx, organization_id, task_id)
                outcome = machine.report_existing(record, body, now)
                _update(tx, number, record, outcome)
            _remember(tx, organization_id, key, task_id, now)
            return Put(outcome.record)

        return await self._writer.submit(command)

    async def get(self, organization_id: str, task_id: str) -> TaskRecord:
        """The task."""
        row = (
            self._read_connection()
            .execute(f"{_SELECT} WHERE id = ? AND organization_id = ?", (task_id, organization_id))
            .fetchone()
        )
        if row is None:
            raise _unknown(task_id)
        return _record(row)[1]

    async def list_tasks(
        self, organization_id: str, wanted: TaskFilter, *, cursor: str | None, limit: int
    ) -> Page:
        """The tasks that fit, the newest first, from the cursor of the page before."""
        conditions = ["organization_id = ?"]
        parameters: list[Any] = [organization_id]
        for name, value in attrs.asdict(wanted).items():
            if value is not None:
                conditions.append(f"{name} = ?")
                parameters.append(value)
        if cursor is not None:
            if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
                raise Refusal(422, "this cursor was not given out by the platform")
            conditions.append("number < ?")
            parameters.append(int(cursor))
        sql = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT ?"
        rows = await self._on_list_thread(sql, (*parameters, limit + 1))
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(
            tuple(_record(row)[1] for row in rows), str(rows[-1][0]) if more and rows else None
        )

    async def patch(
        self,
        organization_id: str,
        task_id: str,
        changes: Mapping[str, Any],
        *,
        attempt: int | None,
    ) -> TaskRecord:
        """Set fields of a task; see `machine.patch`."""

        def command(tx: Transaction) -> TaskRecord:
            number, record = _find(tx, organization_id, task_id)
            outcome = machine.patch(
                record, changes, attempt=attempt, now=self._clock(), lease=self._settings.lease
            )
            _update(tx, number, record, outcome)
            return outcome.record

        return await self._writer.submit(command)

    async def stop(self, organization_id: str, task_id: str) -> TaskRecord:
        """Stop a task; a finished one stays as it is."""

        def command(tx: Transaction) -> TaskRecord:
            number, record = _find(tx, organization_id, task_id)
            outcome = machine.stop(record, self._clock())
            _update(tx, number, record, outcome)
            return outcome.record

        return await self._writer.submit(command)

    # Events --------------------------------------------------------------------------------------

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

        def command(tx: Transaction) -> Appended:
            number, record = _find(tx, organization_id, task_id)
            if _first_answer(tx, organization_id, key) is not None:
                return Appended(record, _last_seq(tx, number), repeated=True)
            now = self._clock()
            outcome = machine.append(
                record, events, attempt=attempt, now=now, lease=self._settings.lease
            )
            last_seq = _update(tx, number, record, outcome)
            _remember(tx, organization_id, key, task_id, now)
            return Appended(outcome.record, last_seq)

        return await self._writer.submit(command)

    async def read(self, task_id: str, after: int, limit: int) -> Sequence[EventRecord]:
        """The task's events with numbers above `after`, in order."""
        reader = self._read_connection()
        found = reader.execute("SELECT number FROM tasks WHERE id = ?", (task_id,)).fetchone()
        if found is None or after >= _SEQ_MASK:
            return ()
        base = found[0] << _SEQ_BITS
        rows = reader.execute(
            "SELECT place, type, body FROM events WHERE place > ? AND place <= ? "
            "ORDER BY place LIMIT ?",
            (base + max(after, 0), base + _SEQ_MASK, limit),
        )
        return [EventRecord(place & _SEQ_MASK, kind, body) for place, kind, body in rows]

    # Dispatch ------------------------------------------------------------------------------------

    async def claim(
        self, organization_id: str, agent_id: str, worker_ids: Sequence[str]
    ) -> Sequence[TaskRecord]:
        """Offer waiting tasks, the oldest first, at most one to each of these workers."""
        waiting = (
            f"{_SELECT} WHERE organization_id = ? AND agent_id = ? "
            "AND status = 'pending' AND worker_id IS NULL "
            "AND (pinned_to IS NULL OR pinned_to = ?) ORDER BY number LIMIT 1"
        )
        place = (organization_id, agent_id)
        reader = self._read_connection()
        if not any(reader.execute(waiting, (*place, each)).fetchone() for each in worker_ids):
            return ()

        def command(tx: Transaction) -> Sequence[TaskRecord]:
            now = self._clock()
            offered = []
            for worker_id in worker_ids:
                row = tx.execute(waiting, (*place, worker_id)).fetchone()
                if row is not None:
                    number, record = _record(row)
                    record = machine.claim(
                        record, worker_id, now=now, offer_window=self._settings.offer_window
                    )
                    tx.execute(_UPDATE, (*_values(record), number))
                    offered.append(record)
            return offered

        return await self._writer.submit(command)

    async def renew(
        self, organization_id: str, worker_id: str, *, adopt_from: str | None = None
    ) -> Mapping[str, int]:
        """Give the leases of a worker's executing tasks a new term."""

        def command(tx: Transaction) -> Mapping[str, int]:
            if adopt_from is not None:
                tx.execute(
                    "UPDATE tasks SET worker_id = ? WHERE worker_id = ? AND organization_id = ?",
                    (worker_id, adopt_from, organization_id),
                )
            tx.execute(
                "UPDATE tasks SET lease_until = ? WHERE worker_id = ? AND organization_id = ? "
                "AND status = 'executing' AND lease_until IS NOT NULL",
                (self._clock() + self._settings.lease, worker_id, organization_id),
            )
            rows = tx.execute(
                "SELECT id, attempt FROM tasks WHERE worker_id = ? AND organization_id = ?",
                (worker_id, organization_id),
            )
            return dict(rows.fetchall())

        return await self._writer.submit(command)

    async def sweep(self) -> Swept:
        """Take back the tasks whose leases ran out."""
        due = "SELECT id FROM tasks WHERE lease_until <= ? ORDER BY lease_until LIMIT 500"
        if self._read_connection().execute(due, (self._clock(),)).fetchone() is None:
            return Swept()

        def command(tx: Transaction) -> Swept:
            now = self._clock()
            requeued: list[TaskRecord] = []
            exhausted: list[TaskRecord] = []
            for [task_id] in tx.execute(due, (now,)).fetchall():
                [row] = tx.execute(f"{_SELECT} WHERE id = ?", (task_id,)).fetchall()
                number, record = _record(row)
                outcome = machine.expire(record, now=now, max_attempts=self._settings.max_attempts)
                if outcome is None:
                    continue
                _update(tx, number, record, outcome)
                (exhausted if outcome.record.finished else requeued).append(record)
            return Swept(tuple(requeued), tuple(exhausted))

        return await self._writer.submit(command)

    def watch(self, *topics: str) -> Watch:
        """Listen for hints on these topics, from now on."""
        return self._hints.watch(*topics)

    # Documents -----------------------------------------------------------------------------------

    async def doc_get(self, organization_id: str, kind: str, key: str) -> Document | None:
        """The document, if there is one."""
        row = (
            self._read_connection()
            .execute(
                "SELECT kind, key, version, value FROM documents "
                "WHERE organization_id = ? AND kind = ? AND key = ?",
                (organization_id, kind, key),
            )
            .fetchone()
        )
        return None if row is None else _document(row)

    async def doc_put(
        self,
        organization_id: str,
        kind: str,
        key: str,
        value: Mapping[str, Any],
        *,
        if_version: int | None = None,
        idempotency: IdempotencyKey | None = None,
    ) -> Document:
        """Store a document. With `if_version` only over that version (0: only a new one)."""
        encoded = orjson.dumps(value)
        place = (organization_id, kind, key)

        def command(tx: Transaction) -> Document:
            if _first_answer(tx, organization_id, idempotency) is not None:
                return Document(kind, key, 1, value)
            row = tx.execute(
                "SELECT version FROM documents WHERE organization_id = ? AND kind = ? AND key = ?",
                place,
            ).fetchone()
            version = 0 if row is None else int(row[0])
            if if_version is not None and if_version != version:
                raise Refusal(409, f"the document is at version {version}, not {if_version}")
            tx.execute(
                "INSERT INTO documents (organization_id, kind, key, version, value) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET version = excluded.version, value = excluded.value",
                (*place, version + 1, encoded),
            )
            _remember(tx, organization_id, idempotency, key, self._clock())
            return Document(kind, key, version + 1, value)

        return await self._writer.submit(command)

    async def doc_list(self, organization_id: str, kind: str) -> Sequence[Document]:
        """All documents of a kind, by key."""
        rows = await self._on_list_thread(
            "SELECT kind, key, version, value FROM documents "
            "WHERE organization_id = ? AND kind = ? ORDER BY key",
            (organization_id, kind),
        )
        return [_document(row) for row in rows]

    async def prune(self, *, events_before: float, keys_before: float) -> int:
        """Forget the events of tasks that finished before a moment, and old idempotency keys."""
        gone = 0
        ends = ", ".join(f"'{status}'" for status in sorted(TERMINAL))
        while True:
            # In small batches: other writers wait behind each.

            def command(tx: Transaction) -> tuple[int, int]:
                tx.execute(
                    "DELETE FROM idempotency WHERE (organization_id, key) IN (SELECT "
                    "organization_id, key FROM idempotency WHERE created_at < ? LIMIT 1000)",
                    (keys_before,),
                )
                # From behind each finished task's number: its events, but not how it ended.
                events = tx.execute(
                    "DELETE FROM events WHERE place IN (SELECT e.place FROM tasks t JOIN events e "
                    f"ON e.place > t.number << {_SEQ_BITS} "
                    f"AND e.place <= (t.number << {_SEQ_BITS}) + {_SEQ_MASK} "
                    f"WHERE t.status IN ({ends}) AND t.updated_at < ? "
                    "AND e.type != 'task_finished' LIMIT 1000)",
                    (events_before,),
                ).rowcount
                [left] = tx.execute(
                    "SELECT count(*) FROM (SELECT 1 FROM idempotency WHERE created_at < ? LIMIT 1)",
                    (keys_before,),
                ).fetchone()
                return events, left

            events, left = await self._writer.submit(command)
            gone += events
            if events < 1000 and not left:
                return gone

    # ---------------------------------------------------------------------------------------------

    @property
    def commits(self) -> int:
        """How many transactions were written since the store was opened."""
        return self._writer.commits

    @property
    def commands(self) -> int:
        """How many commands those transactions held."""
        return self._writer.commands

    def _read_connection(self) -> sqlite3.Connection:
        if self._reader is None:
            raise Refusal(503, "the store is closed")
        return self._reader

    async def _on_list_thread(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        connection, lister = self._list_reader, self._lister
        if connection is None or lister is None:
            raise Refusal(503, "the store is closed")
        rows: Callable[[], list[Any]] = lambda: connection.execute(sql, parameters).fetchall()  # noqa: E731
        return await asyncio.get_running_loop().run_in_executor(lister, rows)


def _unknown(task_id: str) -> Refusal:
    return Refusal(404, f"there is no task {task_id}")


def _record(row: Sequence[Any]) -> tuple[int, TaskRecord]:
    number, *values = row
    return number, TaskRecord(**dict(zip(_FIELDS, values, strict=True)))


def _document(row: Sequence[Any]) -> Document:
    kind, key, version, value = row
    return Document(kind, key, version, orjson.loads(value))


def _find(tx: Transaction, organization_id: str, task_id: str) -> tuple[int, TaskRecord]:
    row = tx.execute(
        f"{_SELECT} WHERE id = ? AND organization_id = ?", (task_id, organization_id)
    ).fetchone()
    if row is None:
        raise _unknown(task_id)
    return _record(row)


def _last_seq(tx: Transaction, number: int) -> int:
    base = number << _SEQ_BITS
    [last] = tx.execute(
        "SELECT max(place) FROM events WHERE place > ? AND place <= ?", (base, base + _SEQ_MASK)
    ).fetchone()
    return (last or 0) & _SEQ_MASK


def _insert(tx: Transaction, outcome: machine.Outcome) -> None:
    number = tx.execute(_INSERT, _values(outcome.record)).lastrowid
    assert number is not None
    _append(tx, number, 0, outcome.events)
    _tell(tx, outcome)


def _update(tx: Transaction, number: int, before: TaskRecord, outcome: machine.Outcome) -> int:
    """Write what changed; returns the number of the task's last event."""
    record = outcome.record
    if record is not before:
        tx.execute(_UPDATE, (*_values(record), number))
    last_seq = _last_seq(tx, number)
    if outcome.events:
        last_seq = _append(tx, number, last_seq, outcome.events)
    _tell(tx, outcome)
    return last_seq


def _append(tx: Transaction, number: int, last_seq: int, events: Sequence[NewEvent]) -> int:
    first = (number << _SEQ_BITS) + last_seq + 1
    for place, event in enumerate(events, first):
        tx.execute(
            "INSERT INTO events (place, type, body) VALUES (?, ?, ?)",
            (place, event.type, event.body),
        )
    return last_seq + len(events)


def _tell(tx: Transaction, outcome: machine.Outcome) -> None:
    record = outcome.record
    if outcome.events:
        tx.topics.add(task_topic(record.id))
    if record.status == "pending" and record.worker_id is None:
        tx.topics.add(agent_topic(record.organization_id, record.agent_id))


def _first_answer(tx: Transaction, organization_id: str, key: IdempotencyKey | None) -> str | None:
    """What the first request with this key made, if there was one."""
    if key is None:
        return None
    row = tx.execute(
        "SELECT fingerprint, answer FROM idempotency WHERE organization_id = ? AND key = ?",
        (organization_id, key.key),
    ).fetchone()
    if row is None:
        return None
    if row[0] != key.fingerprint:
        raise Refusal(422, "this idempotency key was used for another request")
    return str(row[1])


def _remember(
    tx: Transaction,
    organization_id: str,
    key: IdempotencyKey | None,
    answer: str,
    now: float,
) -> str | None:
    """Keep what the first request with this key made; returns what an earlier one made, if any."""
    if key is None:
        return None
    written = tx.execute(
        "INSERT INTO idempotency (organization_id, key, fingerprint, answer, created_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (organization_id, key.key, key.fingerprint, answer, now),
    )
    return None if written.rowcount else _first_answer(tx, organization_id, key)

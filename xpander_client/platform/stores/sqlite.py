"""The store in one SQLite file: write-ahead log, every commit synced, one writer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import attrs
import orjson

from ...errors import ConfigurationError
from .. import machine
from ..clock import Clock, server_clock
from ..file_lock import FileLock
from ..refusal import Refusal
from ..settings import Settings
from .group_commit import GroupCommit, Transaction
from .hints import Hints, Watch
from .records import (
    TERMINAL,
    Appended,
    Document,
    EventRecord,
    IdempotencyKey,
    Page,
    Put,
    Swept,
    TaskFilter,
    TaskRecord,
)
from .sqlite_rows import (
    SELECT,
    SEQ_BITS,
    SEQ_MASK,
    UPDATE,
    document_of,
    find,
    first_answer,
    insert,
    keep_alive,
    last_number,
    record_of,
    remember,
    unknown,
    update,
    values,
)
from .sqlite_schema import prepare
from .sqlite_threads import SqliteThreads
from .store import NO_POOLS

__all__ = ["SqliteStore"]

T = TypeVar("T")


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
        self.threads = SqliteThreads(
            self._writer, self._read_connection, self._on_list_thread, self._clock, self._settings
        )

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
                prepare(connection, self.path)
                now = self._clock()
                # While the platform was down nobody could renew, so nobody may lose by it.
                connection.execute(
                    "UPDATE tasks SET lease_until = ? + "
                    "iif(status != 'executing', ?, iif(scripted, ?, ?)) "
                    "WHERE lease_until IS NOT NULL",
                    (
                        now,
                        self._settings.offer_window,
                        self._settings.loop_lease,
                        self._settings.lease,
                    ),
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
                first = remember(tx, organization_id, key, task_id, now)
            else:
                # This may yet be refused, and what is refused had better not have written.
                first = first_answer(tx, organization_id, key)
            if first is not None:
                return Put(find(tx, organization_id, first)[1], repeated=True)
            if existing_id is None:
                outcome = machine.create(
                    task_id=task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=now,
                    offer_window=self._settings.offer_window,
                )
                insert(tx, outcome)
                self._adopt(tx, organization_id, outcome.record, body)
            else:
                number, record = find(tx, organization_id, existing_id)
                outcome = machine.continue_(
                    record,
                    agent_id=agent_id,
                    body=body,
                    now=now,
                    last_seq=last_number(tx, number),
                )
                update(tx, number, record, outcome)
                self._adopt(tx, organization_id, outcome.record, body)
                remember(tx, organization_id, key, existing_id, now)
            return Put(outcome.record)

        return await self._writer.submit(command)

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

        def command(tx: Transaction) -> Put:
            now = self._clock()
            number, parent = find(tx, organization_id, parent_id)
            keep_alive(tx, number, parent, attempt, now=now, settings=self._settings)
            if parent.finished:
                raise Refusal(409, f"the task is {parent.status}, which is final")
            row = tx.execute(f"{SELECT} WHERE id = ?", (task_id,)).fetchone()
            if row is not None:
                return Put(record_of(row)[1], repeated=True)
            asked = {**body, "parent_execution_id": parent_id}
            outcome = machine.create(
                task_id=task_id,
                organization_id=organization_id,
                agent_id=agent_id,
                body=asked,
                now=now,
                offer_window=self._settings.offer_window,
            )
            insert(tx, outcome)
            self._adopt(tx, organization_id, outcome.record, asked)
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
            first = first_answer(tx, organization_id, key)
            if first is not None:
                return Put(find(tx, organization_id, first)[1], repeated=True)
            now = self._clock()
            if tx.execute("SELECT 1 FROM tasks WHERE id = ?", (task_id,)).fetchone() is None:
                outcome = machine.report(
                    task_id=task_id,
                    organization_id=organization_id,
                    agent_id=agent_id,
                    body=body,
                    now=now,
                )
                insert(tx, outcome)
            else:
                number, record = find(tx, organization_id, task_id)
                outcome = machine.report_existing(record, body, now)
                update(tx, number, record, outcome)
            remember(tx, organization_id, key, task_id, now)
            return Put(outcome.record)

        return await self._writer.submit(command)

    async def get(self, organization_id: str, task_id: str) -> TaskRecord:
        """The task."""
        row = (
            self._read_connection()
            .execute(f"{SELECT} WHERE id = ? AND organization_id = ?", (task_id, organization_id))
            .fetchone()
        )
        if row is None:
            raise unknown(task_id)
        return record_of(row)[1]

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
        sql = f"{SELECT} WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT ?"
        rows = await self._on_list_thread(sql, (*parameters, limit + 1))
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(
            tuple(record_of(row)[1] for row in rows), str(rows[-1][0]) if more and rows else None
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
            number, record = find(tx, organization_id, task_id)
            outcome = machine.patch(
                record,
                changes,
                attempt=attempt,
                now=self._clock(),
                lease=self._settings.lease,
                loop_lease=self._settings.loop_lease,
            )
            update(tx, number, record, outcome)
            return outcome.record

        return await self._writer.submit(command)

    async def keep_alive(
        self, organization_id: str, task_id: str, *, attempt: int | None
    ) -> TaskRecord:
        """Give a task's lease a new term, because its holder did something."""

        def command(tx: Transaction) -> TaskRecord:
            number, record = find(tx, organization_id, task_id)
            return keep_alive(
                tx, number, record, attempt, now=self._clock(), settings=self._settings
            )

        return await self._writer.submit(command)

    async def stop(self, organization_id: str, task_id: str) -> TaskRecord:
        """Stop a task; a finished one stays as it is."""

        def command(tx: Transaction) -> TaskRecord:
            number, record = find(tx, organization_id, task_id)
            outcome = machine.stop(record, self._clock())
            update(tx, number, record, outcome)
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
            number, record = find(tx, organization_id, task_id)
            if first_answer(tx, organization_id, key) is not None:
                return Appended(record, last_number(tx, number), repeated=True)
            now = self._clock()
            outcome = machine.append(
                record,
                events,
                attempt=attempt,
                now=now,
                lease=self._settings.lease,
                loop_lease=self._settings.loop_lease,
            )
            last_seq = update(tx, number, record, outcome)
            remember(tx, organization_id, key, task_id, now)
            return Appended(outcome.record, last_seq)

        return await self._writer.submit(command)

    async def notify(
        self,
        organization_id: str,
        task_id: str,
        told: Mapping[str, Any],
        *,
        key: IdempotencyKey | None = None,
    ) -> Appended:
        """Keep what a task was told; see `machine.notify`."""

        def command(tx: Transaction) -> Appended:
            number, record = find(tx, organization_id, task_id)
            first = first_answer(tx, organization_id, key)
            if first is not None:
                return Appended(record, int(first), repeated=True)
            now = self._clock()
            outcome = machine.notify(record, told["key"], told.get("data"), now)
            last_seq = update(tx, number, record, outcome)
            remember(tx, organization_id, key, str(last_seq), now)
            return Appended(record, last_seq)

        return await self._writer.submit(command)

    async def notifications(self, record: TaskRecord) -> Sequence[EventRecord]:
        """The events that keep what a task was told in its present run, in order."""
        rows = self._read_connection().execute(
            f"SELECT e.place, e.type, e.body FROM tasks t JOIN events e "
            f"ON e.place > (t.number << {SEQ_BITS}) + ? "
            f"AND e.place <= (t.number << {SEQ_BITS}) + {SEQ_MASK} "
            "WHERE t.id = ? AND e.type = 'notification' ORDER BY e.place",
            (record.run_from, record.id),
        )
        return [EventRecord(place & SEQ_MASK, kind, body) for place, kind, body in rows]

    async def read(self, task_id: str, after: int, limit: int) -> Sequence[EventRecord]:
        """The task's events with numbers above `after`, in order."""
        reader = self._read_connection()
        found = reader.execute("SELECT number FROM tasks WHERE id = ?", (task_id,)).fetchone()
        if found is None or after >= SEQ_MASK:
            return ()
        base = found[0] << SEQ_BITS
        rows = reader.execute(
            "SELECT place, type, body FROM events WHERE place > ? AND place <= ? "
            "ORDER BY place LIMIT ?",
            (base + max(after, 0), base + SEQ_MASK, limit),
        )
        return [EventRecord(place & SEQ_MASK, kind, body) for place, kind, body in rows]

    # Dispatch ------------------------------------------------------------------------------------

    async def claim(
        self,
        organization_id: str,
        agent_id: str,
        worker_ids: Sequence[str],
        pools: Mapping[str, str] = NO_POOLS,
    ) -> Sequence[TaskRecord]:
        """Offer waiting tasks, the oldest first, at most one to each of these workers."""

        def waiting(tx: sqlite3.Connection | Transaction, worker_id: str) -> Any:
            return tx.execute(
                f"{SELECT} WHERE organization_id = ? AND agent_id = ? "
                "AND status = 'pending' AND worker_id IS NULL "
                "AND (pinned_to IS ? OR pinned_to = ?) ORDER BY number LIMIT 1",
                (organization_id, agent_id, pools.get(worker_id), worker_id),
            ).fetchone()

        reader = self._read_connection()
        if not any(waiting(reader, each) for each in worker_ids):
            return ()

        def command(tx: Transaction) -> Sequence[TaskRecord]:
            now = self._clock()
            offered = []
            for worker_id in worker_ids:
                row = waiting(tx, worker_id)
                if row is not None:
                    number, record = record_of(row)
                    record = machine.claim(
                        record,
                        worker_id,
                        pool=pools.get(worker_id),
                        now=now,
                        offer_window=self._settings.offer_window,
                    )
                    tx.execute(UPDATE, (*values(record), number))
                    offered.append(record)
            return offered

        return await self._writer.submit(command)

    async def pending_for(self, organization_id: str, worker_id: str) -> TaskRecord | None:
        """The oldest task that another task started and that waits for this worker alone."""
        row = (
            self._read_connection()
            .execute(
                f"{SELECT} WHERE organization_id = ? AND pinned_to = ? AND status = 'pending' "
                "AND worker_id IS NULL AND parent_task_id IS NOT NULL ORDER BY number LIMIT 1",
                (organization_id, worker_id),
            )
            .fetchone()
        )
        return None if row is None else record_of(row)[1]

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
                # A script's lease is longer, and not cut short by a worker of the same name.
                "UPDATE tasks SET lease_until = max(lease_until, ?) WHERE worker_id = ? "
                "AND organization_id = ? AND status = 'executing' AND lease_until IS NOT NULL",
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
                [row] = tx.execute(f"{SELECT} WHERE id = ?", (task_id,)).fetchall()
                number, record = record_of(row)
                outcome = machine.expire(record, now=now, max_attempts=self._settings.max_attempts)
                if outcome is None:
                    continue
                update(tx, number, record, outcome)
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
        return None if row is None else document_of(row)

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
            first = first_answer(tx, organization_id, idempotency)
            if first is not None:
                made = tx.execute(
                    "SELECT kind, key, version, value FROM documents "
                    "WHERE organization_id = ? AND kind = ? AND key = ?",
                    (organization_id, kind, first),
                ).fetchone()
                return document_of(made)
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
            remember(tx, organization_id, idempotency, key, self._clock())
            return Document(kind, key, version + 1, value)

        return await self._writer.submit(command)

    async def doc_list(self, organization_id: str, kind: str) -> Sequence[Document]:
        """All documents of a kind, by key."""
        rows = await self._on_list_thread(
            "SELECT kind, key, version, value FROM documents "
            "WHERE organization_id = ? AND kind = ? ORDER BY key",
            (organization_id, kind),
        )
        return [document_of(row) for row in rows]

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
                    f"ON e.place > t.number << {SEQ_BITS} "
                    f"AND e.place <= (t.number << {SEQ_BITS}) + {SEQ_MASK} "
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

    def _adopt(
        self, tx: Transaction, organization_id: str, child: TaskRecord, body: Mapping[str, Any]
    ) -> None:
        """Tell the task that a new task's body names as its parent."""
        parent_id = body.get("parent_execution_id")
        if parent_id is None:
            return
        try:
            number, parent = find(tx, organization_id, parent_id)
        except Refusal as refusal:
            raise Refusal(422, refusal.detail, "$.parent_execution_id") from None
        update(tx, number, parent, machine.adopt(parent, child.id, self._clock()))

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

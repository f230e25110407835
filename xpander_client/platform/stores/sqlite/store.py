"""The store in one SQLite file: write-ahead log, every commit synced, one writer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.clock import Clock, server_clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.file_lock import FileLock
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import (
    AUDIT_FIELDS,
    PAGE_BYTES,
    SPAN,
    Document,
    EventRecord,
    Overdue,
    Page,
    TaskFilter,
    TaskRecord,
)
from xpander_client.platform.stores.base.commands import unknown_task
from xpander_client.platform.stores.base.local_presence import LocalPresence
from xpander_client.platform.stores.base.recent_events import RecentEvents
from xpander_client.platform.stores.base.recent_tasks import LIMIT, RecentTasks
from xpander_client.platform.stores.base.retention import Batch, Kind, build_organizations_query
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.base.transaction import Command
from xpander_client.platform.stores.sqlite.file import find_file, make_folder, refuse_other_name
from xpander_client.platform.stores.sqlite.group_commit import GroupCommit
from xpander_client.platform.stores.sqlite.listing import list_numbers, page, read_numbered
from xpander_client.platform.stores.sqlite.retention import prune
from xpander_client.platform.stores.sqlite.schema import SCHEMA_VERSION, prepare, read_version
from xpander_client.platform.stores.sqlite.threads import SqliteThreads
from xpander_client.platform.stores.sqlite.work import (
    PINS,
    SELECT,
    SEQ_BITS,
    SEQ_MASK,
    SIZE,
    SqliteWork,
    TaskRow,
    queue,
    read_document,
    read_large_fields,
    read_task,
)

T = TypeVar("T")

_NEW_TERM = (
    "UPDATE tasks SET lease_until = ? + iif(status != 'executing', ?, iif(scripted, ?, ?)) "
    "WHERE lease_until IS NOT NULL"
)

_ALL_NUMBERS = 2**63 - 1

_FEW_QUEUES = 16
"""Where more of an agent's queues are asked for, it is first looked which have something."""

LOCKED = 5.0
"""How long is waited for another process that has the file locked, in seconds."""


class SqliteStore(Store):
    """A `Store` in a file; the file is made when it isn't there.

    One process at a time may have the file open: another is refused, in clear words. Point reads
    are so short that they run on the event loop; listings run on a thread. As nobody else writes to
    tasks, those that were written last are not read again. `connect` opens
    connections in another way than `sqlite3.connect`, for instance in a file system of its own.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        connect: Callable[[Path], sqlite3.Connection] | None = None,
    ) -> None:
        self.path = Path(path)
        self._open_file = connect or _open_file
        super().__init__(settings, clock or server_clock())
        self._lock = FileLock(self.path)
        self._recent_events = RecentEvents()
        self._recent_tasks = RecentTasks[TaskRow]()
        self._presence = LocalPresence(
            self.renew, self._holds, self._renew_all, self._settings.standstill, self._clock
        )
        self._writer = GroupCommit(
            self._connect,
            lambda connection: SqliteWork(connection, self._clock, self._recent_tasks),
            self._on_written,
            self.admission,
            locked_out=self._presence.note_pause,
        )
        self._reader: sqlite3.Connection | None = None
        self._lister: ThreadPoolExecutor | None = None
        self._list_reader: sqlite3.Connection | None = None
        self._threads = SqliteThreads(
            self._submit, self._leases, self._read_connection, self._on_list_thread
        )

    @property
    def presence(self) -> LocalPresence:
        """Who works on these tasks right now: nobody else's workers do."""
        return self._presence

    @property
    def threads(self) -> SqliteThreads:
        """The threads, kept in the same file."""
        return self._threads

    # Opening and closing -------------------------------------------------------------------------

    async def open(self, *, exclusive: bool = True) -> None:
        """Make the store ready.

        Raises:
            ConfigurationError: another process has the file, or it is no store of ours, or
                somebody else has laid it there.
        """
        self.path = find_file(self.path)
        make_folder(self.path)
        if not exclusive:
            refuse_other_name(self.path)
        # Short transactions of another process are nothing new to SQLite. The lock is against a
        # second platform, and against one that runs while its tables are changed.
        self._lock = FileLock(self.path)
        if exclusive or not self._is_ready():
            self._lock.acquire(f"the store {self.path} is in use by another platform")
        try:
            if self._lock.held:
                self._prepare(new_term=exclusive)
            if not exclusive:
                self._lock.release()
            self._reader = self._connect(read_only=True)
            self._list_reader = self._connect(read_only=True)
        except BaseException:
            self._let_go()
            raise
        # What is open beside a platform is not the only one that writes.
        self._recent_tasks = RecentTasks(LIMIT if exclusive else 0)
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
        self._recent_events.clear()
        self._recent_tasks.clear()
        self._lock.release()

    def _connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        connection = self._open_file(self.path)
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

    def _is_ready(self) -> bool:
        """Tell whether the file is there, with the tables of this release."""
        if not self.path.exists():
            return False
        try:
            with contextlib.closing(self._connect()) as connection:
                return read_version(connection, self.path) == SCHEMA_VERSION
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self.path} can't be used as a store: {error}") from error

    def _prepare(self, *, new_term: bool) -> None:
        try:
            with contextlib.closing(self._connect()) as connection:
                prepare(connection, self.path)
                if not new_term:
                    return
                # While the platform was down nobody could renew, so nobody may lose by it.
                connection.execute(_NEW_TERM, self._terms())
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self.path} can't be used as a store: {error}") from error

    # Tasks ---------------------------------------------------------------------------------------

    async def get(self, organization_id: str, task_id: str, *, whole: bool = True) -> TaskRecord:
        """Return the task, with its large fields if it is to be `whole`."""
        recent = self._recent_tasks.find(task_id)
        if recent is not None and (recent.record.large is None or not whole):
            if recent.record.organization_id != organization_id:
                raise unknown_task(task_id)
            return recent.record
        where = f"{SELECT} WHERE id = ? AND organization_id = ?"
        record = self._task(where, (task_id, organization_id), whole=whole)
        if record is None:
            raise unknown_task(task_id)
        return record

    def _task(self, sql: str, parameters: Sequence[Any], *, whole: bool) -> TaskRecord | None:
        """Return the task that the statement finds, if there is one."""
        reader = self._read_connection()
        row = reader.execute(sql, parameters).fetchone()
        record = None if row is None else read_task(row)[1]
        if record is None or not whole or record.whole:
            return record
        reader.execute("BEGIN")  # the row and its large fields are of one moment
        try:
            row = reader.execute(sql, parameters).fetchone()
            return None if row is None else read_large_fields(reader, *read_task(row))
        finally:
            reader.execute("COMMIT")

    async def _list_page(
        self, organization_id: str, wanted: TaskFilter, before: int | None, limit: int
    ) -> Page:
        return await self._off_the_loop(
            lambda connection: page(connection, organization_id, wanted, before, limit)
        )

    async def list_numbers(
        self, organization_id: str, wanted: TaskFilter, limit: int
    ) -> Sequence[int]:
        """Return the numbers of the newest tasks that fit, `limit` at the most."""
        return await self._off_the_loop(
            lambda connection: list_numbers(connection, organization_id, wanted, None, limit)
        )

    async def read_numbered(self, organization_id: str, numbers: Sequence[int]) -> Page:
        """Return the tasks of these numbers that are there, the newest first."""
        return await self._off_the_loop(
            lambda connection: read_numbered(connection, organization_id, numbers)
        )

    # Events --------------------------------------------------------------------------------------

    async def notifications(
        self, record: TaskRecord, *, after: int = 0, size: int | None = None
    ) -> Sequence[EventRecord]:
        """Return the events that keep what a task was told in its present run, in order."""
        rows = self._read_connection().execute(
            f"SELECT e.place, e.type, e.body FROM tasks t JOIN events e "
            f"ON e.place > (t.number << {SEQ_BITS}) + ? "
            f"AND e.place <= (t.number << {SEQ_BITS}) + {SEQ_MASK} "
            "WHERE t.id = ? AND e.type = 'notification' ORDER BY e.place",
            (max(after, record.run_from), record.id),
        )
        return _up_to(size, rows)

    async def read(
        self,
        task_id: str,
        after: int,
        limit: int,
        *,
        size: int | None = None,
        hinted: bool = False,
    ) -> Sequence[EventRecord]:
        """Return the task's events with numbers above `after`, in order, about `size` bytes of
        them.
        """
        if hinted and (tail := self._recent_events.read(task_id, after, limit, size)):
            return tail
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
        return _up_to(size, rows)

    async def read_kinds(
        self, task_id: str, kinds: Collection[str], *, after: int, until: int
    ) -> tuple[Sequence[EventRecord], int]:
        """Return the task's events of these types above `after`, and up to where it looked."""
        until = min(until, after + SPAN)
        sql = (
            "SELECT e.place, e.type, e.body FROM tasks t CROSS JOIN events e "
            f"ON e.place > (t.number << {SEQ_BITS}) + ? "
            f"AND e.place <= (t.number << {SEQ_BITS}) + ? "
            f"WHERE t.id = ? AND e.type IN ({', '.join('?' * len(kinds))}) ORDER BY e.place"
        )

        def read(connection: sqlite3.Connection) -> tuple[Sequence[EventRecord], int]:
            events, size = [], 0
            for place, kind, body in connection.execute(sql, (after, until, task_id, *kinds)):
                events.append(EventRecord(place & SEQ_MASK, kind, body))
                size += len(body)
                if size >= PAGE_BYTES:
                    return events, events[-1].seq
            return events, until

        return await self._off_the_loop(read)

    async def last_seq(self, task_id: str) -> int:
        """Return the number of the task's last event, 0 without one."""
        row = (
            self._read_connection()
            .execute(
                f"SELECT (SELECT max(place) FROM events WHERE place > t.number << {SEQ_BITS} "
                f"AND place <= (t.number << {SEQ_BITS}) + {SEQ_MASK}) FROM tasks t WHERE t.id = ?",
                (task_id,),
            )
            .fetchone()
        )
        return 0 if row is None else (row[0] or 0) & SEQ_MASK

    # Dispatch ------------------------------------------------------------------------------------

    async def waiting(self) -> int:
        """Count the tasks that wait for a worker."""
        waits = "SELECT count(*) FROM tasks WHERE status = 'pending' AND worker_id IS NULL"
        [row] = await self._on_list_thread(
            f"SELECT ({waits} AND pinned_to IS NULL) + ({waits} AND pinned_to IS NOT NULL)", ()
        )
        return int(row[0])

    async def measure_queues(
        self, organization_id: str, agent_id: str, queues: Mapping[str | None, int]
    ) -> Mapping[str | None, Sequence[int]]:
        """Return the sizes of the oldest tasks that wait in some of an agent's queues."""
        reader = self._read_connection()
        sizes = {}
        wanted = set(queues)
        if len(queues) > _FEW_QUEUES:
            found = reader.execute(PINS, {"organization": organization_id, "agent": agent_id})
            wanted &= {None, *(row[0] for row in found)}
        for pin in wanted:
            read = queue(SIZE, organization_id, agent_id, pin, queues[pin])
            sizes[pin] = [row[0] for row in reader.execute(*read)]
        return {pin: found for pin, found in sizes.items() if found}

    async def list_waiting_agents(self) -> Set[tuple[str, str]]:
        """Return the organization and the id of each agent whose tasks wait for any worker."""
        rows = await self._on_list_thread(
            "SELECT DISTINCT organization_id, agent_id FROM tasks "
            "WHERE status = 'pending' AND worker_id IS NULL AND pinned_to IS NULL",
            (),
        )
        return {(row[0], row[1]) for row in rows}

    async def find_delegated(
        self, organization_id: str, worker_id: str, agent_ids: frozenset[str] | None = None
    ) -> TaskRecord | None:
        """Return the oldest task that another task started and that waits for this worker alone."""
        of_these = (
            "" if agent_ids is None else f"agent_id IN ({', '.join('?' * len(agent_ids))}) AND"
        )
        return self._task(
            f"{SELECT} INDEXED BY tasks_delegated WHERE organization_id = ? AND pinned_to = ? "
            f"AND {of_these} status = 'pending' AND worker_id IS NULL "
            "AND parent_task_id IS NOT NULL ORDER BY number LIMIT 1",
            (organization_id, worker_id, *(agent_ids or ())),
            whole=True,
        )

    async def renew(
        self,
        organization_id: str,
        worker_id: str,
        *,
        agent_id: str | None = None,
        adopt_from: str | None = None,
    ) -> Mapping[str, int]:
        """Give the leases of a worker's executing tasks a new term."""
        held = "worker_id = ? AND organization_id = ? AND (? IS NULL OR agent_id = ?)"
        of_whom = (organization_id, agent_id, agent_id)

        def command(tx: SqliteWork) -> Mapping[str, int]:
            if adopt_from is not None:
                tx.execute(
                    f"UPDATE tasks SET worker_id = ? WHERE {held}",
                    (worker_id, adopt_from, *of_whom),
                )
            tx.execute(
                # A script's lease is longer, and not cut short by a worker of the same name.
                f"UPDATE tasks SET lease_until = max(lease_until, ?) WHERE {held} "
                "AND status = 'executing' AND lease_until IS NOT NULL",
                (tx.now + self._settings.lease, worker_id, *of_whom),
            )
            rows = tx.execute(f"SELECT id, attempt FROM tasks WHERE {held}", (worker_id, *of_whom))
            attempts = dict(rows.fetchall())
            tx.forget_tasks(attempts)
            return attempts

        return await self._writer.submit(command)

    async def _renew_all(self) -> None:
        def command(tx: SqliteWork) -> None:
            tx.execute(_NEW_TERM, self._terms())
            tx.forget_all_tasks()

        await self._writer.submit(command)

    def _terms(self) -> tuple[float, float, float, float]:
        settings = self._settings
        return self._clock(), settings.offer_window, settings.loop_lease, settings.lease

    @property
    def hears(self) -> bool:
        """Whether all that is written is heard of: nobody else writes."""
        return True

    # Documents -----------------------------------------------------------------------------------

    async def doc_get(self, organization_id: str, kind: str, key: str) -> Document | None:
        """Return the document, if there is one."""
        row = (
            self._read_connection()
            .execute(
                "SELECT kind, key, version, value FROM documents "
                "WHERE organization_id = ? AND kind = ? AND key = ?",
                (organization_id, kind, key),
            )
            .fetchone()
        )
        return None if row is None else read_document(row)

    async def doc_list(self, organization_id: str, kind: str) -> Sequence[Document]:
        """Return all documents of a kind, by key."""
        rows = await self._on_list_thread(
            "SELECT kind, key, version, value FROM documents "
            "WHERE organization_id = ? AND kind = ? ORDER BY key",
            (organization_id, kind),
        )
        return [read_document(row) for row in rows]

    # What was done, and what is forgotten ---------------------------------------------------------

    async def _audit_rows(
        self, organization_id: str | None, before: int | None, limit: int
    ) -> Sequence[Any]:
        whose = "" if organization_id is None else "organization_id = ? AND "
        given = () if organization_id is None else (organization_id,)
        return await self._on_list_thread(
            f"SELECT {', '.join(AUDIT_FIELDS)} FROM audit WHERE {whose}number < ? "
            "ORDER BY number DESC LIMIT ?",
            (*given, _ALL_NUMBERS if before is None else before, limit),
        )

    async def forget_reports(
        self,
        organization_id: str,
        user_id: str,
        limit: int,
        *,
        agent_ids: frozenset[str] | None = None,
    ) -> int:
        """Forget some of the reports that name a user; returns how many."""
        agents = sorted(agent_ids or ())
        within = "" if agent_ids is None else f"AND agent_id IN ({', '.join('?' * len(agents))})"
        sql = (
            "DELETE FROM reports WHERE number IN (SELECT number FROM reports "
            f"WHERE organization_id = ? AND user_id = ? {within} LIMIT ?)"
        )
        given = (organization_id, user_id, *agents, limit)
        return await self._writer.submit(lambda work: work.execute(sql, given).rowcount)

    async def _find_organizations(self, kind: Kind, before: float) -> Sequence[str]:
        sql = build_organizations_query(kind, ":before")
        if sql is None:
            return [""]
        return [row[0] for row in await self._on_list_thread(sql, {"before": before})]

    async def _prune_some(
        self, kind: Kind, organization_id: str, before: float, limit: int
    ) -> Batch:
        batch = await self._writer.submit(
            lambda work: prune(work, kind, organization_id, before, limit)
        )
        self._recent_events.clear()
        return batch

    # ---------------------------------------------------------------------------------------------

    @property
    def commits(self) -> int:
        """How many transactions were written since the store was opened."""
        return self._writer.commits

    @property
    def commands(self) -> int:
        """How many commands those transactions held."""
        return self._writer.commands

    def _on_written(self, work: SqliteWork) -> None:
        self._recent_events.extend(work.events)
        self._topics.notify(work.topics)

    async def _submit(self, command: Command[T]) -> T:
        return await self._writer.submit(command.run)

    def _holds(self, organization_id: str, worker_id: str, agent_id: str) -> bool:
        held = (
            "SELECT 1 FROM tasks WHERE worker_id = ? AND organization_id = ? AND agent_id = ? "
            "LIMIT 1"
        )
        whose = worker_id, organization_id, agent_id
        row = self._read_connection().execute(held, whose).fetchone()
        return row is not None

    async def _find_overdue(self, until: float, most: int) -> Sequence[Overdue]:
        rows = self._read_connection().execute(
            "SELECT organization_id, id, CASE WHEN status = 'pending' THEN worker_id END "
            "FROM tasks WHERE lease_until <= ? ORDER BY lease_until LIMIT ?",
            (until, most),
        )
        return [Overdue(*row) for row in rows]

    def _read_connection(self) -> sqlite3.Connection:
        if self._reader is None:
            raise HttpError(503, "the store is closed")
        return self._reader

    async def _on_list_thread(
        self, sql: str, parameters: tuple[Any, ...] | Mapping[str, Any]
    ) -> list[Any]:
        return await self._off_the_loop(
            lambda connection: connection.execute(sql, parameters).fetchall()
        )

    async def _off_the_loop(self, read: Callable[[sqlite3.Connection], T]) -> T:
        connection, lister = self._list_reader, self._lister
        if connection is None or lister is None:
            raise HttpError(503, "the store is closed")
        return await asyncio.get_running_loop().run_in_executor(lister, read, connection)


def _up_to(size: int | None, rows: Iterable[tuple[int, str, bytes]]) -> list[EventRecord]:
    """Return events, the last one of them that with which they come to so many bytes."""
    events: list[EventRecord] = []
    for place, kind, body in rows:
        events.append(EventRecord(place & SEQ_MASK, kind, body))
        if size is not None and (size := size - len(body)) <= 0:
            break
    return events


def _open_file(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        isolation_level=None,  # transactions begin where we say
        check_same_thread=False,  # each connection is still used by one thread at a time
        cached_statements=256,
        timeout=LOCKED,
    )

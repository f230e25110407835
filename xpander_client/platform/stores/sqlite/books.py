"""All that a store in a file keeps."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from xpander_client.core.statuses import TERMINAL
from xpander_client.errors import ConfigurationError
from xpander_client.platform.file_lock import FileLock
from xpander_client.platform.stores.addresses import sqlite_path
from xpander_client.platform.stores.records import TASK_FIELDS
from xpander_client.platform.stores.sqlite.file import file_of, make_folder_of
from xpander_client.platform.stores.sqlite.schema import SCHEMA_VERSION, prepare, version_of
from xpander_client.platform.stores.sqlite.work import SEQ_BITS, SEQ_MASK
from xpander_client.platform.stores.transfer import BATCH, BATCH_BYTES, BULKY, TABLES, Row

_EVENTS_OF_TASK = (
    f"e.place > (t.number << {SEQ_BITS}) AND e.place <= (t.number << {SEQ_BITS}) + {SEQ_MASK}"
)
_MESSAGES_OF_THREAD = (
    f"m.place >= (h.number << {SEQ_BITS}) AND m.place < ((h.number + 1) << {SEQ_BITS})"
)
_LAST = f"coalesce((SELECT max(e.place) & {SEQ_MASK} FROM events e WHERE {_EVENTS_OF_TASK}), 0)"

_SELECT = {
    "tasks": f"SELECT {', '.join(f't.{name}' for name in TASK_FIELDS)}, {_LAST}, t.pruned "
    "FROM tasks t ORDER BY t.number",
    "large_fields": "SELECT t.id, f.name, f.body FROM tasks t JOIN large_fields f "
    "ON f.task = t.number ORDER BY t.number, f.name",
    "events": f"SELECT t.id, e.place & {SEQ_MASK}, e.type, e.body "
    f"FROM tasks t JOIN events e ON {_EVENTS_OF_TASK} ORDER BY t.number, e.place",
    "idempotency": "SELECT organization_id, key, fingerprint, answer, created_at FROM idempotency",
    "documents": "SELECT organization_id, kind, key, version, value FROM documents",
    "messages": "SELECT h.organization_id, h.id, m.place - (h.number << "
    f"{SEQ_BITS}), m.role, m.body FROM threads h JOIN messages m ON {_MESSAGES_OF_THREAD} "
    "ORDER BY h.number, m.place",
} | {
    table: f"SELECT {', '.join(TABLES[table])} FROM {table} ORDER BY number"
    for table in ("threads", "reports", "audit")
}

_BULK = re.compile(rf"\b(\w\.)?({'|'.join(sorted(BULKY))})\b")

_INSERT = {
    "tasks": f"INSERT INTO tasks ({', '.join(TASK_FIELDS)}, pruned) "
    f"VALUES ({', '.join('?' * (len(TASK_FIELDS) + 1))})",
    "large_fields": "INSERT INTO large_fields (task, name, body) SELECT number, ?, ? "
    "FROM tasks WHERE id = ?",
    "events": f"INSERT INTO events (place, type, body) SELECT (number << {SEQ_BITS}) + ?, ?, ? "
    "FROM tasks WHERE id = ?",
    "messages": "INSERT INTO messages (place, role, body) "
    f"SELECT (number << {SEQ_BITS}) + ?, ?, ? FROM threads WHERE organization_id = ? AND id = ?",
} | {
    table: f"INSERT INTO {table} ({', '.join(TABLES[table])}) "
    f"VALUES ({', '.join('?' * len(TABLES[table]))})"
    for table in ("idempotency", "documents", "threads", "reports", "audit")
}


def _values(table: str, row: Row) -> Row:
    """A row's fields in the order in which the statement wants them."""
    if table == "tasks":
        *fields, _last_seq, pruned = row
        return (*fields, pruned)
    if table in ("events", "large_fields"):
        task_id, *rest = row
        return (*rest, task_id)
    if table == "messages":
        organization_id, thread_id, *message = row
        return (*message, organization_id, thread_id)
    return row


_ENDS = ", ".join(f"'{status}'" for status in sorted(TERMINAL))
_PROBLEMS = (
    (
        "the events of task {} have holes",
        # A run begins with an event.
        f"SELECT t.id FROM tasks t WHERE t.status NOT IN ({_ENDS}, 'deleted') "
        f"AND max({_LAST} - t.run_from, 1) != "
        f"(SELECT count(*) FROM events e WHERE {_EVENTS_OF_TASK} "
        f"AND (e.place & {SEQ_MASK}) > t.run_from) LIMIT 20",
    ),
    (
        "task {} is finished, but its events don't say how",
        f"SELECT t.id FROM tasks t WHERE t.status IN ({_ENDS}) AND coalesce((SELECT e.type "
        f"FROM events e WHERE {_EVENTS_OF_TASK} ORDER BY e.place DESC LIMIT 1), '') "
        "!= 'task_finished' LIMIT 20",
    ),
    (
        "task {} lacks large fields that it says it has",
        "SELECT t.id FROM tasks t WHERE t.large IS NOT NULL AND (SELECT count(*) "
        "FROM json_each(t.large)) != (SELECT count(*) FROM large_fields f "
        "WHERE f.task = t.number) LIMIT 20",
    ),
    (
        "thread {} has another length than it says",
        "SELECT h.id FROM threads h WHERE h.length != "
        f"(SELECT count(*) FROM messages m WHERE {_MESSAGES_OF_THREAD}) LIMIT 20",
    ),
)


class SqliteBooks:
    """A store in a file, in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, table: str, *, bulk: bool = True) -> AsyncIterator[Sequence[Row]]:
        """The rows of a table, some at a time, within a bound of bytes."""
        sql = _SELECT[table] if bulk else _BULK.sub("NULL", _SELECT[table])
        batch: list[Row] = []
        size = 0
        for row in self._connection.execute(sql):
            batch.append(row)
            size += sum(len(value) for value in row if isinstance(value, bytes | str))
            if len(batch) == BATCH or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    async def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._connection.executemany(_INSERT[table], (_values(table, row) for row in rows))

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        [rows] = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(rows)

    async def numbers(self) -> AsyncIterator[tuple[str, int, int]]:
        """For each task that has events: the last one's number, and how many there are."""
        for row in self._connection.execute(
            f"SELECT t.id, max(e.place) & {SEQ_MASK}, count(*) FROM tasks t JOIN events e "
            f"ON {_EVENTS_OF_TASK} GROUP BY t.id ORDER BY t.id"
        ):
            yield row

    async def problems(self) -> Sequence[str]:
        """What is not as it has to be."""
        found = [text for [text] in self._connection.execute("PRAGMA quick_check") if text != "ok"]
        if found:
            return [f"the file is damaged: {text}" for text in found]
        return [
            text.format(name) for text, sql in _PROBLEMS for [name] in self._connection.execute(sql)
        ]


class _Sqlite:
    name: str = "SQLite"

    async def versions(self, address: str | os.PathLike[str]) -> tuple[int, int]:
        path = _existing(address)
        with _connected(path) as connection:
            return version_of(connection, path), SCHEMA_VERSION

    async def migrate(self, address: str | os.PathLike[str]) -> tuple[int, int]:
        path = file_of(sqlite_path(address))
        make_folder_of(path)
        with _alone(path), _connected(path) as connection:
            before = version_of(connection, path)
            prepare(connection, path)
            return before, SCHEMA_VERSION

    @contextlib.asynccontextmanager
    async def books(
        self, address: str | os.PathLike[str], *, write: bool
    ) -> AsyncIterator[SqliteBooks]:
        path = _existing(address)
        with _alone(path), _connected(path) as connection:
            version = version_of(connection, path)
            if version != SCHEMA_VERSION:
                raise ConfigurationError(
                    f"{path} has schema version {version}, this release needs {SCHEMA_VERSION}: "
                    "xpander-client store migrate"
                )
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            yield SqliteBooks(connection)
            connection.execute("COMMIT")


ENGINE = _Sqlite()


def _existing(address: str | os.PathLike[str]) -> Path:
    path = file_of(sqlite_path(address))
    if not path.is_file():
        raise ConfigurationError(f"{path} is not there")
    return path


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = FileLock(path)
    lock.acquire(f"the store {path} is in use by a platform: stop it first")
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} can't be used as a store: {error}") from error

"""All that a store in a file keeps."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.file_lock import FileLock
from xpander_client.platform.rules.records import TASK_FIELDS
from xpander_client.platform.stores.base.tables import (
    BATCH,
    BATCH_BYTES,
    BULKY,
    TABLES,
    Dialect,
    Row,
    build_checks,
)
from xpander_client.platform.stores.sqlite.address import parse_path
from xpander_client.platform.stores.sqlite.file import find_file, make_folder
from xpander_client.platform.stores.sqlite.schema import SCHEMA_VERSION, prepare, read_version
from xpander_client.platform.stores.sqlite.work import SEQ_BITS, SEQ_MASK

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
    """Return a row's fields in the order in which the statement wants them."""
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


_CHECKS = build_checks(
    Dialect(
        greatest="max",
        last_seq=_LAST,
        events=_EVENTS_OF_TASK,
        seq=f"(e.place & {SEQ_MASK})",
        place="e.place",
        large_names="json_each(t.large)",
        large_fields="f.task = t.number",
        messages=_MESSAGES_OF_THREAD,
    )
)


class SqliteTables:
    """The `StoreTables` of a file, in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, table: str, *, bulk: bool = True) -> AsyncIterator[Sequence[Row]]:
        """Read the rows of a table, some at a time, within a bound of bytes."""
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
        """Count the rows of a table."""
        [rows] = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(rows)

    async def event_counts(self) -> AsyncIterator[tuple[str, int, int]]:
        """Read, for each task that has events, its id, the last one's number, and how many there
        are.
        """
        for row in self._connection.execute(
            f"SELECT t.id, max(e.place) & {SEQ_MASK}, count(*) FROM tasks t JOIN events e "
            f"ON {_EVENTS_OF_TASK} GROUP BY t.id ORDER BY t.id"
        ):
            yield row

    async def problems(self) -> Sequence[str]:
        """List what is not as it has to be, each in a line."""
        found = [text for [text] in self._connection.execute("PRAGMA quick_check") if text != "ok"]
        if found:
            return [f"the file is damaged: {text}" for text in found]
        return [
            text.format(name) for text, sql in _CHECKS for [name] in self._connection.execute(sql)
        ]


async def read_versions(address: str | os.PathLike[str]) -> tuple[int, int]:
    """Return the version of the tables in a file, and the one that this release needs."""
    path = _find_file(address)
    with _connect(path) as connection:
        return read_version(connection, path), SCHEMA_VERSION


async def migrate(address: str | os.PathLike[str]) -> tuple[int, int]:
    """Give a file the tables of this release; returns their version before and after."""
    path = find_file(parse_path(address))
    make_folder(path)
    with _lock(path), _connect(path) as connection:
        before = read_version(connection, path)
        prepare(connection, path)
        return before, SCHEMA_VERSION


@contextlib.asynccontextmanager
async def open_tables(
    address: str | os.PathLike[str], *, write: bool
) -> AsyncIterator[SqliteTables]:
    """Open all that a file keeps, in one transaction."""
    path = _find_file(address)
    with _lock(path), _connect(path) as connection:
        version = read_version(connection, path)
        if version != SCHEMA_VERSION:
            raise ConfigurationError(
                f"{path} has schema version {version}, this release needs {SCHEMA_VERSION}: "
                "xpander-client store migrate"
            )
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        yield SqliteTables(connection)
        connection.execute("COMMIT")


def _find_file(address: str | os.PathLike[str]) -> Path:
    path = find_file(parse_path(address))
    if not path.is_file():
        raise ConfigurationError(f"{path} is not there")
    return path


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock = FileLock(path)
    lock.acquire(f"the store {path} is in use by a platform: stop it first")
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _connect(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} can't be used as a store: {error}") from error

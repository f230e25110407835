"""The tables of a state directory's database.

Whatever is numbered within a session has the session's number in the upper half of its key, so
that what belongs together lies together, needs no index of its own, and is appended at its end.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from xpander_client.errors import ConfigurationError

BITS = 32
MASK = (1 << BITS) - 1

_APPLICATION_ID = 0x78704167
_VERSION = 1

_TABLES = """
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    head TEXT NOT NULL,
    commits INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    events INTEGER NOT NULL
);
CREATE INDEX sessions_by_name ON sessions (kind, name);
CREATE TABLE variables (
    session INTEGER NOT NULL,
    name TEXT NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (session, name)
) WITHOUT ROWID;
CREATE TABLE changes (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    value BLOB
);
CREATE TABLE commits (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    task TEXT,
    made_at REAL NOT NULL,
    changes INTEGER NOT NULL,
    events_before INTEGER NOT NULL
);
CREATE TABLE reverts (
    key INTEGER PRIMARY KEY,
    target INTEGER NOT NULL
);
CREATE TABLE events (
    key INTEGER PRIMARY KEY,
    payload BLOB NOT NULL
);
CREATE TABLE processes (
    name TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE calls (
    number INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    task TEXT NOT NULL,
    process TEXT NOT NULL,
    cancelled INTEGER NOT NULL
);
CREATE TABLE pending_cancels (
    scope TEXT NOT NULL,
    task TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (scope, task)
) WITHOUT ROWID;
CREATE TABLE line (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    call INTEGER NOT NULL UNIQUE,
    scope TEXT NOT NULL,
    process TEXT NOT NULL,
    names TEXT NOT NULL
);
"""


def compute_key_range(session: int) -> tuple[int, int]:
    """Return the first and last key that things of a session can have."""
    return (session << BITS, (session << BITS) | MASK)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables when there are none; to be called within a transaction.

    Raises:
        ConfigurationError: it is no state of ours, or one of a later release.
    """
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) == (_APPLICATION_ID, _VERSION):
        return
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == _APPLICATION_ID:
        raise ConfigurationError(
            f"{path} has schema version {version}; this release reads version {_VERSION}"
        )
    if application or version or tables:
        raise ConfigurationError(f"{path} is a database, but not one of agents' state")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")

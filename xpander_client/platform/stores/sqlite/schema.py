"""The tables of the store in a file, and how files of earlier releases come by them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from xpander_client.errors import ConfigurationError

APPLICATION_ID = 0x78704E64

_STEPS = (
    # 1: tasks, their events, and documents
    """
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
""",
    # 2: scripts that take tasks for themselves, and threads
    """
ALTER TABLE tasks ADD COLUMN scripted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tasks_pinned ON tasks (organization_id, pinned_to, number)
    WHERE status = 'pending' AND pinned_to IS NOT NULL;
CREATE TABLE threads (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL,
    length INTEGER NOT NULL,
    user_id TEXT,
    agent_id TEXT,
    document BLOB NOT NULL
);
CREATE INDEX threads_of_user ON threads (organization_id, user_id, number)
    WHERE user_id IS NOT NULL;
CREATE TABLE messages (
    place INTEGER PRIMARY KEY,
    role TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX messages_of_system ON messages (place) WHERE role = 'system';
""",
    # 3: what tasks were told, and threads whose ids are their organization's own choice
    """
CREATE INDEX events_told ON events (place) WHERE type = 'notification';
CREATE TABLE threads_of_organizations (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    length INTEGER NOT NULL,
    user_id TEXT,
    agent_id TEXT,
    document BLOB NOT NULL,
    UNIQUE (organization_id, id)
);
INSERT INTO threads_of_organizations
    SELECT number, id, organization_id, length, user_id, agent_id, document FROM threads;
DROP TABLE threads;
ALTER TABLE threads_of_organizations RENAME TO threads;
CREATE INDEX threads_of_user ON threads (organization_id, user_id, number)
    WHERE user_id IS NOT NULL;
""",
    # 4: what is left to prune, and an index for each way to filter lists
    """
ALTER TABLE tasks ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tasks_unpruned ON tasks (updated_at)
    WHERE pruned = 0 AND status IN ('completed', 'error', 'failed', 'stopped');
CREATE INDEX tasks_in_status ON tasks (organization_id, agent_id, status, number);
CREATE INDEX tasks_of_agent_and_user ON tasks (organization_id, agent_id, user_id, number)
    WHERE user_id IS NOT NULL;
CREATE INDEX tasks_of_agent_and_user_in_status
    ON tasks (organization_id, agent_id, user_id, status, number) WHERE user_id IS NOT NULL;
CREATE INDEX tasks_of_user_in_status ON tasks (organization_id, user_id, status, number)
    WHERE user_id IS NOT NULL;
CREATE INDEX tasks_of_parent ON tasks (organization_id, parent_task_id, number)
    WHERE parent_task_id IS NOT NULL;
CREATE INDEX tasks_triggered ON tasks (organization_id, triggering_agent_id, agent_id, number)
    WHERE triggering_agent_id IS NOT NULL;
CREATE INDEX tasks_in_internal_status
    ON tasks (organization_id, agent_id, internal_status, number)
    WHERE internal_status IS NOT NULL;
""",
    # 5: when what is kept may be forgotten, what was done by whom, the large fields of tasks,
    # and queues that are read from their fronts, whatever waits in others
    """
DROP INDEX tasks_unpruned;
CREATE INDEX tasks_ended ON tasks (organization_id, pruned, updated_at)
    WHERE status IN ('completed', 'deleted', 'error', 'failed', 'stopped');
ALTER TABLE threads ADD COLUMN used_at REAL NOT NULL DEFAULT 0;
UPDATE threads SET used_at = strftime('%s', 'now') / 3600 * 3600.0;
CREATE INDEX threads_by_use ON threads (organization_id, used_at);
CREATE TABLE reports (
    number INTEGER PRIMARY KEY,
    organization_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    task_id TEXT,
    user_id TEXT,
    created_at REAL NOT NULL,
    value BLOB NOT NULL
);
CREATE INDEX reports_by_age ON reports (organization_id, created_at);
CREATE INDEX reports_of_task ON reports (organization_id, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX reports_of_user ON reports (organization_id, user_id) WHERE user_id IS NOT NULL;
INSERT INTO reports (organization_id, kind, agent_id, task_id, created_at, value)
    SELECT organization_id, kind, coalesce(json_extract(text, '$.agent_id'), ''),
        iif(length(json_extract(text, '$.execution_id')) BETWEEN 1 AND 200,
            json_extract(text, '$.execution_id'), NULL),
        strftime('%s', 'now') + 0.0, value
    FROM (SELECT organization_id, kind, value, CAST(value AS TEXT) AS text
        FROM documents WHERE kind IN ('metrics', 'llm-usage'));
DELETE FROM documents WHERE kind IN ('metrics', 'llm-usage');
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX audit_of_organization ON audit (organization_id, number);
DROP INDEX tasks_in_internal_status;
CREATE INDEX tasks_in_internal_status
    ON tasks (organization_id, internal_status, agent_id, number)
    WHERE internal_status IS NOT NULL;
ALTER TABLE tasks ADD COLUMN large TEXT;
-- In a table without rowids a row that is looked for is compared with others that are read whole.
CREATE TABLE large_fields (
    task INTEGER NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (task, name)
);
CREATE TRIGGER large_fields_of_no_task AFTER DELETE ON tasks WHEN OLD.large IS NOT NULL BEGIN
    DELETE FROM large_fields WHERE task = OLD.number;
END;
DROP INDEX tasks_waiting;
DROP INDEX tasks_pinned;
CREATE INDEX tasks_waiting ON tasks (organization_id, agent_id, number)
    WHERE status = 'pending' AND worker_id IS NULL AND pinned_to IS NULL;
CREATE INDEX tasks_pinned ON tasks (organization_id, agent_id, pinned_to, number)
    WHERE status = 'pending' AND worker_id IS NULL AND pinned_to IS NOT NULL;
CREATE INDEX tasks_delegated ON tasks (organization_id, pinned_to, number)
    WHERE status = 'pending' AND worker_id IS NULL AND parent_task_id IS NOT NULL
    AND pinned_to IS NOT NULL;
""",
)
"""Each makes one version out of the version before; a new file goes through all of them."""

SCHEMA_VERSION = len(_STEPS)

_MIGRATED = (
    "INSERT INTO audit (organization_id, created_at, actor, action, target, outcome) "
    "VALUES ('', strftime('%s', 'now') + 0.0, 'operator', 'store.migrate', "
    f"'version {SCHEMA_VERSION}', 'migrated');"
)
"""What is done to the store as a whole is of no organization."""


def read_version(connection: sqlite3.Connection, path: Path) -> int:
    """Read the version of a file's tables; 0: there are none.

    Raises:
        ConfigurationError: it is no store of ours.
    """
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or version or tables):
        raise ConfigurationError(f"{path} is a database, but not of this platform")
    return int(version)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Give the file the tables of this release, in one transaction.

    Raises:
        ConfigurationError: it is no store of ours, or one of a later release.
    """
    version = read_version(connection, path)
    if version > SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path} has schema version {version}; this release reads version {SCHEMA_VERSION}"
        )
    if version < SCHEMA_VERSION:
        connection.executescript(
            f"BEGIN IMMEDIATE; {''.join(_STEPS[version:])}{_MIGRATED if version else ''}"
            f"PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )

"""The tables of the store on PostgreSQL, and how databases of earlier releases come by them."""

from __future__ import annotations

import hashlib

import asyncpg

from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores.postgres.connections import Connection

_STEPS = (
    # 1
    """
CREATE TABLE tasks (
    number bigint GENERATED ALWAYS AS IDENTITY,
    id text COLLATE "C" PRIMARY KEY,
    organization_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    attempt integer NOT NULL,
    losses integer NOT NULL,
    worker_id text COLLATE "C",
    lease_until double precision,
    pinned_to text COLLATE "C",
    run_from integer NOT NULL,
    internal_status text COLLATE "C",
    user_id text COLLATE "C",
    parent_task_id text COLLATE "C",
    triggering_agent_id text COLLATE "C",
    scripted boolean NOT NULL,
    document bytea NOT NULL,
    last_seq integer NOT NULL,
    pruned boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);
CREATE INDEX tasks_of_organization ON tasks (organization_id, number);
CREATE INDEX tasks_of_agent ON tasks (organization_id, agent_id, number);
CREATE INDEX tasks_in_status ON tasks (organization_id, agent_id, status, number);
CREATE INDEX tasks_of_user ON tasks (organization_id, user_id, number) WHERE user_id IS NOT NULL;
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
CREATE INDEX tasks_waiting ON tasks (organization_id, agent_id, number)
    WHERE status = 'pending' AND worker_id IS NULL AND pinned_to IS NULL;
CREATE INDEX tasks_pinned ON tasks (organization_id, pinned_to, number)
    WHERE status = 'pending' AND worker_id IS NULL AND pinned_to IS NOT NULL;
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX tasks_held ON tasks (worker_id) WHERE worker_id IS NOT NULL;
CREATE INDEX tasks_unpruned ON tasks (updated_at)
    WHERE NOT pruned AND status IN ('completed', 'error', 'failed', 'stopped');
CREATE TABLE events (
    task_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    type text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (task_id, seq)
);
CREATE INDEX events_told ON events (task_id, seq) WHERE type = 'notification';
CREATE TABLE idempotency (
    organization_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    answer text NOT NULL,
    created_at double precision NOT NULL,
    PRIMARY KEY (organization_id, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE TABLE documents (
    organization_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (organization_id, kind, key)
);
CREATE TABLE threads (
    number bigint GENERATED ALWAYS AS IDENTITY,
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    length integer NOT NULL,
    user_id text COLLATE "C",
    agent_id text COLLATE "C",
    document bytea NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX threads_of_user ON threads (organization_id, user_id, number)
    WHERE user_id IS NOT NULL;
CREATE TABLE messages (
    organization_id text COLLATE "C" NOT NULL,
    thread_id text COLLATE "C" NOT NULL,
    place integer NOT NULL,
    role text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (organization_id, thread_id, place)
);
CREATE INDEX messages_of_system ON messages (organization_id, thread_id, place)
    WHERE role = 'system';
CREATE TABLE servers (
    id text COLLATE "C" PRIMARY KEY,
    seen_at double precision NOT NULL
);
CREATE TABLE workers (
    organization_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    pool text COLLATE "C",
    peer text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    server_id text COLLATE "C",
    heard_at double precision NOT NULL,
    busy boolean NOT NULL DEFAULT false,
    leaving boolean NOT NULL DEFAULT false,
    spoke_after_break boolean NOT NULL DEFAULT false,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX workers_of_server ON workers (server_id);
CREATE INDEX workers_by_stream ON workers (stream);
""",
    # 2: when what is kept may be forgotten, what was done by whom, the large fields of tasks,
    # and queues that are read from their fronts, whatever waits in others
    """
DROP INDEX tasks_unpruned;
CREATE INDEX tasks_ended ON tasks (organization_id, pruned, updated_at)
    WHERE status IN ('completed', 'deleted', 'error', 'failed', 'stopped');
ALTER TABLE threads ADD COLUMN used_at double precision NOT NULL DEFAULT 0;
UPDATE threads SET used_at = floor(extract(epoch FROM now()) / 3600) * 3600;
CREATE INDEX threads_by_use ON threads (organization_id, used_at);
CREATE TABLE reports (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    task_id text COLLATE "C",
    user_id text COLLATE "C",
    created_at double precision NOT NULL,
    value bytea NOT NULL
);
CREATE INDEX reports_by_age ON reports (organization_id, created_at);
CREATE INDEX reports_of_task ON reports (organization_id, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX reports_of_user ON reports (organization_id, user_id) WHERE user_id IS NOT NULL;
INSERT INTO reports (organization_id, kind, agent_id, task_id, created_at, value)
    -- Texts that hold NUL are JSON, but nothing that the database would read as such.
    SELECT organization_id, kind,
        coalesce(
            substring(text FROM '"agent_id":"([^"\\\\]+)"}$'),
            substring(text FROM '"agent_id":"([^"\\\\]+)"'),
            ''
        ),
        substring(text FROM '"execution_id":"([^"\\\\]{1,200})"'),
        extract(epoch FROM now()), value
    FROM (SELECT organization_id, kind, value, convert_from(value, 'UTF8') AS text
        FROM documents WHERE kind IN ('metrics', 'llm-usage')) AS reported;
DELETE FROM documents WHERE kind IN ('metrics', 'llm-usage');
CREATE TABLE audit (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id text COLLATE "C" NOT NULL,
    created_at double precision NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL
);
CREATE INDEX audit_of_organization ON audit (organization_id, number);
DROP INDEX tasks_in_internal_status;
CREATE INDEX tasks_in_internal_status
    ON tasks (organization_id, internal_status, agent_id, number)
    WHERE internal_status IS NOT NULL;
ALTER TABLE tasks ADD COLUMN large text;
CREATE TABLE large_fields (
    task_id text COLLATE "C" NOT NULL REFERENCES tasks ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (task_id, name)
);
DROP INDEX tasks_pinned;
CREATE INDEX tasks_pinned ON tasks (organization_id, agent_id, pinned_to, number)
    WHERE status = 'pending' AND worker_id IS NULL AND pinned_to IS NOT NULL;
CREATE INDEX tasks_delegated ON tasks (organization_id, pinned_to, number)
    WHERE status = 'pending' AND worker_id IS NULL AND parent_task_id IS NOT NULL
    AND pinned_to IS NOT NULL;
""",
)
"""Each makes one version out of the version before; an empty schema goes through all of them."""

SCHEMA_VERSION = len(_STEPS)

_MIGRATED = (
    "INSERT INTO audit (organization_id, created_at, actor, action, target, outcome) "
    "VALUES ('', extract(epoch FROM now()), 'operator', 'store.migrate', "
    f"'version {SCHEMA_VERSION}', 'migrated')"
)
"""What is done to the store as a whole is of no organization."""


async def version(connection: Connection) -> int:
    """Read the version of the tables that the connection sees first; 0: there are none.

    Raises:
        ConfigurationError: there are tables of that name, but not of this platform.
    """
    found = await connection.fetchval(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = current_schema() AND c.relname IN "
        "('xpander_store', 'tasks', 'events', 'threads', 'documents')"
    )
    if not found:
        return 0
    try:
        kept = await connection.fetchval("SELECT version FROM xpander_store")
    except asyncpg.UndefinedTableError:
        raise ConfigurationError(
            "the database has tables of these names that are not of this platform; give it a "
            "schema of its own: …?search_path=NAME"
        ) from None
    return int(kept)


async def require(connection: Connection) -> None:
    """Make sure that the tables are those of this release; an empty schema is given them.

    Raises:
        ConfigurationError: they are of another release.
    """
    there = await version(connection)
    if there == 0:
        await migrate(connection)
    elif there > SCHEMA_VERSION:
        raise _newer(there)
    elif there < SCHEMA_VERSION:
        raise ConfigurationError(
            f"the database has schema version {there}, this release needs {SCHEMA_VERSION}; when "
            "no server of the earlier release runs any more: xpander-client store migrate"
        )


async def migrate(connection: Connection) -> tuple[int, int]:
    """Give the database the tables of this release, in one transaction.

    Returns the version before and the one after. Others that try this at the same time wait.

    Raises:
        ConfigurationError: the tables are of a later release, or not of this platform.
    """
    async with connection.transaction():
        schema = await connection.fetchval("SELECT current_schema()")
        if schema is None:
            raise ConfigurationError(
                "the schema that the address names with search_path is not there"
            )
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _lock(schema))
        before = await version(connection)
        if before > SCHEMA_VERSION:
            raise _newer(before)
        if before == 0:
            await connection.execute("CREATE TABLE xpander_store (version integer NOT NULL)")
            await connection.execute("INSERT INTO xpander_store VALUES (0)")
        if before < SCHEMA_VERSION:
            await connection.execute("".join(_STEPS[before:]))
            if before:
                await connection.execute(_MIGRATED)
            await connection.execute("UPDATE xpander_store SET version = $1", SCHEMA_VERSION)
    return before, SCHEMA_VERSION


def _newer(there: int) -> ConfigurationError:
    return ConfigurationError(
        f"the database has schema version {there}; this release reads version {SCHEMA_VERSION}"
    )


def _lock(schema: str) -> int:
    digest = hashlib.blake2b(f"xpander {schema}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)

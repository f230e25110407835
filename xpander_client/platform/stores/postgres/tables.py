"""All that a store on PostgreSQL keeps."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

import asyncpg

from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores.base.tables import (
    BATCH,
    BATCH_BYTES,
    BULKY,
    TABLES,
    Dialect,
    Row,
    build_checks,
)
from xpander_client.platform.stores.postgres.address import hide_password
from xpander_client.platform.stores.postgres.connections import AWAY, Database, explain_error
from xpander_client.platform.stores.postgres.presence import SILENCE
from xpander_client.platform.stores.postgres.schema import SCHEMA_VERSION, migrate, version

_ORDER = {
    **dict.fromkeys(("tasks", "threads", "reports", "audit"), "number"),
    "large_fields": "task_id, name",
    "events": "task_id, seq",
    "idempotency": "organization_id, key",
    "documents": "organization_id, kind, key",
    "messages": "organization_id, thread_id, place",
}
_CHECKS = (
    *build_checks(
        Dialect(
            greatest="greatest",
            last_seq="t.last_seq",
            events="e.task_id = t.id",
            seq="e.seq",
            place="e.seq",
            large_names="json_object_keys(t.large::json)",
            large_fields="f.task_id = t.id",
            messages="m.organization_id = h.organization_id AND m.thread_id = h.id",
        )
    ),
    (
        "task {} counts its events wrong",
        "SELECT t.id FROM tasks t WHERE t.status != 'deleted' AND t.last_seq != coalesce("
        "(SELECT max(seq) FROM events e WHERE e.task_id = t.id), 0) LIMIT 20",
    ),
)


class PostgresTables:
    """The `StoreTables` of a database, in one transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, table: str, *, bulk: bool = True) -> AsyncIterator[Sequence[Row]]:
        """Read the rows of a table, some at a time, within a bound of bytes."""
        names = TABLES[table]
        bulky = [name for name in names if name in BULKY]
        fields = ", ".join("NULL" if name in bulky and not bulk else name for name in names)
        # How large they are is known without reading them.
        size = " + ".join(f"octet_length({name})" for name in bulky) if bulky and bulk else "0"
        sizes = await self._connection.cursor(
            f"SELECT {size} FROM {table} ORDER BY {_ORDER[table]}"
        )
        rows = await self._connection.cursor(
            f"SELECT {fields} FROM {table} ORDER BY {_ORDER[table]}"
        )
        while some := await sizes.fetch(BATCH):
            count = bytes_ = 0
            for place, row in enumerate(some, 1):
                count += 1
                bytes_ += row[0]
                if bytes_ >= BATCH_BYTES or place == len(some):
                    yield [tuple(row) for row in await rows.fetch(count)]
                    count = bytes_ = 0

    async def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        if table == "tasks":
            names = TABLES[table]
            flags = {names.index("pruned"), names.index("scripted")}
            rows = [
                [bool(value) if place in flags else value for place, value in enumerate(row)]
                for row in rows
            ]
        await self._connection.copy_records_to_table(
            table, records=rows, columns=list(TABLES[table])
        )

    async def count(self, table: str) -> int:
        """Count the rows of a table."""
        return int(await self._connection.fetchval(f"SELECT count(*) FROM {table}"))

    async def event_counts(self) -> AsyncIterator[tuple[str, int, int]]:
        """Read, for each task that has events, its id, the last one's number, and how many there
        are.
        """
        cursor = await self._connection.cursor(
            "SELECT task_id, max(seq), count(*) FROM events GROUP BY task_id ORDER BY task_id"
        )
        while rows := await cursor.fetch(BATCH):
            for row in rows:
                yield row[0], row[1], row[2]

    async def problems(self) -> Sequence[str]:
        """List what is not as it has to be, each in a line."""
        return [
            text.format(row[0])
            for text, sql in _CHECKS
            for row in await self._connection.fetch(sql)
        ]


async def read_versions(address: str) -> tuple[int, int]:
    """Return the version of the tables in a database, and the one that this release needs."""
    async with _connect(address) as connection:
        return await version(connection), SCHEMA_VERSION


async def migrate_tables(address: str) -> tuple[int, int]:
    """Give a database the tables of this release; returns their version before and after."""
    async with _connect(address) as connection:
        before = await version(connection)
        if 0 < before < SCHEMA_VERSION:
            await _refuse_servers(connection, address)
        return await migrate(connection)


@contextlib.asynccontextmanager
async def open_tables(address: str, *, write: bool) -> AsyncIterator[PostgresTables]:
    """Open all that a database keeps, in one transaction."""
    async with _connect(address) as connection:
        there = await version(connection)
        if there != SCHEMA_VERSION:
            raise ConfigurationError(
                f"{hide_password(address)} has schema version {there}, this release needs "
                f"{SCHEMA_VERSION}: xpander-client store migrate"
            )
        await _refuse_servers(connection, address)
        async with connection.transaction(isolation="repeatable_read", readonly=not write):
            yield PostgresTables(connection)


async def _refuse_servers(connection: asyncpg.Connection, address: str) -> None:
    """Refuse to work on a store that servers use."""
    seen = await connection.fetchval(
        "SELECT count(*) FROM servers WHERE seen_at > "
        "extract(epoch FROM clock_timestamp())::float8 - $1::float8",
        SILENCE,
    )
    if seen:
        raise ConfigurationError(
            f"the store {hide_password(address)} is in use by {seen} server(s): stop them first"
        )


@contextlib.asynccontextmanager
async def _connect(address: str) -> AsyncIterator[asyncpg.Connection]:
    shown = hide_password(address)
    try:
        connection = await Database(address).connect(
            {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}, patient=True
        )
    except (*AWAY, asyncpg.PostgresError, ValueError) as error:
        raise ConfigurationError(
            f"{shown} can't be used as a store: {explain_error(error)}"
        ) from error
    try:
        yield connection
    except (*AWAY, asyncpg.PostgresError) as error:
        raise ConfigurationError(f"{shown}: {error}") from error
    finally:
        connection.terminate() if connection.is_in_transaction() else await connection.close()

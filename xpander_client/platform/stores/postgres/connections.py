"""How the store reaches its database, and what it makes of a database that is not there.

Each wait is bounded: for a connection, for an answer, for a place in the pool. Whatever goes wrong
on the way is an `HttpError` with status 503, so that callers come back; the database goes away and
comes back without a restart of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.stores.base.queue import refuse_unstorable
from xpander_client.platform.stores.postgres.address import hide_password

Connection = asyncpg.Connection | PoolConnectionProxy
"""One of its own, or one out of the pool."""

_CONNECT_TIMEOUT = 3.0
COMMAND_TIMEOUT = 5.0
_ACQUIRE_TIMEOUT = 3.0
READERS = 4

PATIENCE = 10.0
"""How long a read waits for its turn, in seconds: thousands of readers may come back at once."""

UNANSWERED = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.PostgresIOError,
)
"""What leaves open whether the database has done what it was told."""

AWAY = (
    *UNANSWERED,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""What happens when the database, or the way to it, is not as it should be."""

_RELOCATED = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
"""What was prepared in one session is not there in the next: somebody gave us another session."""

NEVER = (asyncpg.DataError, asyncpg.ProgramLimitExceededError)
"""What the database says of what it can't keep, whenever it is tried."""

_NAME = {"application_name": "xpander"}

SESSION = {
    "jit": "off",
    # Whatever the database or the role has for a default.
    "default_transaction_isolation": "read committed",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    # The other end of a dead connection must not hold its locks for as long as TCP is patient.
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "4s",
    "statement_timeout": "8s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
}
"""Set once a connection is made: poolers let few settings pass while it is. Those that the release
of the database has not are left out.
"""

_POOLED = (
    "a pooler gives each transaction another session; notifications and settings need one that "
    "stays: PgBouncer with pool_mode = session, or a connection to the database itself"
)
_READ_ONLY = (
    "it takes no writes: it is a standby, or default_transaction_read_only is on for the database "
    "or the role (ALTER DATABASE … RESET default_transaction_read_only)"
)
_ENCODED = (
    "its encoding is {}, but texts are any Unicode; make one that is not: "
    "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'"
)

_logger = logging.getLogger(__name__)


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Turn failures of the database into what they mean to a caller."""
    try:
        yield
    except NEVER as error:
        raise refuse_unstorable(error) from None
    except AWAY as error:
        # asyncpg's own misuse is an InterfaceError, too; the log tells it from an outage.
        _logger.info("the database did not answer: %s: %s", type(error).__name__, error)
        raise HttpError(503, "the store's database can't be reached") from error


def explain_error(error: BaseException) -> str:
    """Why the database can't be reached, in words that show nothing of its address."""
    if isinstance(error, ValueError) and not isinstance(error, asyncpg.InterfaceError):
        return "a part of its URL is not what it has to be"
    return str(error) or type(error).__name__


class Database:
    """One database: connections to it, and a few of them in a pool for reads. One of these is kept
    for what is urgent: what has to be known in time, however many wait for an answer.
    """

    def __init__(self, address: str) -> None:
        self._turns = asyncio.Semaphore(READERS)
        self._shown = hide_password(address)
        self._address = _for_primary(address)
        self._pool: asyncpg.Pool | None = None

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self._shown

    async def open(self) -> None:
        """Open the pool.

        Raises:
            ConfigurationError: the database can't be reached, or doesn't let us in.
        """
        try:
            self._pool = await asyncpg.create_pool(
                self._address,
                min_size=0,
                max_size=READERS + 1,
                timeout=_CONNECT_TIMEOUT,
                command_timeout=COMMAND_TIMEOUT,
                server_settings=_NAME,
                init=_set_up,
                reset=_nothing_to_reset,
            )
            async with (
                self._pool.acquire(timeout=_ACQUIRE_TIMEOUT) as one,
                self._pool.acquire(timeout=_ACQUIRE_TIMEOUT) as other,
            ):
                unfit = await _unfit(one, other)
        except _RELOCATED:
            unfit = _POOLED
        except (*AWAY, asyncpg.PostgresError, ValueError) as error:
            await self.close()
            raise ConfigurationError(
                f"{self._shown} can't be used as a store: {explain_error(error)}"
            ) from error
        if unfit is not None:
            await self.close()
            raise ConfigurationError(f"{self._shown} can't be used as a store: {unfit}")

    async def close(self) -> None:
        """Close the pool; connections that hang are cut."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), _ACQUIRE_TIMEOUT)
            except (TimeoutError, *AWAY):
                pool.terminate()

    async def connect(
        self, settings: dict[str, str] | None = None, *, patient: bool = False
    ) -> asyncpg.Connection:
        """Open a connection outside the pool, with more settings of the session. A patient one
        waits for answers however long they take.
        """
        connection: asyncpg.Connection = await asyncpg.connect(
            self._address,
            timeout=_CONNECT_TIMEOUT,
            command_timeout=None if patient else COMMAND_TIMEOUT,
            server_settings=_NAME,
        )
        try:
            await _set_up(connection, settings)
        except BaseException:
            connection.terminate()
            raise
        return connection

    @contextlib.asynccontextmanager
    async def acquire(self, *, urgent: bool = False) -> AsyncIterator[PoolConnectionProxy]:
        """Take a connection out of the pool. Failures are refusals."""
        if not urgent:
            await self._take_turn()
        try:
            with answering():
                if self._pool is None:
                    raise HttpError(503, "the store is closed")
                async with self._pool.acquire(timeout=_ACQUIRE_TIMEOUT) as connection:
                    yield connection
        finally:
            if not urgent:
                self._turns.release()

    async def _take_turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turns.acquire()
        except TimeoutError:
            raise HttpError(503, "the store has more to read than it can; try again") from None

    async def fetch(self, sql: str, *arguments: Any, urgent: bool = False) -> list[asyncpg.Record]:
        """Return the rows of one read. A connection that had died unnoticed costs a second try.

        What is asked for in words that the database can't keep is not there.
        """
        if any(isinstance(each, str) and "\0" in each for each in arguments):
            return []
        try:
            async with self.acquire(urgent=urgent) as connection:
                rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
                return rows
        except HttpError as error:
            if not isinstance(error.__cause__, asyncpg.PostgresConnectionError):
                raise
        async with self.acquire(urgent=urgent) as connection:
            again: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
            return again

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """Return the only row of one read, or None."""
        rows = await self.fetch(sql, *arguments)
        return rows[0] if rows else None


async def _unfit(one: PoolConnectionProxy, other: PoolConnectionProxy) -> str | None:
    """Why the database that these are connections to can't be used as it is, if it can't."""
    encoding = one.get_settings().server_encoding
    if encoding != "UTF8":
        return _ENCODED.format(encoding)
    process = "SELECT pg_backend_pid()"
    before = await one.fetchval(process)
    async with other.transaction():
        if await other.fetchval(process) == before or await one.fetchval(process) != before:
            return _POOLED
        read_only = await other.fetchval("SHOW transaction_read_only") == "on"
    return _READ_ONLY if read_only else None


async def _set_up(
    connection: asyncpg.Connection, settings: Mapping[str, str] | None = None
) -> None:
    """Set up the session. What is acknowledged has to be on disk, whatever the database is used
    to.
    """
    wanted = {**SESSION, **(settings or {})}
    fsync = await connection.fetchval(
        "SELECT current_setting('fsync'), set_config('synchronous_commit', "
        "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
        "ELSE current_setting('synchronous_commit') END, false), "
        "(SELECT count(set_config(name, value, false)) "
        "FROM unnest($1::text[], $2::text[]) AS wanted (name, value) "
        "WHERE current_setting(name, true) IS NOT NULL)",
        list(wanted),
        list(wanted.values()),
    )
    if fsync == "off":
        _logger.warning("the database runs with fsync=off: a power cut loses what it acknowledged")


async def _nothing_to_reset(connection: asyncpg.Connection) -> None:
    """Do nothing: reads leave nothing behind in a session, and to reset it costs a round trip."""


def _for_primary(address: str) -> str:
    """Return the address, so that of several hosts the one is taken that can be written to."""
    parts = urlsplit(address)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any(name == "target_session_attrs" for name, _ in query) or "," not in parts.netloc:
        return address
    query.append(("target_session_attrs", "read-write"))
    return urlunsplit(parts._replace(query=urlencode(query)))

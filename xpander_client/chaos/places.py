"""A place of its own beside one's store: on the same disk, in the same database, but apart."""

from __future__ import annotations

import contextlib
import glob
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from xpander_client.chaos.marks import Mark, is_abandoned
from xpander_client.chaos.proxy import Upstream
from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.platform.stores.addresses import check_address, without_password
from xpander_client.platform.stores.base.engines import find_engine
from xpander_client.platform.stores.sqlite.file import COMPANIONS

_MARK = ".running"
_COMMENT = "of a run of xpander-client chaos, and removed by the next one if this was killed"
_MARKED = (
    "SELECT nspname FROM pg_namespace WHERE nspname ~ '^chaos_[0-9a-f]{12}$' "
    "AND obj_description(oid, 'pg_namespace') = $1"
)


@attrs.define
class Place:
    """Where the tasks of the chaos are. It is gone at the end, unless it is to be `kept`."""

    address: str = attrs.field(repr=False)
    kept: bool = False

    @property
    def shown(self) -> str:
        """The address, without a password."""
        return without_password(self.address)

    @property
    def database(self) -> Upstream | None:
        """Where the database listens; None for a file, or where no single place is named."""
        if find_engine(self.address).locate_file(self.address) is not None:
            return None
        parts = urlsplit(self.address)
        query = dict(parse_qsl(parts.query))
        if "," in parts.netloc or query.get("sslmode") == "verify-full":
            return None
        host, port = query.get("host") or parts.hostname or "localhost", parts.port or 5432
        if host.startswith("/"):
            return f"{host}/.s.PGSQL.{query.get('port', port)}"
        return host, int(query.get("port", port))

    def through(self, port: int) -> str:
        """Return the address of the same database, by way of a port of loopback."""
        parts = urlsplit(self.address)
        query = [
            (name, value) for name, value in parse_qsl(parts.query) if name not in ("host", "port")
        ]
        who = parts.netloc.rpartition("@")[0]
        netloc = f"{who}{'@' if who else ''}127.0.0.1:{port}"
        return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query)))


@contextlib.asynccontextmanager
async def place_beside(
    address: str, tell: Callable[[str], None] = lambda text: None
) -> AsyncIterator[Place]:
    """Make a new, empty place: a file beside the store's, or a schema in its database.

    The store itself is not opened, and nothing in it is touched. Places of runs that were killed
    are removed, and `tell` is told.

    Raises:
        ConfigurationError: there can't be such a place; the message says why.
    """
    name = f"chaos_{secrets.token_hex(6)}"
    check_address(address)
    path = find_engine(address).locate_file(address)
    if path is None:
        async with _schema(address, name, tell) as place:
            yield place
        return
    if not path.absolute().parent.is_dir():
        raise ConfigurationError(f"{path.absolute().parent} is no folder")
    for found in path.parent.glob(f"{glob.escape(path.name)}.chaos_*{_MARK}"):
        if is_abandoned(found):
            left = found.with_name(found.name.removesuffix(_MARK))
            _remove(left)
            tell(f"removed {left}, which a run that was killed had left")
    beside = path.with_name(f"{path.name}.{name}")
    mark = Mark(beside.with_name(beside.name + _MARK))
    place = Place(f"sqlite:{beside}")
    try:
        yield place
    finally:
        mark.clear()
        if not place.kept:
            _remove(beside)


def _remove(beside: Path) -> None:
    for ending in ("", *COMPANIONS, ".lock", _MARK, f"{_MARK}.lock"):
        beside.with_name(beside.name + ending).unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _schema(address: str, name: str, tell: Callable[[str], None]) -> AsyncIterator[Place]:
    try:
        import asyncpg

        from xpander_client.platform.stores.postgres.connections import (
            AWAY,
            Database,
            explain_error,
        )
    except ModuleNotFoundError as error:
        raise missing(error, "postgres", "a store on PostgreSQL") from None

    @contextlib.asynccontextmanager
    async def open_connection() -> AsyncIterator[asyncpg.Connection]:
        try:
            connection = await Database(address).connect()
        except (*AWAY, asyncpg.PostgresError, ValueError) as error:
            raise ConfigurationError(
                f"{without_password(address)}: {explain_error(error)}"
            ) from error
        try:
            yield connection
        finally:
            connection.terminate()

    async def execute(*statements: str) -> None:
        async with open_connection() as connection:
            try:
                await connection.execute("; ".join(statements))
            except (*AWAY, asyncpg.PostgresError) as error:
                raise ConfigurationError(
                    f"{without_password(address)}: {explain_error(error)}"
                ) from error

    parts = urlsplit(address)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "search_path"]
    query.append(("search_path", name))
    async with open_connection() as ours:
        # Held until this process ends, however that happens.
        await ours.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", name)
        for [left] in await ours.fetch(_MARKED, _COMMENT):
            if await ours.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", left):
                # What still ends there holds it a little longer: then it is for the next run.
                with contextlib.suppress(ConfigurationError):
                    await execute(f"DROP SCHEMA {left} CASCADE")
                    tell(f"removed the schema {left}, which a run that was killed had left")
        await execute(f"CREATE SCHEMA {name}", f"COMMENT ON SCHEMA {name} IS '{_COMMENT}'")
        place = Place(urlunsplit(parts._replace(query=urlencode(query))))
        try:
            yield place
        finally:
            if place.kept:
                await execute(f"COMMENT ON SCHEMA {name} IS NULL")
            else:
                await execute(f"DROP SCHEMA {name} CASCADE")

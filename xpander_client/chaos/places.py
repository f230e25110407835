"""A place of its own beside one's store: on the same disk, in the same database, but apart."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from ..errors import ConfigurationError
from ..platform.stores.addresses import is_postgres, sqlite_path, without_password
from .proxy import Upstream

__all__ = ["Place", "place_beside"]


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
        if not is_postgres(self.address):
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
        """The address of the same database, by way of a port of loopback."""
        parts = urlsplit(self.address)
        query = [
            (name, value) for name, value in parse_qsl(parts.query) if name not in ("host", "port")
        ]
        who = parts.netloc.rpartition("@")[0]
        netloc = f"{who}{'@' if who else ''}127.0.0.1:{port}"
        return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query)))


@contextlib.asynccontextmanager
async def place_beside(address: str) -> AsyncIterator[Place]:
    """A new, empty place: a file beside the store's, or a schema in its database.

    The store itself is not opened, and nothing in it is touched.

    Raises:
        ConfigurationError: there can't be such a place; the message says why.
    """
    name = f"chaos_{secrets.token_hex(6)}"
    if is_postgres(address):
        async with _schema(address, name) as place:
            yield place
        return
    path = sqlite_path(address)
    if not path.absolute().parent.is_dir():
        raise ConfigurationError(f"{path.absolute().parent} is no folder")
    beside = path.with_name(f"{path.name}.{name}")
    place = Place(f"sqlite:{beside}")
    try:
        yield place
    finally:
        if not place.kept:
            for ending in ("", "-wal", "-shm", ".lock"):
                beside.with_name(beside.name + ending).unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _schema(address: str, name: str) -> AsyncIterator[Place]:
    try:
        import asyncpg

        from ..platform.stores.postgres.connections import AWAY, Database, reason_of
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f'a store on PostgreSQL needs {error.name}: pip install "xpander-client[postgres]"'
        ) from None

    async def execute(statement: str) -> None:
        try:
            connection = await Database(address).connect()
            try:
                await connection.execute(statement)
            finally:
                await connection.close()
        except (*AWAY, asyncpg.PostgresError, ValueError) as error:
            raise ConfigurationError(f"{without_password(address)}: {reason_of(error)}") from error

    parts = urlsplit(address)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "search_path"]
    query.append(("search_path", name))
    await execute(f"CREATE SCHEMA {name}")
    place = Place(urlunsplit(parts._replace(query=urlencode(query))))
    try:
        yield place
    finally:
        if not place.kept:
            await execute(f"DROP SCHEMA {name} CASCADE")

"""How the platform gets at stores on PostgreSQL. Only what opens one imports the driver."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.base.engines import Address, Engine
from xpander_client.platform.stores.base.tables import StoreTables
from xpander_client.platform.stores.postgres.address import hide_password, parse_url

if TYPE_CHECKING:
    from xpander_client.platform.stores.postgres.store import PostgresStore


class _PostgresEngine(Engine):
    name = "PostgreSQL"
    address_form = "postgresql://USER:PASSWORD@HOST/DATABASE"
    shares_servers = True
    bounds_values = True

    def check_address(self, address: Address) -> None:
        parse_url(str(address))

    def hide_password(self, address: Address) -> str:
        return hide_password(str(address))

    def locate_file(self, address: Address) -> None:
        return None

    def make_store(
        self, address: Address, settings: Settings | None, clock: Clock | None
    ) -> PostgresStore:
        with _needing_driver():
            from xpander_client.platform.stores.postgres.store import PostgresStore
        return PostgresStore(str(address), settings, clock=clock)

    async def read_versions(self, address: Address) -> tuple[int, int]:
        with _needing_driver():
            from xpander_client.platform.stores.postgres import tables
        return await tables.read_versions(str(address))

    async def migrate(self, address: Address) -> tuple[int, int]:
        with _needing_driver():
            from xpander_client.platform.stores.postgres import tables
        return await tables.migrate_tables(str(address))

    def open_tables(
        self, address: Address, *, write: bool
    ) -> AbstractAsyncContextManager[StoreTables]:
        with _needing_driver():
            from xpander_client.platform.stores.postgres import tables
        return tables.open_tables(str(address), write=write)

    async def backup(self, address: Address, file: Address) -> None:
        raise ConfigurationError(
            "a store in PostgreSQL is backed up by its own program, also while it serves: "
            "pg_dump --format=custom --file=FILE ADDRESS"
        )


@contextlib.contextmanager
def _needing_driver() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing(error, "postgres", "a store on PostgreSQL") from None


ENGINE = _PostgresEngine()

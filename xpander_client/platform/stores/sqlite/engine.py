"""How the platform gets at stores in SQLite files."""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.base.engines import Address, Engine
from xpander_client.platform.stores.base.tables import StoreTables
from xpander_client.platform.stores.sqlite import tables
from xpander_client.platform.stores.sqlite.address import parse_path
from xpander_client.platform.stores.sqlite.backup import backup
from xpander_client.platform.stores.sqlite.store import SqliteStore


class _SqliteEngine(Engine):
    name = "SQLite"
    address_form = "a file, sqlite:FILE"
    shares_servers = False
    bounds_values = False

    def check_address(self, address: Address) -> None:
        parse_path(address)

    def hide_password(self, address: Address) -> str:
        return os.fspath(address)

    def locate_file(self, address: Address) -> Path:
        return parse_path(address)

    def make_store(
        self, address: Address, settings: Settings | None, clock: Clock | None
    ) -> SqliteStore:
        return SqliteStore(parse_path(address), settings, clock=clock)

    async def read_versions(self, address: Address) -> tuple[int, int]:
        return await tables.read_versions(address)

    async def migrate(self, address: Address) -> tuple[int, int]:
        return await tables.migrate(address)

    def open_tables(
        self, address: Address, *, write: bool
    ) -> AbstractAsyncContextManager[StoreTables]:
        return tables.open_tables(address, write=write)

    async def backup(self, address: Address, file: Address) -> None:
        await asyncio.to_thread(backup, parse_path(address), parse_path(file))


ENGINE = _SqliteEngine()

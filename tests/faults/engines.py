"""The engines that the faults are tried on, and how often."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, urlsplit

import attrs

if TYPE_CHECKING:
    from tests.postgres import PostgresServer


def rounds(short: int) -> int:
    """How often a fault is tried: `short` times, or XPANDER_CHAOS_ROUNDS times as often."""
    return short * int(os.environ.get("XPANDER_CHAOS_ROUNDS", "1"))


class Engine(Protocol):
    """A place for data. `address` is what `--store` takes."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    def empty(self) -> None:
        """Forget everything. No store may be open."""


@attrs.define
class Sqlite:
    """A file of its own."""

    folder: Path
    name: str = "SQLite"
    _file: str = "store.db"

    @property
    def address(self) -> str:
        return f"sqlite:{self.folder / self._file}"

    def empty(self) -> None:
        self._file = f"{uuid.uuid4().hex[:12]}.db"


@attrs.define
class Postgres:
    """A schema of its own."""

    server: PostgresServer
    address: str
    name: str = "PostgreSQL"

    def empty(self) -> None:
        [schema] = parse_qs(urlsplit(self.address).query)["search_path"]
        self.server.sql(f"drop schema {schema} cascade", f"create schema {schema}")

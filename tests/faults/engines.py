"""The engines that the faults are tried on, and how much of them."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Protocol

import attrs

from xpander_client.platform.clock import Clock
from xpander_client.platform.settings import Settings
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.store import Store

__all__ = ["Engine", "Sqlite", "rounds"]


def rounds(short: int) -> int:
    """How often a fault is tried: `short` times, or XPANDER_CHAOS_ROUNDS times as often."""
    return short * int(os.environ.get("XPANDER_CHAOS_ROUNDS", "1"))


class Engine(Protocol):
    """A place for data. `address` is what `--store` takes."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    def store(self, settings: Settings | None = None, clock: Clock | None = None) -> Store:
        """A store over the data, not open yet."""
        ...

    def another(self) -> Engine:
        """An empty place of the same kind."""
        ...


@attrs.frozen
class Sqlite:
    """A file of its own."""

    folder: Path
    name: str = "SQLite"
    file: str = attrs.field(factory=lambda: f"{uuid.uuid4().hex[:12]}.db")

    @property
    def address(self) -> str:
        return f"sqlite:{self.folder / self.file}"

    def store(self, settings: Settings | None = None, clock: Clock | None = None) -> Store:
        return store_at(self.address, settings, clock=clock)

    def another(self) -> Sqlite:
        return Sqlite(self.folder)

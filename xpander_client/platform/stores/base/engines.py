"""The storage engines, each found by how the addresses of its stores begin.

An engine is a folder with a `Store` and an `Engine`. It registers itself with a line in `ENGINES`,
and is imported when an address first names it: who keeps tasks in a file needs no database's
driver. What differs between engines is asked of the `Engine`; nobody asks which one it is.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.settings import Settings

if TYPE_CHECKING:
    from xpander_client.platform.stores.base.store import Store
    from xpander_client.platform.stores.base.tables import StoreTables

_HERE = "xpander_client.platform.stores"

ENGINES: dict[str, str] = {
    "postgresql://": f"{_HERE}.postgres.engine",
    "postgres://": f"{_HERE}.postgres.engine",
    "": f"{_HERE}.sqlite.engine",  # a path begins in any way
}
"""By the beginning of addresses, the longest that fits, the module whose `ENGINE` they are for."""

Address = str | os.PathLike[str]


class Engine(ABC):
    """A kind of store, and how to get at the one that an address names.

    Nothing here needs what only an open store needs, so that an address can be looked at without
    an engine's extra. Methods that reach the store raise `ConfigurationError` when they can't.
    """

    name: ClassVar[str]
    """What people call it."""

    address_form: ClassVar[str]
    """What the addresses of its stores look like, in the words of an error message."""

    shares_servers: ClassVar[bool]
    """Whether several servers can serve from one store at the same time."""

    bounds_values: ClassVar[bool]
    """Whether there are texts and numbers that only other engines can hold; see `Fitting`."""

    @abstractmethod
    def check_address(self, address: Address) -> None:
        """Check that an address can name a store, before anything is made.

        Raises:
            ConfigurationError: it can't. The message shows nothing of what may be a password.
        """

    @abstractmethod
    def hide_password(self, address: Address) -> str:
        """Return an address as it may be shown."""

    @abstractmethod
    def locate_file(self, address: Address) -> Path | None:
        """Return the file that a store is in, or None if it is in no file of this machine's."""

    @abstractmethod
    def make_store(self, address: Address, settings: Settings | None, clock: Clock | None) -> Store:
        """Make the store at an address, not open yet.

        Raises:
            ConfigurationError: an extra that the engine needs is missing.
        """

    @abstractmethod
    async def read_versions(self, address: Address) -> tuple[int, int]:
        """Return the version of a store's tables, and the one that this release needs."""

    @abstractmethod
    async def migrate(self, address: Address) -> tuple[int, int]:
        """Give a store the tables of this release; returns their version before and after."""

    @abstractmethod
    def open_tables(
        self, address: Address, *, write: bool
    ) -> AbstractAsyncContextManager[StoreTables]:
        """Open all that a store keeps, which no platform may have open. What is added is kept if
        the block ends without an exception.
        """

    @abstractmethod
    async def backup(self, address: Address, file: Address) -> None:
        """Copy a store into a file, also while a platform serves from it."""


def find_engine(address: Address) -> Engine:
    """Return the engine that an address is for.

    Example:
        >>> find_engine("postgresql://db/tasks").name, find_engine("./tasks.db").name
        ('PostgreSQL', 'SQLite')
    """
    text = os.fspath(address)
    begins = max((each for each in ENGINES if text.startswith(each)), key=len)
    engine: Engine = import_module(ENGINES[begins]).ENGINE
    return engine


def list_forms() -> str:
    """List what addresses may look like, to tell who gave one that means nothing."""
    return ", or ".join(dict.fromkeys(engine.address_form for engine in _load_engines()))


def list_shared() -> str:
    """List the engines whose stores several servers can share, to tell who gave another's."""
    names = (engine.name for engine in _load_engines() if engine.shares_servers)
    return " or ".join(dict.fromkeys(names))


def _load_engines() -> Sequence[Engine]:
    return [import_module(module).ENGINE for module in reversed(ENGINES.values())]

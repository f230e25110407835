"""The platform: tasks, their events and their workers, in one process and one file, or in many
processes on one PostgreSQL.

Needs the extra `[platform]`. What is heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from .app import Platform
    from .local import LocalPlatform
    from .serve import Address, run
    from .settings import Settings
    from .stores.addresses import store_at
    from .stores.postgres import PostgresStore
    from .stores.sqlite import SqliteStore

__all__ = [
    "Address",
    "LocalPlatform",
    "Platform",
    "PostgresStore",
    "Settings",
    "SqliteStore",
    "run",
    "store_at",
]

_HOMES = {
    "Address": ".serve",
    "LocalPlatform": ".local",
    "Platform": ".app",
    "PostgresStore": ".stores.postgres",
    "Settings": ".settings",
    "SqliteStore": ".stores.sqlite",
    "run": ".serve",
    "store_at": ".stores.addresses",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)

"""The platform: tasks, their events and their workers, in one process and one file, or in many
processes on one PostgreSQL.

Needs the extra `[platform]`. What is heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from xpander_client.platform.app import Platform
    from xpander_client.platform.local import LocalPlatform
    from xpander_client.platform.serve import Address, run
    from xpander_client.platform.settings import Settings
    from xpander_client.platform.stores.addresses import store_at
    from xpander_client.platform.stores.postgres.store import PostgresStore
    from xpander_client.platform.stores.sqlite.store import SqliteStore

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
    "Address": "xpander_client.platform.serve",
    "LocalPlatform": "xpander_client.platform.local",
    "Platform": "xpander_client.platform.app",
    "PostgresStore": "xpander_client.platform.stores.postgres.store",
    "Settings": "xpander_client.platform.settings",
    "SqliteStore": "xpander_client.platform.stores.sqlite.store",
    "run": "xpander_client.platform.serve",
    "store_at": "xpander_client.platform.stores.addresses",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)

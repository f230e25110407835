"""The platform: tasks, their events and their workers, in one process and one file, or in many
processes on one PostgreSQL.

Needs the extra `[platform]`. What is heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.platform.app import Platform as Platform
    from xpander_client.platform.foundation.settings import Settings as Settings
    from xpander_client.platform.process.local import LocalPlatform as LocalPlatform
    from xpander_client.platform.process.serve import Address as Address, run as run
    from xpander_client.platform.stores.addresses import store_at as store_at
    from xpander_client.platform.stores.postgres.store import PostgresStore as PostgresStore
    from xpander_client.platform.stores.sqlite.store import SqliteStore as SqliteStore

_HOMES = {
    "xpander_client.platform.app": ("Platform",),
    "xpander_client.platform.process.local": ("LocalPlatform",),
    "xpander_client.platform.process.serve": ("Address", "run"),
    "xpander_client.platform.foundation.settings": ("Settings",),
    "xpander_client.platform.stores.addresses": ("store_at",),
    "xpander_client.platform.stores.postgres.store": ("PostgresStore",),
    "xpander_client.platform.stores.sqlite.store": ("SqliteStore",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

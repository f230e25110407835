"""The store in one SQLite file."""

from xpander_client.platform.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]

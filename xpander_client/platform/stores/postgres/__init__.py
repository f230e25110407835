"""The store on PostgreSQL. Needs the extra `[postgres]`."""

from .store import PostgresStore

__all__ = ["PostgresStore"]

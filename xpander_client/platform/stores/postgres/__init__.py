"""The store on PostgreSQL. Needs the extra `[postgres]`."""

from xpander_client.platform.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore"]

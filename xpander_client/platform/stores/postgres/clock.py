"""The database's clock, which all servers share."""

from __future__ import annotations

import time

import asyncpg

_SLOW = 0.5
"""An answer that took this many seconds says too little about the time to go by it."""


class DatabaseClock:
    """Gives the database's time, as asked for now and then, and evenly in between.

    The clocks of the machines that servers run on may differ as they like: leases are about this
    one. Where somebody sets it, the servers follow within seconds; see `Presence.note_alive` for
    what becomes of leases then.
    """

    def __init__(self) -> None:
        self._offset: float | None = None

    def __call__(self) -> float:
        """Return the seconds since 1970, UTC."""
        if self._offset is None:
            return time.time()
        return time.monotonic() + self._offset

    async def set(self, connection: asyncpg.Connection) -> None:
        """Ask the database for its time."""
        before = time.monotonic()
        seconds = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
        after = time.monotonic()
        if self._offset is None or after - before < _SLOW:
            self._offset = float(seconds) - (before + after) / 2

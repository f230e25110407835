"""The connection that hears what other servers have written.

Notifications are hints: what they say is looked up. So the connection may break at any time; when
it is there again everybody looks once. That it is still alive is asked for, because a dead one says
nothing. The answer brings the database's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import asyncpg

from xpander_client.platform.stores.postgres.clock import DatabaseClock
from xpander_client.platform.stores.postgres.connections import AWAY, Database

_PROBE_INTERVAL = 5.0
_PROBE_TIMEOUT = 2.0
_PAUSE = 0.5

_LATE = 0.5
"""The part of the database's queue of notifications that is in use when it may soon be full."""

_logger = logging.getLogger(__name__)


class DatabaseListener:
    """Listens on a channel as long as it is open. `heard` gets the process of the database that
    notified, and the payload; `returned` is called when notifications may have been missed.
    """

    def __init__(
        self,
        database: Database,
        clock: DatabaseClock | None,
        heard: Callable[[int, str], None],
        returned: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._heard = heard
        self._returned = returned
        self._task: asyncio.Task[None] | None = None
        self._broken = asyncio.Event()
        self.listening = False
        self.late = False

    async def start(self, channel: str) -> None:
        """Listen from now on."""
        connection = await self._connect(channel)
        self._task = asyncio.create_task(self._run(channel, connection), name="store-listener")

    async def close(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self, channel: str, connection: asyncpg.Connection) -> None:
        while True:
            try:
                await self._attend(connection)
            except AWAY as error:
                _logger.warning("the store's notifications broke off: %s", error)
            finally:
                self.listening = False
                connection.terminate()
            self._returned()  # who waits for a hint has to look from now on
            while not self.listening:
                try:
                    connection = await self._connect(channel)
                except (*AWAY, asyncpg.PostgresError):
                    await asyncio.sleep(_PAUSE)
            self._returned()

    async def _connect(self, channel: str) -> asyncpg.Connection:
        connection = await self._database.connect()
        try:
            self._broken.clear()
            connection.add_termination_listener(self._on_termination)
            await connection.add_listener(channel, self._on_notification)
            if self._clock is not None:
                await self._clock.set(connection)
        except BaseException:
            connection.terminate()
            raise
        self.listening = True
        return connection

    async def _attend(self, connection: asyncpg.Connection) -> None:
        """Ask again and again whether the connection is alive; returns when it isn't."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PROBE_INTERVAL):
                    await self._broken.wait()
                    return
            async with asyncio.timeout(_PROBE_TIMEOUT):
                if self._clock is not None:
                    await self._clock.set(connection)
                used = await connection.fetchval("SELECT pg_notification_queue_usage()")
            if self.late != (used > _LATE):
                self.late = not self.late
                self._returned()

    def _on_notification(
        self, connection: Any, process: int, channel: str, payload: object
    ) -> None:
        self._heard(process, str(payload))

    def _on_termination(self, connection: Any) -> None:
        self._broken.set()

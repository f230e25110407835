"""Waiting for what comes of a task, without reading its events."""

from __future__ import annotations

import asyncio

from xpander_client.platform.foundation.errors import ClientDisconnect, HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.stores.base.hints import Subscription, patience, task_topic
from xpander_client.platform.stores.base.store import Store
from xpander_client.runtime.exchange import Receive


class Outcomes:
    """Requests that wait until a task is finished, or paused because it waits for something itself.

    All of it is in the store: the task may be another server's to work on.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._waiting: set[Subscription] = set()
        self._closing = False

    def close(self) -> None:
        """End all waits: each is answered with the task as it is now."""
        self._closing = True
        for watch in self._waiting:
            watch.ring()

    async def wait(self, begun: TaskRecord, receive: Receive) -> TaskRecord:
        """Wait for what comes of this run of a task, for `invoke_wait` at the most, and return the
        task as it is then.

        Raises:
            ClientDisconnect: the caller, whose messages `receive` gives, is gone.
            HttpError: 404, the task was deleted.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self._settings.invoke_wait
        # Subscribe first, then read: what is written in between is heard of.
        with self._store.watch(task_topic(begun.id)) as watch:
            self._waiting.add(watch)
            caller = asyncio.create_task(_listen(receive, watch))
            try:
                while not (self._closing or await self._is_settled(begun)):
                    remaining = end - clock()
                    if remaining <= 0:
                        break
                    if caller.done():
                        raise ClientDisconnect
                    await watch.wait(min(remaining, self._patience()))
            finally:
                self._waiting.discard(watch)
                caller.cancel()
        return await self._store.get(begun.organization_id, begun.id)

    async def _is_settled(self, begun: TaskRecord) -> bool:
        try:
            now = await self._store.get(begun.organization_id, begun.id, whole=False)
        except HttpError as refusal:
            if refusal.status != 503:
                raise
            return False  # the store is away, and may be back in time
        return now.finished or now.status == "paused" or now.run_from != begun.run_from

    def _patience(self) -> float:
        return patience(self._settings.poll_interval, hears=self._store.hears)


async def _listen(receive: Receive, watch: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watch.ring()

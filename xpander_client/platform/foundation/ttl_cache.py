"""What was just read from the store, so that requests in a row need not read it again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from xpander_client.platform.foundation.clock import Clock
from xpander_client.runtime.shielding import shield

_STRANGERS = 2
"""How many keys that nobody knows may be read at a time: the others wait their turn, so that those
who try keys at random leave the store to those who have some."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lookups(Generic[K, V]):
    """Answers for `ttl` seconds with what `read` gave, also when that was None: nothing there.

    Callers that ask for the same at the same time share one read. What `read` raises is raised and
    not kept. The `limit` latest answers are kept, and as many Nones: askers for what isn't there
    can't push out what is, nor keep it from being read again.
    """

    def __init__(
        self, read: Callable[[K], Awaitable[V | None]], *, ttl: float, limit: int, clock: Clock
    ) -> None:
        self._read = read
        self._ttl = ttl
        self._limit = limit
        self._clock = clock
        self._found: dict[K, tuple[float, V]] = {}
        self._missing: dict[K, float] = {}
        self._reading: dict[K, asyncio.Task[V | None]] = {}
        self._strangers = asyncio.Semaphore(_STRANGERS)

    async def get(self, key: K) -> V | None:
        """Return what is stored, as it was at most `ttl` seconds ago."""
        now = self._clock()
        found = self._found.get(key)
        if found is not None and now < found[0]:
            return found[1]
        if now < self._missing.get(key, now):
            return None
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._look_up(key))
        # Whoever asked first may go away; the others still wait for the answer.
        return await shield(reading)

    def forget(self, key: K) -> None:
        """Read it again the next time."""
        self._found.pop(key, None)
        self._missing.pop(key, None)

    async def _look_up(self, key: K) -> V | None:
        known = key in self._found
        try:
            async with contextlib.nullcontext() if known else self._strangers:
                now = self._clock()
                value = await self._read(key)
        finally:
            del self._reading[key]
        self.forget(key)  # and then the newest comes last
        # Counted from before the read: whatever changed since is seen within the time.
        if value is None:
            self._missing[key] = now + self._ttl
            if len(self._missing) > self._limit:
                del self._missing[next(iter(self._missing))]
        else:
            self._found[key] = (now + self._ttl, value)
            if len(self._found) > self._limit:
                del self._found[next(iter(self._found))]
        return value

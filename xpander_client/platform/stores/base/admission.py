"""How much may wait for a writer, and what is known of how it gets on."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Protocol

from xpander_client.platform.foundation.errors import HttpError

REQUEST_BYTES: ContextVar[int] = ContextVar("REQUEST_BYTES", default=0)
"""How many bytes came with what is served right now: about as many will its command hold on to.
Whoever read them knows; to find out again from the parsed JSON would hold up the loop.
"""

PIECE = 16 * 1024
"""What a command holds is counted in pieces of so many bytes; one that has less is small."""


class _WriteObserver(Protocol):
    """Hears of what becomes of commands; it may be told on any thread."""

    def on_commit(self, commands: int, seconds: float) -> None:
        """Count commands that were made durable together, in so much time."""
        ...

    def on_refusal(self) -> None:
        """Count a command that was not taken on: too many were waiting, for too long."""
        ...


class Unobserved:
    """Nobody wants to know."""

    def on_commit(self, commands: int, seconds: float) -> None:
        """Do nothing."""

    def on_refusal(self) -> None:
        """Do nothing."""


class Admission:
    """Lets `limit` commands queue up for a writer, of `size` bytes together. Further callers wait,
    for `patience` seconds; those with more bytes than may queue up don't wait at all.

    A command has its place until it is settled, also when its caller is gone by then. Small ones
    take a place and no bytes, so they pass those that wait for room.
    """

    def __init__(self, limit: int, patience: float, size: int) -> None:
        self._places = asyncio.Semaphore(limit)
        self._most = max(1, size // PIECE)
        self._pieces = asyncio.Semaphore(self._most)
        self._line = asyncio.Lock()
        self._waiting = 0
        self._patience = patience
        self.queued = 0
        self.observer: _WriteObserver = Unobserved()

    async def enter(self) -> int:
        """Take a place, and as many pieces of room as are returned; whoever has them has to see to
        it that they are left.

        Raises:
            HttpError: 503, there was no room, or none became free in time.
        """
        # One that is larger than all the room has to have it for itself.
        pieces = min(REQUEST_BYTES.get() // PIECE, self._most)
        try:
            if pieces or self._places.locked():
                async with asyncio.timeout(self._patience):
                    await self._find_room(pieces)
            else:
                await self._places.acquire()
        except TimeoutError:
            self.observer.on_refusal()
            raise HttpError(503, "the store has more to write than it can; try again") from None
        self.queued += 1
        return pieces

    def leave(self, pieces: int, count: int = 1) -> None:
        """Give back the room of commands that are done with: so many pieces for all of them."""
        self.queued -= count
        for _ in range(count):
            self._places.release()
        for _ in range(pieces):
            self._pieces.release()

    async def _find_room(self, pieces: int) -> None:
        if self._waiting + pieces > self._most:
            raise TimeoutError  # what waits is in memory, too
        taken = 0
        self._waiting += pieces
        try:
            if pieces:
                async with self._line:  # one after the other, or two had half of what they need
                    while taken < pieces:
                        await self._pieces.acquire()
                        taken += 1
            await self._places.acquire()
        except BaseException:
            for _ in range(taken):
                self._pieces.release()
            raise
        finally:
            self._waiting -= pieces

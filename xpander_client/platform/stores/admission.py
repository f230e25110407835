"""How many commands may wait for a writer, and what is known of how it gets on."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..refusal import Refusal

__all__ = ["Admission", "WriteObserver"]


class WriteObserver(Protocol):
    """Hears of what becomes of commands; it may be told on any thread."""

    def committed(self, commands: int, seconds: float) -> None:
        """So many commands were made durable together, in so much time."""
        ...

    def refused(self) -> None:
        """A command was not taken on: too many were waiting, for too long."""
        ...


class Unobserved:
    """Nobody wants to know."""

    def committed(self, commands: int, seconds: float) -> None:
        """Nothing."""

    def refused(self) -> None:
        """Nothing."""


class Admission:
    """Lets `limit` commands queue up for a writer. Further callers wait, for `patience` seconds.

    A command has its place until it is settled, also when its caller is gone by then.
    """

    def __init__(self, limit: int, patience: float) -> None:
        self._places = asyncio.Semaphore(limit)
        self._patience = patience
        self.queued = 0
        self.observer: WriteObserver = Unobserved()

    async def enter(self) -> None:
        """Take a place; whoever has one has to see to it that it is left.

        Raises:
            Refusal: 503, none became free in time.
        """
        try:
            if self._places.locked():
                async with asyncio.timeout(self._patience):
                    await self._places.acquire()
            else:
                await self._places.acquire()
        except TimeoutError:
            self.observer.refused()
            raise Refusal(503, "the store has more to write than it can; try again") from None
        self.queued += 1

    def leave(self, count: int = 1) -> None:
        """So many commands are settled."""
        self.queued -= count
        for _ in range(count):
            self._places.release()

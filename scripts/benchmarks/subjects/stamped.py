"""Events with stamps: who pushes them, and how late they come to those who follow."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

LENGTH = len("@0123456789012345#01234567")


class Lateness:
    """Takes the stamps of one stream: how many seconds each was late, and how many are missing."""

    def __init__(self, every: int) -> None:
        self.seconds: list[float] = []
        self.gaps = 0
        self.next = 0
        self._every = every

    def take(self, stamp: str | bytes) -> None:
        """Note that a stamp has arrived, all of it."""
        due, number = int(stamp[1:17]), int(stamp[18:])
        self.seconds.append((time.monotonic_ns() - due) / 1e9)
        self.gaps += number != self.next
        self.next = number + self._every


def summary(followers: list[Lateness]) -> list[float]:
    """Return the median, the 99th percentile, and the gaps."""
    percentiles = statistics.quantiles([s for each in followers for s in each.seconds], n=100)
    return [percentiles[49], percentiles[98], float(sum(each.gaps for each in followers))]


async def push(url: str, rate: int, count: int, every: int) -> None:
    """Pushes in a process of its own, see `pushing.py`; returns when all is pushed."""
    pushing = await asyncio.create_subprocess_exec(
        sys.executable,
        Path(__file__).with_name("pushing.py"),
        *(url, str(rate), str(count), str(every)),
    )
    if await pushing.wait():
        raise RuntimeError("the events could not be pushed")

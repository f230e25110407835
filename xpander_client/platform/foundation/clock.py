"""The server's clock, which never jumps."""

from __future__ import annotations

import datetime
import functools
import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Gives the seconds since 1970, UTC."""


def server_clock() -> Clock:
    """Make a clock that starts at the machine's time and then runs evenly.

    Somebody who sets the machine's clock must not end leases by it.
    """
    start = time.time() - time.monotonic()
    return lambda: start + time.monotonic()


def timestamp(moment: float) -> str:
    """Write a moment as it stands on the wire.

    Example:
        >>> timestamp(0.5)
        '1970-01-01T00:00:00.500000+00:00'
    """
    seconds, microseconds = divmod(round(moment * 1_000_000), 1_000_000)
    return f"{_write_second(seconds)}.{microseconds:06d}+00:00"


@functools.lru_cache(maxsize=16)
def _write_second(moment: int) -> str:
    # Most moments are of the second in which others were written.
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat()[:19]

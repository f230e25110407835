"""Delivers a worker's writes to the platform, however long it is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from xpander_client.configuration import RetryPolicy
from xpander_client.core.outage import Outage
from xpander_client.errors import (
    ApiStatusError,
    CallError,
    ConflictError,
    DecodingError,
    NotFoundError,
)

PATIENCE = RetryPolicy(initial=0.5, maximum=15.0)
"""The waits between tries of what a worker never gives up."""

MOST_FAILURES = 8
"""After how many answers like 503 in a row, about a minute's, others may show that it is the write.
"""


class Delivery(Enum):
    """What became of a write."""

    DELIVERED = auto()
    LOST = auto()
    """The task belongs to another attempt, or is over: nobody wants this any more."""
    REFUSED = auto()
    """The platform can't take it, now or later."""


async def deliver(
    write: Callable[[], Awaitable[object]],
    what: str,
    log: logging.LoggerAdapter[logging.Logger],
    *,
    probe: Callable[[], Awaitable[object]] | None = None,
) -> tuple[Delivery, str]:
    """Make a write until it is delivered or refused; also returns why it was not delivered.

    A platform that says it cannot take a write now may never be able to. So after `MOST_FAILURES`
    such answers `probe` is tried, a small write of the same task: when that gets through, the write
    counts as refused.
    """
    # Whatever came of a try, another one has the same attempt or the same key: it changes nothing.
    outage = Outage(PATIENCE)
    answered = 0
    while True:
        try:
            await write()
        except (ConflictError, NotFoundError) as error:
            return Delivery.LOST, error.description
        except DecodingError as error:
            # The answer is unreadable, the write was made all the same.
            log.warning("%s is delivered, but the answer is unreadable: %s", what, error)
        except CallError as error:
            if not outage.may_pass(error):
                return Delivery.REFUSED, str(error)
            answered = answered + 1 if _is_at_fault(error) else 0
            if probe is not None and answered >= MOST_FAILURES and await _gets_through(probe):
                return Delivery.REFUSED, f"other writes get through, but this one never: {error}"
            pause = outage.pause()
            log.warning("could not deliver %s, trying again in %.1f s: %s", what, pause, error)
            await asyncio.sleep(pause)
            continue
        return Delivery.DELIVERED, ""


async def _gets_through(probe: Callable[[], Awaitable[object]]) -> bool:
    try:
        await probe()
    except CallError:
        return False
    return True


def _is_at_fault(error: CallError) -> bool:
    """Tell whether the platform answered that it failed or cannot take this now."""
    return isinstance(error, ApiStatusError) and (error.status_code or 0) >= 500

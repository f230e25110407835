"""Getting a worker's writes to the platform, however long it is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from xpander_client.configuration import RetryPolicy
from xpander_client.core.retry import backoff
from xpander_client.errors import (
    ApiStatusError,
    CallError,
    ConflictError,
    DecodingError,
    NotFoundError,
)

__all__ = ["PATIENCE", "Delivery", "deliver"]

PATIENCE = RetryPolicy(initial=0.5, maximum=15.0)
"""The waits between tries of what a worker never gives up."""


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
) -> tuple[Delivery, str]:
    """Make a write until it is delivered or refused; also returns why it was not delivered."""
    failures = 0
    while True:
        try:
            await write()
        except (ConflictError, NotFoundError) as error:
            return Delivery.LOST, error.description
        except DecodingError as error:
            # The answer is unreadable, the write was made all the same.
            log.warning("%s is delivered, but the answer is unreadable: %s", what, error)
        except CallError as error:
            if not _may_pass(error):
                return Delivery.REFUSED, str(error)
            failures += 1
            pause = backoff(PATIENCE, failures)
            log.warning("could not deliver %s, trying again in %.1f s: %s", what, pause, error)
            await asyncio.sleep(pause)
            continue
        return Delivery.DELIVERED, ""


def _may_pass(error: CallError) -> bool:
    if not isinstance(error, ApiStatusError) or error.status_code is None:
        return True
    # A key that is refused may be put right while the worker runs, and the work is done.
    return error.retryable or error.status_code >= 500 or error.status_code in (401, 403)

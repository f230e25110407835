"""Waits that can be given up while what they wait for goes on."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def shield(future: asyncio.Future[T]) -> T:
    """Wait for a future, which goes on when the wait is cancelled.

    From Python 3.14 on, `asyncio.shield` has the event loop print an exception that comes after its
    wait was given up, even where somebody else takes it.
    """
    try:
        await asyncio.wait({future})
    except asyncio.CancelledError:
        future.add_done_callback(_retrieve_exception)
        raise
    return future.result()


def _retrieve_exception(future: asyncio.Future[T]) -> None:
    # Looking at the exception is what keeps asyncio from reporting it as overlooked.
    if not future.cancelled():
        future.exception()

"""One event loop on a thread of its own, on which all requests to models are made.

The clients of models belong to the loop they were first used on. Here that is always the same one:
a sync call works inside a running loop, and `asyncio.run` again and again shares one connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from xpander_client.runtime.loop_thread import LoopThread, cancel_others

T = TypeVar("T")

_LAST_SECONDS = 5.0
"""How long the end of the interpreter waits for connections to be closed."""

_closers: set[Callable[[], Awaitable[None]]] = set()


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Run `work` on the loop; cancelling the future cancels it."""
    return _thread.submit(work)


def close_at_end(close: Callable[[], Awaitable[None]]) -> None:
    """Await `close` on the loop before the interpreter ends, unless it is forgotten."""
    _closers.add(close)


def forget(close: Callable[[], Awaitable[None]]) -> None:
    """Take back `at_end`."""
    _closers.discard(close)


async def _close_all() -> None:
    await cancel_others()
    while _closers:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(_closers.pop()(), _LAST_SECONDS / 2)


def _end() -> None:
    _thread.stop(_LAST_SECONDS)


_thread = LoopThread("xpander-agents-models", last=_close_all, at_exit=_end)

if hasattr(os, "register_at_fork"):
    # The connections are the parent's.
    os.register_at_fork(after_in_child=_closers.clear)

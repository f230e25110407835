"""One event loop on a thread of its own, on which all requests to models are made.

The clients of models belong to the loop they were first used on. Here that is always the same one:
a sync call works inside a running loop, and `asyncio.run` again and again shares one connection.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

LAST_SECONDS = 5.0
"""How long the end of the interpreter waits for connections to be closed."""

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_closers: set[Callable[[], Awaitable[None]]] = set()


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Has the loop carry out `work`; cancelling the future cancels it."""
    return asyncio.run_coroutine_threadsafe(work, _running())


def at_end(close: Callable[[], Awaitable[None]]) -> None:
    """Has `close` awaited on the loop before the interpreter ends, unless it is forgotten."""
    _closers.add(close)


def forget(close: Callable[[], Awaitable[None]]) -> None:
    """Takes back `at_end`."""
    _closers.discard(close)


def _running() -> asyncio.AbstractEventLoop:
    global _loop, _thread
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            # A daemon, or the interpreter would wait for it before it tells it to end.
            _thread = threading.Thread(
                target=_serve, args=(_loop,), name="xpander-agents-models", daemon=True
            )
            _thread.start()
            atexit.register(_end)
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _end() -> None:
    global _loop, _thread
    with _lock:
        loop, thread, _loop, _thread = _loop, _thread, None, None
    if loop is None or thread is None:
        return
    asyncio.run_coroutine_threadsafe(_close_all(), loop)
    thread.join(LAST_SECONDS)


async def _close_all() -> None:
    loop = asyncio.get_running_loop()
    try:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        while _closers:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(_closers.pop()(), LAST_SECONDS / 2)
        await loop.shutdown_asyncgens()
    finally:
        loop.stop()


def _after_fork() -> None:
    """The child has neither the thread nor a use for the parent's connections."""
    global _lock, _loop, _thread
    _lock, _loop, _thread = threading.Lock(), None, None
    _closers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

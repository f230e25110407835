"""Threads for sync handlers."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from xpander_client.runtime.daemon_threads import DaemonThreads

T = TypeVar("T")


class HandlerThreads:
    """Threads for `limit` functions at once, started when they are first needed.

    A function that nobody waits for any more does not count: it must not keep others waiting.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._threads = DaemonThreads("xpander-handler", limit, keeps_idle=True)
        self._abandoned: set[threading.Event] = set()

    async def call(self, function: Callable[[Any], T], argument: Any) -> T:
        """Call `function(argument)` in a thread that has the caller's context variables.

        A caller that is cancelled stops waiting; the thread runs on to the function's end, and
        another one takes its place until then.
        """
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        answer: asyncio.Future[T] = loop.create_future()
        is_over = threading.Event()

        def settle(result: T | None, error: BaseException | None) -> None:
            if answer.cancelled():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)  # type: ignore[arg-type]  # a T, as there is no error

        def job() -> None:
            result: T | None = None
            error: BaseException | None = None
            try:
                result = context.run(function, argument)
            except StopIteration as stop:
                # A future can't hold one.
                error = RuntimeError(f"StopIteration: {stop}")
            except BaseException as raised:
                error = raised
            is_over.set()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        self._abandoned = {one for one in self._abandoned if not one.is_set()}
        self._threads.limit = self._limit + len(self._abandoned)
        self._threads.run(job)
        try:
            return await answer
        except asyncio.CancelledError:
            if not is_over.is_set():
                self._abandoned.add(is_over)
            raise

    def close(self) -> None:
        """Let the threads end when they are done with what they do."""
        self._threads.close()

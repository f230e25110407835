"""An event loop beside scripts that have none, for as long as the program runs."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from collections.abc import Awaitable, Callable

_logger = logging.getLogger("xpander_client.background")


class BackgroundLoop:
    """Runs on a thread of its own, begun when it is first needed.

    It ends with the program, or with `close`: then `stop` is awaited on it, what else runs there
    has `grace` seconds to end, and the rest is cancelled.
    """

    def __init__(self, stop: Callable[[], Awaitable[object]], grace: Callable[[], float]) -> None:
        self._stop = stop
        self._grace = grace
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None

    @property
    def is_here(self) -> bool:
        """Whether this is its thread."""
        return threading.current_thread() is self._thread

    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, which runs."""
        with self._lock:
            # Threads do not come along into a forked process.
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = self._begin()
            return self._loop

    def close(self) -> None:
        """End the loop, in order; another one begins when it is needed again."""
        with self._lock:
            thread, loop, closing = self._thread, self._loop, self._closing
            self._thread = self._loop = self._closing = None
        atexit.unregister(self.close)
        if thread is None or loop is None or closing is None or not thread.is_alive():
            return
        loop.call_soon_threadsafe(closing.set)
        # Code that blocks the loop must not keep the program from ending.
        thread.join(3 * self._grace() + 5.0)
        if thread.is_alive():
            _logger.error("the background loop does not end, and is left to itself")

    def _begin(self) -> asyncio.AbstractEventLoop:
        begun = threading.Event()

        async def main() -> None:
            self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
            closing = self._closing
            begun.set()
            await closing.wait()
            await self._stop_all()

        def run() -> None:
            with asyncio.Runner() as runner:
                runner.run(main())

        self._thread = threading.Thread(target=run, name="xpander-background", daemon=True)
        self._thread.start()
        begun.wait()
        atexit.register(self.close)
        assert self._loop is not None
        return self._loop

    async def _stop_all(self) -> None:
        await self._stop()
        # What callbacks have begun, as messages about the end, is still on its way.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=self._grace())

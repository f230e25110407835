"""An event loop on a thread of its own, beside whatever loops a program has or has not."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


class LoopThread:
    """An event loop on a thread that begins when there is something for it to do.

    The thread is a daemon, or the interpreter would wait for it before calling `at_exit`, which
    can end it with `stop`. When it is to end, `last` is awaited on the loop, and then what still
    runs there is cancelled. After that, and in a forked process, which has no threads but the one
    that forked, the next use begins another one.
    """

    def __init__(
        self,
        name: str,
        *,
        last: Callable[[], Coroutine[Any, Any, object]] | None = None,
        at_exit: Callable[[], object] | None = None,
        new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        self._name = name
        self._last = last
        self._at_exit = at_exit
        self._new_loop = new_loop
        self._thread: _Thread | None = None

    @property
    def is_alive(self) -> bool:
        """Whether there is a thread in this process."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_current(self) -> bool:
        """Whether this code runs on that thread."""
        return threading.current_thread() is self._thread

    def start(self) -> asyncio.AbstractEventLoop:
        """Begin the thread, unless there is one, and return its loop.

        Raises:
            RuntimeError: the program is ending, and begins no threads any more.
        """
        thread = self._thread
        if thread is not None and thread.is_alive():
            return thread.loop
        with _lock:
            thread = self._thread
            if thread is None or not thread.is_alive():
                thread = _Thread(self._name, _prepare(self._new_loop()), self._last)
                try:
                    thread.start()
                except BaseException:
                    thread.loop.close()
                    raise
                self._thread = thread
                if self._at_exit is not None:
                    atexit.register(self._at_exit)
            return thread.loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self.start())

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function on the loop; do nothing where that has ended."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            with contextlib.suppress(RuntimeError):  # it has been closed just now
                thread.loop.call_soon_threadsafe(function)

    def stop(self, timeout: float = 5.0) -> bool:
        """End the loop, and tell whether that was done within `timeout` seconds.

        Code that blocks the loop, or goes on when it is cancelled, is left to itself.
        """
        with _lock:
            thread, self._thread = self._thread, None
        if self._at_exit is not None:
            atexit.unregister(self._at_exit)
        if thread is None or not thread.is_alive():
            return True
        with contextlib.suppress(RuntimeError):  # it has been closed just now
            thread.loop.call_soon_threadsafe(thread.loop.stop)
        thread.join(timeout)
        return not thread.is_alive()


class _Thread(threading.Thread):
    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        last: Callable[[], Coroutine[Any, Any, object]] | None,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.loop = loop
        self._last = last

    def run(self) -> None:
        loop = self.loop
        with contextlib.closing(loop):
            try:
                loop.run_forever()
                if self._last is not None:
                    loop.run_until_complete(self._last())
            finally:
                loop.run_until_complete(cancel_others())
                loop.run_until_complete(loop.shutdown_asyncgens())
                # A call from another thread may have begun one in the meantime.
                while asyncio.all_tasks(loop):
                    loop.run_until_complete(cancel_others())


async def cancel_others() -> None:
    """Cancel all tasks of this loop but the one that calls, and wait until they have ended.

    So are the tasks that those begin, or that calls from other threads begin, while they end.
    """
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.wait(others)


def _prepare(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    # A loop looks up names on its executor, whose threads have ended before `atexit` calls anybody.
    # What is sent then, as the end of a record, has to find its way all the same.
    look_up: Callable[..., Awaitable[Any]] = loop.getaddrinfo

    async def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        try:
            return await look_up(*args, **kwargs)
        except RuntimeError:
            return socket.getaddrinfo(*args, **kwargs)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]
    return loop


# For beginnings and ends, which are rare, one for all will do.
_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    # Another thread of the parent may have had it.
    os.register_at_fork(after_in_child=_renew_lock)

"""Where a task waits to be notified, by key."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from xpander_client.runtime.loops import find_running_loop


class _Answer(Enum):
    TIMED_OUT = "timed out"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return self.name


TIMED_OUT = _Answer.TIMED_OUT
"""What `wait` gives when nobody answered in time. It is false, and like nothing that is brought."""


class _Waiter:
    """One who waits on a key. Its answer is decided under the lock, and never twice."""

    __slots__ = ("_data", "_is_cancelled", "is_answered", "is_only", "wake")

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.is_answered = False
        self.is_only = False
        self._data: Any = None
        self._is_cancelled = False

    def answer(self, data: Any, *, is_cancelled: bool = False) -> None:
        self.is_answered = True
        self._data = data
        self._is_cancelled = is_cancelled

    @property
    def data(self) -> Any:
        if self._is_cancelled:
            raise asyncio.CancelledError("the wait point was cancelled")
        return self._data


class WaitPoints:
    """The wait points of one task, for any number of waiters, from any thread.

    A word for which nobody waits is kept for who waits next, in the order of arrival. After
    `close`, waiting is refused with a `CancelledError`, and nothing is kept.
    """

    __slots__ = ("_is_closed", "_kept", "_lock", "_waiting")

    def __init__(self, *, is_closed: bool = False) -> None:
        self._lock = threading.RLock()
        self._is_closed = is_closed
        self._waiting: dict[str, dict[_Waiter, None]] = {}
        self._kept: dict[str, deque[Any]] = {}

    async def wait(self, key: str, timeout: float | None) -> Any:
        """Wait for what `notify` brings, or return `TIMED_OUT` after `timeout` seconds.

        Raises:
            asyncio.CancelledError: the wait point was cancelled.
        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[None] = loop.create_future()

        def settle() -> None:
            if not answered.done():
                answered.set_result(None)

        def wake() -> None:
            if find_running_loop() is loop:
                settle()
                return
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle)

        waiter = self._enter(key, wake)
        if waiter.is_answered:
            return waiter.data
        timer = None if timeout is None else loop.call_later(timeout, self._time_out, key, waiter)
        try:
            await answered
        except asyncio.CancelledError:
            self._withdraw(key, waiter)
            raise
        finally:
            if timer is not None:
                timer.cancel()
        return waiter.data

    def wait_blocking(self, key: str, timeout: float | None) -> Any:
        """Wait as `wait` does, in code on a thread of its own, which is blocked meanwhile."""
        answered = threading.Event()
        waiter = self._enter(key, answered.set)
        if not waiter.is_answered and not answered.wait(timeout):
            self._time_out(key, waiter)
        return waiter.data

    def notify(self, key: str, data: Any) -> bool:
        """Bring `data` to all who wait on `key`, or keep it; tell whether anybody waited."""
        with self._lock:
            if self._is_closed:
                return False
            waiters = self._waiting.pop(key, None)
            if waiters is None:
                self._keep(key).append(data)
                return False
            for waiter in waiters:
                waiter.answer(data)
                waiter.is_only = len(waiters) == 1
        for waiter in waiters:
            waiter.wake()
        return True

    def cancel(self, key: str) -> int:
        """Raise a `CancelledError` in those who wait on `key`, and return their number."""
        with self._lock:
            waiters = self._waiting.pop(key, None)
            cancelled = _cancel_all([waiters] if waiters is not None else [])
        for waiter in cancelled:
            waiter.wake()
        return len(cancelled)

    def cancel_all(self) -> int:
        """Raise a `CancelledError` in all who wait, and return their number."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            cancelled = _cancel_all(waiting.values())
        for waiter in cancelled:
            waiter.wake()
        return len(cancelled)

    def close(self) -> None:
        """Cancel all, and let nobody wait from now on."""
        with self._lock:
            self._is_closed = True
            self._kept.clear()
        self.cancel_all()

    def _enter(self, key: str, wake: Callable[[], None]) -> _Waiter:
        waiter = _Waiter(wake)
        with self._lock:
            if self._is_closed:
                waiter.answer(None, is_cancelled=True)
            elif key in self._kept:
                words = self._kept[key]
                waiter.answer(words.popleft())
                if not words:
                    del self._kept[key]
            else:
                self._waiting.setdefault(key, {})[waiter] = None
        return waiter

    def _time_out(self, key: str, waiter: _Waiter) -> None:
        with self._lock:
            if waiter.is_answered or not self._remove(key, waiter):
                return
            waiter.answer(TIMED_OUT)
        waiter.wake()

    def _withdraw(self, key: str, waiter: _Waiter) -> None:
        """Take back a waiter that was cancelled by other means. A word that it was to get is not
        lost.
        """
        with self._lock:
            if not self._remove(key, waiter) and waiter.is_only and not self._is_closed:
                self._keep(key).appendleft(waiter.data)

    def _keep(self, key: str) -> deque[Any]:
        return self._kept.setdefault(key, deque())

    def _remove(self, key: str, waiter: _Waiter) -> bool:
        waiters = self._waiting.get(key)
        if waiters is None or waiter not in waiters:
            return False
        del waiters[waiter]
        if not waiters:
            del self._waiting[key]
        return True


def _cancel_all(groups: Iterable[Iterable[_Waiter]]) -> list[_Waiter]:
    waiters = [waiter for group in groups for waiter in group]
    for waiter in waiters:
        waiter.answer(None, is_cancelled=True)
    return waiters

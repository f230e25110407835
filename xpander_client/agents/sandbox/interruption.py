"""Ending from any thread what a session waits for: its process, and calls of the host."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from xpander_client.agents.sandbox.processes import Worker


class Interrupted(Exception):
    """The session was interrupted while it waited."""


class Interruption:
    """The process of a session and the futures that it waits for, with what ends them.

    `interrupt` and `kill_process` are for any thread, all else is for the session's own.
    """

    def __init__(self) -> None:
        # Of the worker and the futures, which an interrupting thread looks at.
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._worker: Worker | None = None
        self._waited: set[Future[Any]] = set()

    @property
    def worker(self) -> Worker | None:
        """The process that the session has now."""
        return self._worker

    @property
    def has_come(self) -> bool:
        """Whether the session was interrupted."""
        return self._stop.is_set()

    def interrupt(self) -> None:
        """End the process and what is waited for, and let nothing be waited for any more."""
        with self._lock:
            self._stop.set()
            waited = list(self._waited)
        self.kill_process()
        for future in waited:
            future.cancel()

    def kill_process(self) -> None:
        """End the process at once, if there is one."""
        with self._lock:
            worker = self._worker
        if worker is not None:
            worker.kill()

    def check(self) -> None:
        """Raise `Interrupted` if the session was interrupted."""
        if self._stop.is_set():
            raise Interrupted

    def hold(self, worker: Worker) -> None:
        """Have this process ended with the session. `check` afterwards: it may be too late."""
        with self._lock:
            self._worker = worker

    def release(self) -> Worker | None:
        """Return the process, which is not ended from here any more."""
        with self._lock:
            worker, self._worker = self._worker, None
        return worker

    def sleep(self, seconds: float | None) -> None:
        """Wait for this time, or for the interruption if it comes before."""
        self._stop.wait(seconds)

    def wait(self, futures: Collection[Future[Any]], seconds: float | None) -> None:
        """Wait until one of the futures is done, or the time is over."""
        with self._lock:
            self._waited.update(futures)
        try:
            self.check()
            if futures:
                wait(futures, seconds, FIRST_COMPLETED)
            else:
                self.sleep(seconds)
        finally:
            with self._lock:
                self._waited.difference_update(futures)

    def result(self, future: Future[Any]) -> Any:
        """Wait for a future, and return its result or raise its error."""
        with self._lock:
            self._waited.add(future)
        try:
            if self._stop.is_set():
                future.cancel()
            return future.result()
        except CancelledError as error:
            if self._stop.is_set():
                raise Interrupted from error
            raise RuntimeError("the call was cancelled") from error
        finally:
            with self._lock:
                self._waited.discard(future)

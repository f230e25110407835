"""Threads that keep no program from ending, for functions that may never return."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads:
    """Runs functions on threads, `limit` at once; more wait their turn.

    The threads are daemons, unlike those of `concurrent.futures`, for whose functions the
    interpreter waits at its end. A thread ends when there is nothing more to do; with
    `keeps_idle` only after `close`. `limit` may be changed at any time.
    """

    def __init__(self, name: str, limit: int, *, keeps_idle: bool = False) -> None:
        self.limit = limit
        self._name = name
        self._numbers = itertools.count(1)
        self._keeps_idle = keeps_idle
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._count = 0
        # Threads with nothing to do, less the jobs that wait for one.
        self._idle = 0

    def run(self, job: Callable[[], None], name: str | None = None) -> None:
        """Call `job`, which raises nothing, on a thread; one begun for it has the name."""
        with self._lock:
            begins = self._idle <= 0 and self._count < self.limit
            if begins:
                self._count += 1
            else:
                self._idle -= 1
        if not begins:
            self._jobs.put(job)
            return
        name = name or f"{self._name}-{next(self._numbers)}"
        try:
            threading.Thread(target=self._work, args=(job,), name=name, daemon=True).start()
        except BaseException:
            with self._lock:
                self._count -= 1
            raise

    def close(self) -> None:
        """End the threads as soon as they have nothing more to do."""
        with self._lock:
            self._keeps_idle = False
            left = max(self._idle, 0)
            self._idle -= left
            self._count -= left
        for _ in range(left):
            self._jobs.put(None)

    def _work(self, first: Callable[[], None]) -> None:
        job: Callable[[], None] | None = first
        del first
        while job is not None:
            job()
            # Nothing of what is done is kept until there is more to do. Errors that are remembered
            # keep this frame, too.
            del job
            with self._lock:
                if self._idle >= 0 and not self._keeps_idle:
                    self._count -= 1
                    return
                self._idle += 1
            job = self._jobs.get()


class DaemonExecutor(ThreadPoolExecutor):
    """An executor for an event loop (which takes no other class) with threads that are daemons."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._daemons = DaemonThreads("xpander-executor", limit, keeps_idle=True)

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call the function in a thread."""
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._daemons.run(job)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when they are done with what they do, and wait for none."""
        self._daemons.close()

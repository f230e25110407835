"""Threads for tasks that are plain functions."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class TaskThreads:
    """Runs functions on threads, `limit` at once; more wait their turn.

    A thread lives as long as there is work for it, so that none is left when all is done. They are
    daemons: a function that never returns must not keep the program from ending.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._count = 0
        self._waiting: deque[Callable[[], None]] = deque()

    def run(self, job: Callable[[], None], name: str) -> None:
        """Have `job`, which raises nothing, called on a thread."""
        with self._lock:
            if self._count >= self._limit:
                self._waiting.append(job)
                return
            self._count += 1
        try:
            threading.Thread(target=self._work, args=(job,), name=name, daemon=True).start()
        except BaseException:
            with self._lock:
                self._count -= 1
            raise

    def _work(self, job: Callable[[], None]) -> None:
        while True:
            job()
            # Errors that are remembered keep this frame, which is to keep nothing.
            del job
            with self._lock:
                if not self._waiting:
                    self._count -= 1
                    return
                job = self._waiting.popleft()

"""The processes that agent code runs in: one pool of them for all agents of this process."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import attrs

from xpander_client.errors import ModuleException

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontySession

    from xpander_client.agents.sandbox.results import Limits


_KEPT = 16
"""Idle processes that stay. After a time with more sessions at once, the others are ended."""
_PLACES = 256
"""Sessions that may hold a process at the same time, sessions inside others not counted."""
_MOST = 65_536
"""The pool's own bound. It must never be reached: who waits there may be waited for itself."""

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What ends a process at once; on Windows any signal does."""

inside_host_call: ContextVar[bool] = ContextVar("inside_host_call", default=False)
"""Whether this runs for a host function that agent code called.

A session that begins there gets a process without waiting for a place: the session around it
keeps its own until this one is done, so waiting could be for ever.
"""


class SandboxUnavailable(ModuleException):
    """No agent code can be run in this process."""

    def __init__(self, description: str) -> None:
        super().__init__(None, description)


class _Pool:
    """The pool of processes, renewed when it has become larger than what is worth keeping."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: Monty | None = None
        self._held = 0
        self._peak = 0
        self.places = threading.BoundedSemaphore(_PLACES)
        self.was_used = False

    def take(self) -> Monty:
        with self._lock:
            if self._pool is None:
                from pydantic_monty import Monty

                pool = Monty(min_processes=1, max_processes=_MOST)
                self.was_used = True
                pool.__enter__()
                self._pool = pool
                self._peak = 0
            self._held += 1
            self._peak = max(self._peak, self._held)
            return self._pool

    def give_back(self) -> None:
        with self._lock:
            self._held -= 1
            if self._held or self._peak <= _KEPT:
                return
            pool, self._pool = self._pool, None
        _end(pool)

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        _end(pool)


def _end(pool: Monty | None) -> None:
    if pool is not None:
        with contextlib.suppress(Exception):
            pool.__exit__(None, None, None)


_pool = _Pool()


def _close() -> None:
    _pool.close()


def _renew() -> None:
    # The processes belong to the parent; a child leaves them alone.
    global _pool, _is_lost
    _is_lost = _is_lost or _pool.was_used
    _forgotten.append(_pool)
    _pool = _Pool()


_is_lost = False
"""Whether a parent process used the interpreter's own threads, which a forked child lacks."""


_forgotten: list[_Pool] = []
"""Pools of parent processes, kept so that nothing is cleared away when they would be collected."""

atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


@attrs.define
class Worker:
    """A process of a session's own."""

    session: MontySession
    pid: int | None
    _pool: _Pool
    _has_place: bool
    _is_gone: bool = False
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def kill(self) -> None:
        """End the process at once, from any thread, unless it was given back."""
        with self._lock:
            if not self._is_gone and self.pid is not None:
                with contextlib.suppress(OSError):
                    os.kill(self.pid, _KILL)

    def close(self) -> None:
        """Give the process back, with all that the session had in it cleared."""
        with self._lock:
            if self._is_gone:
                return
            self._is_gone = True
        try:
            with contextlib.suppress(Exception):
                self.session.__exit__(None, None, None)
        finally:
            self._pool.give_back()
            if self._has_place:
                self._pool.places.release()


def take(
    limits: Limits, modules: Mapping[str, Callable[[], Any]], is_given_up: Callable[[], bool]
) -> Worker | None:
    """Take a process for a session; wait for a place. None when it is given up meanwhile."""
    if _is_lost:
        raise SandboxUnavailable(
            "the sandbox can't run in a forked process whose parent has used it: start processes "
            "with 'spawn' or 'forkserver', or fork before the first task"
        )
    pool = _pool
    has_place = not inside_host_call.get()
    if has_place:
        while not pool.places.acquire(timeout=0.1):
            if is_given_up():
                return None
    is_taken = False
    try:
        monty = pool.take()
        is_taken = True
        session = monty.checkout(
            script_name="code.py",
            limits={
                "max_feed_duration_secs": limits.seconds,
                "max_memory": limits.memory,
                "max_total_sleep_secs": limits.seconds,
                # Counted here, block by block; this one would count a whole session.
                "max_suspensions": 2**31 - 1,
            },
            # As in Python: the text of an assertion is what the code gave it.
            assert_message_annotations=False,
            external_modules=modules,
        )
        session.__enter__()
        return Worker(session, session.worker_pid, pool, has_place)
    except BaseException:
        if is_taken:
            pool.give_back()
        if has_place:
            pool.places.release()
        raise

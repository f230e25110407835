"""How calls of tasks are cancelled, from any thread."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from contextlib import suppress

import attrs

_LOOK_EVERY = 0.1
"""Seconds between two looks whether another process cancelled a call."""


class Cancellation:
    """Whether a call was cancelled; those who wait for it are told at once.

    A call that another one makes is cancelled with it.
    """

    def __init__(self, outer: Cancellation | None = None) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], object]] = []
        self._leave: Callable[[], None] | None = None
        if outer is not None:
            self._leave = outer.listen(self.request)

    @property
    def is_requested(self) -> bool:
        """Whether the call is to end."""
        return self._event.is_set()

    def request(self) -> None:
        """Have the call end."""
        with self._lock:
            self._event.set()
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Have `listener` called when it is requested, on any thread; returns what undoes that."""
        with self._lock:
            if not self._event.is_set():
                self._listeners.append(listener)
                return lambda: self._forget(listener)
        listener()
        return lambda: None

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is requested; whether it is."""
        return self._event.wait(seconds)

    def close(self) -> None:
        """Take note that the call is over: the outer one need not tell it any more."""
        if self._leave is not None:
            self._leave()
            self._leave = None

    def _forget(self, listener: Callable[[], object]) -> None:
        with self._lock, suppress(ValueError):
            self._listeners.remove(listener)


class _CallsUnderWay:
    """The calls of this process, by what they are cancelled by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: defaultdict[Hashable, set[Cancellation]] = defaultdict(set)

    def enter(self, key: Hashable, call: Cancellation) -> None:
        with self._lock:
            self._calls[key].add(call)

    def leave(self, key: Hashable, call: Cancellation) -> None:
        with self._lock:
            calls = self._calls[key]
            calls.discard(call)
            if not calls:
                del self._calls[key]

    def list_cancellations(self, key: Hashable) -> list[Cancellation]:
        with self._lock:
            return list(self._calls.get(key, ()))


_under_way = _CallsUnderWay()


def register_call(key: Hashable, call: Cancellation) -> Callable[[], None]:
    """Have `cancel_all` find a call; returns what ends that."""
    _under_way.enter(key, call)
    return lambda: _under_way.leave(key, call)


def cancel_all(key: Hashable) -> None:
    """Cancel the calls of this process at once.

    That calls of other processes, and calls that begin later, are cancelled, is for the state.
    """
    for call in _under_way.list_cancellations(key):
        call.request()


@attrs.frozen(eq=False)
class _Watched:
    was_cancelled: Callable[[], bool]
    call: Cancellation


class _Watch:
    """Looks for the process whether calls were cancelled elsewhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: set[_Watched] = set()
        self._thread: threading.Thread | None = None

    def add(self, watched: _Watched) -> Callable[[], None]:
        with self._lock:
            self._watched.add(watched)
            # Threads do not come along into a forked process.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._look, name="xpander-agents-watch", daemon=True
                )
                self._thread.start()
        return lambda: self._remove(watched)

    def _remove(self, watched: _Watched) -> None:
        with self._lock:
            self._watched.discard(watched)

    def _look(self) -> None:
        idle = 0
        while True:
            time.sleep(_LOOK_EVERY)
            with self._lock:
                all_watched = list(self._watched)
                idle = 0 if all_watched else idle + 1
                if idle * _LOOK_EVERY > 5.0:
                    self._thread = None
                    return
            for watched in all_watched:
                # A store that can't be read now is read again in a moment, here or by the call.
                with suppress(Exception):
                    if watched.was_cancelled():
                        watched.call.request()


_watch = _Watch()


def watch(was_cancelled: Callable[[], bool], call: Cancellation) -> Callable[[], None]:
    """Look now and then whether a call was cancelled elsewhere; returns what ends that."""
    return _watch.add(_Watched(was_cancelled, call))

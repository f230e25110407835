"""Waiting for the sandbox where signals are heard.

The interpreter's calls do not return before its code asks for something or ends, and meanwhile the
main thread could not run the handler of a signal: Ctrl-C would wait for the block. So there they
are made on a thread beside it. What they tell on the way, and all that the code calls, is done on
the thread that waits.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

_LOOK_EVERY = 0.5
"""Seconds after which a wait begins anew. Only Windows needs it, to look for signals."""
_TO_END = 5.0
"""Seconds that the last call may take to end when its process was killed."""


class Turns:
    """Makes the calls of one session, one at a time."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._told: SimpleQueue[tuple[Callable[..., Any] | None, tuple[Any, ...]]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def take(self, call: Callable[[], Any]) -> Any:
        """Return what the call gives, or raise what it raises."""
        if threading.current_thread() is not threading.main_thread():
            return call()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._work, name="xpander-agents-turns", daemon=True
            )
            self._thread.start()
        self._calls.put(call)
        while True:
            with contextlib.suppress(Empty):
                tell, given = self._told.get(timeout=_LOOK_EVERY)
                if tell is not None:
                    tell(*given)
                    continue
                result, error = given
                if error is not None:
                    raise error
                return result

    def call_on_waiter(self, tell: Callable[..., Any]) -> Callable[..., None]:
        """Return the function in a form for calls: it is called on the thread that waits."""

        def told(*given: Any) -> None:
            if threading.current_thread() is self._thread:
                self._told.put((tell, given))
            else:
                tell(*given)

        return told

    def end(self) -> None:
        """Wait for a call that was left, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._calls.put(None)
            thread.join(_TO_END)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                self._told.put((None, (call(), None)))
            except BaseException as error:  # it is raised where the call was made
                self._told.put((None, (None, error)))

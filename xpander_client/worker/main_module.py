"""Calls a function when the main module has been read to its end.

Not sooner: what is called may need functions that stand further down. Not later either, where it
can be helped: once the main module is left, Python begins to shut down. So it is called where the
module returns; where hearing of that would slow the program down, as before Python 3.12, it is the
first thing of the shutdown. A `sys.exit()` with status 0 in the module's last line is its end as
well. Where a module ends otherwise nothing is called.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

from xpander_client.worker.module_end import call_at_return, has_returned, is_at_last_line


def call_at_end(main: FrameType, call: Callable[[], None]) -> None:
    """Call a function where the main module ends; of several, the one that was given last."""
    global _watch
    if _watch is None:
        _watch = _Watch(main, call)
    _watch.call = call


def cancel_call() -> None:
    """Forget what was to be called at the end."""
    if _watch is not None:
        _watch.end()


class _Watch:
    """Waits for the end of the main module."""

    def __init__(self, frame: FrameType, call: Callable[[], None]) -> None:
        self.call = call
        self._frame: FrameType | None = frame
        self._call_off = call_at_return(frame, self._end_with_call)
        self._exit = sys.exit
        sys.exit = self._exit_after_call
        if sys.version_info < (3, 12):
            _before_shutdown(self._call_late)

    def end(self) -> None:
        if self._frame is not None:
            self._frame = None
            self._call_off()
            if sys.exit == self._exit_after_call:
                sys.exit = self._exit

    def _end_with_call(self) -> None:
        self.end()
        self.call()

    def _exit_after_call(self, status: Any = None, /) -> NoReturn:
        caller = sys._getframe(1)
        if caller is self._frame and status in (None, 0) and is_at_last_line(caller):
            self._end_with_call()
        self._exit(status)

    def _call_late(self) -> None:
        if self._frame is None or not has_returned(self._frame):
            return
        try:
            self._end_with_call()
        except SystemExit:
            # It comes too late for Python to end with its status.
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)


_watch: _Watch | None = None


def _before_shutdown(call: Callable[[], None]) -> None:
    # As Python's own executors do it: in `atexit` no thread can be started any more. They are
    # called in turn, the last one first, and none can be added then.
    for executors in ("process", "thread"):
        import_module(f"concurrent.futures.{executors}")
    threading._register_atexit(call)  # type: ignore[attr-defined]

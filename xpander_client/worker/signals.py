"""Signals that stop a worker."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_replaced: list[dict[signal.Signals, Any]] = []
"""The handlers that stood before those of workers, the last ones last."""


@contextlib.contextmanager
def stop_by_signals(stop: Callable[[], None]) -> Generator[None, None, None]:
    """Call `stop` at the first SIGTERM or SIGINT; a second one ends the process at once.

    Python delivers signals to its main thread only; from any other this does nothing. Processes
    that are forked meanwhile have the handlers that stood before: they are no workers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        stop()

    before = {one: signal.signal(one, on_signal) for one in _SIGNALS}
    _replaced.append(before)
    try:
        yield
    finally:
        _replaced.remove(before)
        _restore(before)


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for one, handler in handlers.items():
        signal.signal(one, handler)


_forking = threading.local()


def _hold_signals() -> None:
    # One that came for the child before it has its handlers back would be lost.
    if _replaced:
        _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _release_signals() -> None:
    mask = vars(_forking).pop("mask", None)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _restore_in_child() -> None:
    while _replaced:
        _restore(_replaced.pop())
    _release_signals()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_hold_signals, after_in_parent=_release_signals, after_in_child=_restore_in_child
    )

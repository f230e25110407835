"""Warns of a program that decorates functions with `@on_task` and runs no worker."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from types import FrameType

from xpander_client.worker.program import is_imported_by_main, is_main

_logger = logging.getLogger("xpander_client.worker")

# After so many seconds a program that goes on is told what its worker waits for. Most modules are
# read to their end by then.
_PATIENCE = 1.0

_names: list[str] = []
_is_served = False
_process = os.getpid()
_timer: threading.Timer | None = None


def say_at_exit(name: str, frame: FrameType, main: FrameType | None) -> None:
    """Say at the end of the program that no worker ran for a function, if none did.

    What is decorated while a program starts may never come to its end: it is told sooner. `frame`
    is what decorates, and `main` the main module, if the worker is to start where that ends.
    """
    global _timer
    if _is_served:
        return
    if not _names:
        atexit.register(_say_at_exit)
    _names.append(name)
    if _timer is None and (is_main(frame) or is_imported_by_main(frame)):
        _timer = threading.Timer(_PATIENCE, _say_meanwhile, (main,))
        _timer.daemon = True
        _timer.start()


def forget() -> None:
    """Say nothing any more: a worker runs, or has run."""
    global _is_served
    _is_served = True
    _names.clear()
    atexit.unregister(_say_at_exit)
    if _timer is not None:
        _timer.cancel()


def _say_at_exit() -> None:
    # An exception has said enough; and children and tests run the program's functions, not it.
    if _names and not hasattr(sys, "last_value") and not _is_run_by_another():
        _logger.warning(
            "no worker ran for %s, decorated with @on_task: call xpander_client.worker.run(%s)",
            " and ".join(f"{name}()" for name in _names),
            _names[-1],
        )


def _say_meanwhile(main: FrameType | None) -> None:
    name = _names[-1] if _names else None
    if name is None or _is_run_by_another():
        return
    if main is None:
        why = "where a function is imported no worker starts by itself"
    else:
        file = os.path.basename(main.f_code.co_filename)
        why = f"it starts at the end of {file}, which is at line {main.f_lineno}"
    _logger.warning(
        "no worker runs yet for %s(), decorated with @on_task: %s; "
        "xpander_client.worker.run(%s) runs one at once",
        *(name, why, name),
    )


def _is_run_by_another() -> bool:
    processes = sys.modules.get("multiprocessing.process")
    is_child = processes is not None and processes.parent_process() is not None
    return is_child or os.getpid() != _process or "_pytest" in sys.modules

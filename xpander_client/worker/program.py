"""Tells whether code runs in the main module, in a module that it imports, or interactively."""

from __future__ import annotations

import sys
import threading
from types import FrameType


def decorating_frame() -> FrameType:
    """Return the frame of the program that called into this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return frame


def is_main(frame: FrameType) -> bool:
    """Tell whether the code of a frame is in the main module."""
    return frame.f_globals.get("__name__") == "__main__"


def is_interactive(frame: FrameType) -> bool:
    """Tell whether the main module has no file: its lines are typed one by one, without an end."""
    return "__file__" not in frame.f_globals and sys.argv[:1] != ["-c"]


def main_frame(frame: FrameType) -> FrameType | None:
    """Return the frame of the main module, or None when all of it has been run.

    `frame` is where the program is now, on any thread.
    """
    found: FrameType | None = frame
    if threading.current_thread() is not threading.main_thread():
        found = sys._current_frames().get(threading.main_thread().ident or 0)
    while found is not None and not (is_main(found) and found.f_code.co_name == "<module>"):
        found = found.f_back
    return found


def is_imported_by_main(frame: FrameType) -> bool:
    """Tell whether a frame belongs to a module that the main module is importing at its top."""
    found: FrameType | None = frame
    while found is not None and not is_main(found):
        of_import = str(found.f_globals.get("__name__")).startswith("importlib.")
        if found.f_code.co_name != "<module>" and not of_import:
            return False
        found = found.f_back
    return found is not None and found.f_code.co_name == "<module>"

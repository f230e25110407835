"""What runs now: the main module, a module that it imports, or an interactive session."""

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
    """Whether a frame's code stands in the main module."""
    return frame.f_globals.get("__name__") == "__main__"


def is_interactive(frame: FrameType) -> bool:
    """Whether the main module is what somebody types, without a file and with no end."""
    return "__file__" not in frame.f_globals and sys.argv[:1] != ["-c"]


def main_frame(frame: FrameType) -> FrameType | None:
    """Return the frame in which the main module is read; None when that has been left.

    `frame` is where the program is now, on any thread.
    """
    found: FrameType | None = frame
    if threading.current_thread() is not threading.main_thread():
        found = sys._current_frames().get(threading.main_thread().ident or 0)
    while found is not None and not (is_main(found) and found.f_code.co_name == "<module>"):
        found = found.f_back
    return found


def is_imported_by_main(frame: FrameType) -> bool:
    """Whether a frame's module is being read because the main module imports it at its top."""
    found: FrameType | None = frame
    while found is not None and not is_main(found):
        of_import = str(found.f_globals.get("__name__")).startswith("importlib.")
        if found.f_code.co_name != "<module>" and not of_import:
            return False
        found = found.f_back
    return found is not None and found.f_code.co_name == "<module>"

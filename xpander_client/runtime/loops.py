"""Where code runs: on which event loop, if any, and how a process of ours runs one."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator

_THRESHOLD = 20_000
"""How many objects more there have to be before the collector looks at the new ones."""


def find_running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop, of the fastest kind that is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage less often, and not among what is there already: modules, for the most part.

    It is the whole process's setting, so only a process whose main work is ours has it.
    """
    first, *others = gc.get_threshold()
    gc.freeze()
    if first:  # else somebody has switched it off
        gc.set_threshold(max(first, _THRESHOLD), *others)
    try:
        yield
    finally:
        gc.set_threshold(first, *others)
        gc.unfreeze()

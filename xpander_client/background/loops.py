"""Where code runs: on which event loop, if any."""

from __future__ import annotations

import asyncio


def loop_here() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

"""The event loop that async functions run on which sync code calls."""

from __future__ import annotations

from xpander_client.runtime.loop_thread import LoopThread

loop = LoopThread("xpander-tools")

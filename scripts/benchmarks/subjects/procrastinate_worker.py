"""Procrastinate's worker: `python procrastinate_worker.py ADDRESS`."""

from __future__ import annotations

import asyncio
import logging

from ending import end_with_input
from procrastinate_app import app


async def work() -> None:
    """As many at once as our worker."""
    async with app.open_async():
        await app.run_worker_async(concurrency=32, install_signal_handlers=False)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)  # as quiet as ours
    end_with_input()
    asyncio.run(work())

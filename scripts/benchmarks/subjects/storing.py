"""Callers of the platform's store itself: `python storing.py FILE`."""

from __future__ import annotations

import asyncio
import sys
import uuid

from measured import serve
from xpander_client.platform.stores.sqlite import SqliteStore

BODY = {"input": {"text": "Add up the sales by region", "files": []}}


async def create(callers: int, count: int) -> None:
    """Creates `count` tasks, `callers` at a time."""
    store = SqliteStore(sys.argv[1])
    await store.open()
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            await store.put("bench", "agent", BODY, task_id=str(uuid.uuid4()))

    await asyncio.gather(*(caller() for _ in range(callers)))
    await store.close()


serve(
    {},
    {
        "create1": lambda count: create(1, count),
        "create32": lambda count: create(32, count),
    },
)

"""Callers of the platform's store itself: `python storing.py ADDRESS [BATCH]`.

With BATCH no more than so many commands share a commit; that is for PostgreSQL only.
"""

from __future__ import annotations

import itertools
import sys
import time
import uuid
from collections.abc import Awaitable, Callable

from measured import in_flight, serve
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.store import Store

BODY = {"input": {"text": "Add up the sales by region", "files": []}}
EVENT = {"type": "chunk", "data": "North 1, South 2, East 3, West 4"}


def new_store() -> Store:
    """Make the store, not open yet."""
    if len(sys.argv) < 3:
        return store_at(sys.argv[1])
    from xpander_client.platform.stores.postgres.store import PostgresStore

    return PostgresStore(sys.argv[1], batch=int(sys.argv[2]))


async def create(callers: int, count: int) -> float:
    """Create `count` tasks, `callers` at a time."""

    async def prepare(store: Store) -> Callable[[], Awaitable[object]]:
        return lambda: store.put("bench", "agent", BODY, task_id=str(uuid.uuid4()))

    return await seconds(callers, count, prepare)


async def append(callers: int, count: int) -> float:
    """Append `count` events, to as many tasks as there are callers."""

    async def prepare(store: Store) -> Callable[[], Awaitable[object]]:
        ids = [str(uuid.uuid4()) for _ in range(callers)]
        for task_id in ids:
            await store.put("bench", "agent", BODY, task_id=task_id)
        turns = itertools.cycle(ids)
        return lambda: store.append("bench", next(turns), [EVENT], attempt=None)

    return await seconds(callers, count, prepare)


async def seconds(
    callers: int, count: int, prepare: Callable[[Store], Awaitable[Callable[[], Awaitable[object]]]]
) -> float:
    """Return the seconds that `count` calls take."""
    store = new_store()
    await store.open()
    call = await prepare(store)
    started = time.perf_counter()
    await in_flight(callers, count, call)
    taken = time.perf_counter() - started
    await store.close()
    return taken


serve(
    {},
    {
        "create1": lambda count: create(1, count),
        "create32": lambda count: create(32, count),
        "append32": lambda count: append(32, count),
    },
)

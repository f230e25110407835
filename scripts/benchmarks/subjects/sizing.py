"""What the store of the platform writes: `python sizing.py ADDRESS`.

Runs return bytes, not seconds. In a file they are what the process hands to the system, log and
pages; on PostgreSQL they are those of its log.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import asyncpg
import psutil

from measured import serve
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.engines import find_engine
from xpander_client.platform.stores.base.store import Store

SMALL, LARGE = "d" * 20, "d" * 2_000_000

address = sys.argv[1]


async def written() -> int:
    """How many bytes were written so far."""
    if find_engine(address).locate_file(address) is not None:
        counters: Any = psutil.Process().io_counters()  # what there is depends on the system
        return int(counters.write_chars)
    connection = await asyncpg.connect(address)
    try:
        sql = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()


async def put(store: Store, text: str) -> str:
    body = {"input": {"text": text}, "events_streaming": True}
    return (await store.put("bench", "agent", body, task_id=str(uuid.uuid4()))).record.id


async def update(store: Store, task_id: str, count: int) -> None:
    for number in range(count):
        changes = {"status": "executing", "internal_status": f"{number} %"}
        await store.patch("bench", task_id, changes, attempt=None)


async def per_change(
    count: int, prepare: Callable[[Store], Awaitable[Callable[[], Awaitable[None]]]]
) -> float:
    """Return what one of `count` costs."""
    store = store_at(address)
    await store.open()
    change = await prepare(store)
    before = await written()
    await change()
    cost = (await written() - before) / count
    await store.close()
    return cost


async def updates(count: int, text: str) -> float:
    """Progress of one task."""

    async def prepare(store: Store) -> Callable[[], Awaitable[None]]:
        task_id = await put(store, text)
        await update(store, task_id, 1)
        return lambda: update(store, task_id, count)

    return await per_change(count, prepare)


async def told(count: int) -> float:
    """Count what a follower of a task with a large input is sent of its progress."""
    store = store_at(address)
    await store.open()
    task_id = await put(store, LARGE)
    await update(store, task_id, count)
    events = await store.read(task_id, 1, count)
    await store.close()
    return sum(len(event.body) for event in events) / len(events)


async def tasks(count: int) -> float:
    """Tasks that are created, claimed, begun and finished."""

    async def prepare(store: Store) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            for _ in range(count):
                await put(store, SMALL)
                [task] = await store.claim("bench", "agent", ["worker"])
                for status in ("executing", "completed"):
                    changes = {
                        "status": status,
                        "result": "done" if status == "completed" else None,
                    }
                    await store.patch("bench", task.id, changes, attempt=task.attempt)

        return run

    return await per_change(count, prepare)


serve(
    {},
    {
        "updates": partial(updates, text=SMALL),
        "updates of a large one": partial(updates, text=LARGE),
        "told of a large one": told,
        "tasks": tasks,
    },
)

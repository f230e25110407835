"""Callers over plain sockets. Several platforms of one store share them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from measured import serve
from plain_caller import Caller, addresses


async def call(callers: int, count: int, make: Callable[[Caller], Awaitable[object]]) -> None:
    """Make `count` calls, `callers` at a time, each caller on its own connection."""
    left = iter(range(count))

    async def work(number: int) -> None:
        address = addresses[number % len(addresses)]
        caller = Caller(*await asyncio.open_connection(address.hostname, address.port))
        for _ in left:
            await make(caller)
        await caller.close()

    await asyncio.gather(*(work(number) for number in range(callers)))


async def read(callers: int, count: int) -> None:
    """Read one task `count` times."""
    caller = Caller(*await asyncio.open_connection(addresses[0].hostname, addresses[0].port))
    task_id = json.loads(await caller.create())["id"]
    await caller.close()
    await call(callers, count, lambda caller: caller.status(task_id))


serve(
    {},
    {
        "create1": lambda count: call(1, count, Caller.create),
        "create32": lambda count: call(32, count, Caller.create),
        "status32": lambda count: read(32, count),
    },
)

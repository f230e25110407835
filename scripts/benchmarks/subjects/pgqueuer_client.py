"""Enqueues jobs with PgQueuer and waits until they were successful, 32 at a time.

`python pgqueuer_client.py ADDRESS`. As Procrastinate's, it asks for all that are waited for, every
five milliseconds.
"""

from __future__ import annotations

import asyncio
import sys

import asyncpg
from pgqueuer import AsyncpgPoolDriver, JobId, Queries

from measured import in_flight, serve


async def prepare(_: int) -> None:
    """Make PgQueuer's tables, as they are by default."""
    async with asyncpg.create_pool(sys.argv[1], min_size=1, max_size=1) as pool:
        await Queries(AsyncpgPoolDriver(pool)).install()


async def finish32(count: int) -> None:
    """Run some jobs, from being enqueued to having succeeded."""
    waiting: dict[JobId, asyncio.Future[None]] = {}
    async with asyncpg.create_pool(sys.argv[1], min_size=20, max_size=20) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))

        async def finished() -> None:
            [number] = await queries.enqueue("finish", None)
            waiting[number] = asyncio.get_running_loop().create_future()
            await waiting[number]

        jobs = asyncio.create_task(in_flight(32, count, finished))
        while not jobs.done():
            for number, status in await queries.job_status(list(waiting)):
                if status == "successful":
                    waiting.pop(number).set_result(None)
            await asyncio.sleep(0.005)
        await jobs


if __name__ == "__main__":
    serve({}, {"prepare": prepare, "finish32": finish32})

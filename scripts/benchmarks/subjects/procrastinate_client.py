"""Defers jobs with Procrastinate and waits until they have succeeded, 32 at a time.

`python procrastinate_client.py ADDRESS`. Procrastinate tells nobody that a job is over, so one
question every five milliseconds asks for all that are waited for.
"""

from __future__ import annotations

import asyncio
import sys

from psycopg import AsyncConnection

from measured import in_flight, serve
from procrastinate_app import app, finish


async def prepare(_: int) -> None:
    """Make Procrastinate's tables."""
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def finish32(count: int) -> None:
    """Run some jobs, from being deferred to having succeeded."""
    waiting: dict[int, asyncio.Future[None]] = {}

    async def finished() -> None:
        number = await finish.defer_async()
        waiting[number] = asyncio.get_running_loop().create_future()
        await waiting[number]

    async with (
        app.open_async(),
        await AsyncConnection.connect(sys.argv[1], autocommit=True) as asking,
    ):
        jobs = asyncio.create_task(in_flight(32, count, finished))
        while not jobs.done():
            rows = await asking.execute(
                "SELECT id FROM procrastinate_jobs WHERE id = ANY(%s) AND status = 'succeeded'",
                (list(waiting),),
            )
            for [number] in await rows.fetchall():
                waiting.pop(number).set_result(None)
            await asyncio.sleep(0.005)
        await jobs


if __name__ == "__main__":
    serve({}, {"prepare": prepare, "finish32": finish32})

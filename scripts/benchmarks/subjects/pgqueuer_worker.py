"""PgQueuer's worker: `python pgqueuer_worker.py ADDRESS`."""

from __future__ import annotations

import asyncio
import logging
import sys

import asyncpg
from pgqueuer import Job, PgQueuer

from ending import end_with_input


async def work() -> None:
    """As many at once as our worker; the ends of jobs are written in batches."""
    async with asyncpg.create_pool(sys.argv[1], min_size=4, max_size=20) as pool:
        queue = PgQueuer.from_asyncpg_pool(pool)

        @queue.entrypoint("finish")
        async def finish(job: Job) -> None:
            """Do nothing."""

        await queue.run(batch_size=16, max_concurrent_tasks=32)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)  # as quiet as ours
    end_with_input()
    asyncio.run(work())

"""A PostgreSQL to measure against: the one of `dev --store pg`, as it is set up by default."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import attrs
import psutil

from scripts.benchmarks.processes import MeasurementError, cpu_seconds
from xpander_client.platform.process.dev_postgres import postgres_server


@attrs.frozen
class Postgres:
    """A server with an empty database; what is acknowledged there is on disk."""

    address: str
    postmaster: int

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far, but those that have ended."""
        postmaster = psutil.Process(self.postmaster)
        seconds = 0.0
        for each in (postmaster, *postmaster.children()):
            with contextlib.suppress(psutil.NoSuchProcess, OSError):
                seconds += cpu_seconds(each.pid)
        return seconds


@contextmanager
def postgres() -> Generator[Postgres]:
    """Run a server of its own."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        postgres_server(Path(folder) / "pg") as address,
    ):
        asyncio.run(_check(address))
        lines = (Path(folder) / "pg" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        yield Postgres(address, int(lines[0]))


async def _check(address: str) -> None:
    connection = await asyncpg.connect(address)
    for name in ("fsync", "synchronous_commit"):
        if await connection.fetchval(f"SHOW {name}") != "on":
            raise MeasurementError(f"{name} is not on: nothing that is measured would be durable")
    await connection.close()

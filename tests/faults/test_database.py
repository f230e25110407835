"""PostgreSQL is killed, restarted, and replaced by its standby, under load."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.faults.clients import ORGANIZATION, StoreClient, finish_all, sweeping, until
from tests.faults.engines import rounds
from tests.faults.tally import Count, Tally
from tests.platform.wire import OpenStore
from tests.postgres import PostgresServer, postgres_cluster
from xpander_client.chaos.history import read_histories
from xpander_client.chaos.invariants import read_stored_tasks, violations
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SETTINGS = Settings(lease=4.0, offer_window=1.0)
CLIENTS = 12


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with postgres_cluster() as server:
        yield server


@contextlib.asynccontextmanager
async def servers(address: str) -> AsyncIterator[Sequence[Store]]:
    """Two stores on a database, as two servers have them."""
    async with (
        OpenStore(store_at(address, SETTINGS)) as one,
        OpenStore(store_at(address, SETTINGS)) as two,
        sweeping(one),
        sweeping(two),
    ):
        yield one, two


async def load(
    stores: Sequence[Store],
    folder: Path,
    seed: int,
    trouble: Callable[[random.Random], AsyncIterator[None]],
) -> int:
    """Clients that go on asking, while there is trouble; how much was acknowledged."""
    over = False
    clients = [
        StoreClient(stores[n % len(stores)], folder, f"c{n}", seed, stubborn=True)
        for n in range(CLIENTS)
    ]
    working = asyncio.gather(*(client.work(lambda: not over) for client in clients))

    def acknowledged() -> int:
        return sum(client.acknowledged for client in clients)

    def answered(enough: int) -> bool:
        return acknowledged() >= enough

    async for _ in trouble(random.Random(seed)):
        # They are answered again before there is more of it.
        enough = acknowledged() + 20 * CLIENTS
        await until(partial(answered, enough), "clients are answered again")
    over = True
    await working
    return acknowledged()


async def check(address: str, folder: Path, count: Count, acknowledged: int) -> None:
    """Let everything come to its end; then compare."""
    async with OpenStore(store_at(address, SETTINGS)) as store:
        await finish_all(store, folder)
        histories = list(read_histories(folder))
        wanted = {each.entry.task_id for each in histories}
        stored = await read_stored_tasks(store, ORGANIZATION, wanted)
    broken = violations(histories, stored, max_attempts=SETTINGS.max_attempts)
    count.round(acknowledged, broken)
    assert not broken, broken[:3]


async def test_nothing_is_lost_when_postgresql_is_killed_and_restarted(
    server: PostgresServer, tmp_path: Path, tally: Tally
) -> None:
    async def kills(chance: random.Random) -> AsyncIterator[None]:
        for _ in range(rounds(3)):
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            await asyncio.to_thread(server.start)
            yield

    with tally.of("4 PostgreSQL killed -9 and restarted", "PostgreSQL") as count:
        async with servers(server.dsn) as stores:
            acknowledged = await load(stores, tmp_path, 1, kills)
        await check(server.dsn, tmp_path, count, acknowledged)
        count.rounds = rounds(3)


async def test_nothing_is_lost_when_a_standby_takes_over(tmp_path: Path, tally: Tally) -> None:
    with tally.of("4 standby promoted, the primary killed -9", "PostgreSQL") as count:
        for seed in range(rounds(1)):
            with postgres_cluster() as primary, contextlib.closing(primary.standby()) as standby:

                async def failover(
                    chance: random.Random,
                    primary: PostgresServer = primary,
                    standby: PostgresServer = standby,
                ) -> AsyncIterator[None]:
                    await asyncio.sleep(chance.uniform(0.3, 1.0))
                    await asyncio.to_thread(primary.kill)
                    await asyncio.to_thread(standby.promote)
                    yield

                hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
                folder = tmp_path / str(seed)
                folder.mkdir()
                async with servers(f"postgresql://postgres@{hosts}/postgres") as stores:
                    acknowledged = await load(stores, folder, seed, failover)
                await check(standby.dsn, folder, count, acknowledged)

"""Disks and databases that take no more, and a file that somebody else has."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import secrets
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.faults.clients import ORGANIZATION, StoreClient, finish_all, sweeping, until
from tests.faults.engines import rounds
from tests.faults.power import Disk
from tests.faults.tally import Count, Tally
from tests.platform.wire import OpenStore
from tests.postgres import postgres_cluster
from xpander_client.chaos.history import read_histories
from xpander_client.chaos.invariants import read_stored_tasks, violations
from xpander_client.chaos.processes import Process
from xpander_client.chaos.server import environment
from xpander_client.chaos.stage import SERVER
from xpander_client.errors import ModuleException
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.sqlite.store import SqliteStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SETTINGS = Settings(lease=4.0, offer_window=1.0)
BODY = {"input": {"text": "x"}}


def folder(place: Path) -> Path:
    made = place / "histories"
    made.mkdir()
    return made


async def refused(store: Store) -> None:
    """Writes are refused, so that callers come back; what can be read is read."""
    with pytest.raises(HttpError) as refusal:
        await store.put(ORGANIZATION, "a", BODY, task_id="refused")
    assert refusal.value.status == 503
    with pytest.raises(HttpError) as unknown:
        await store.get(ORGANIZATION, "refused")
    assert unknown.value.status == 404
    assert (await store.get(ORGANIZATION, "before")).id == "before"


async def under_load(
    store: Store,
    folder: Path,
    count: Count,
    rounds: int,
    *,
    stop: Callable[[int], Awaitable[None]],
    go: Callable[[], Awaitable[None]],
) -> None:
    """Again and again nothing can be written, while clients go on asking."""
    over = False
    clients = [StoreClient(store, folder, f"c{n}", 6, stubborn=True) for n in range(6)]

    def acknowledged() -> int:
        return sum(client.acknowledged for client in clients)

    def more_than(enough: int) -> bool:
        return acknowledged() > enough

    async with OpenStore(store), sweeping(store):
        await store.put(ORGANIZATION, "a", BODY, task_id="before")
        working = asyncio.gather(*(client.work(lambda: not over) for client in clients))
        for number in range(rounds):
            await until(partial(more_than, acknowledged() + 50), "it goes on")
            await stop(number)
            await refused(store)
            await go()
        over = True
        await working
        await finish_all(store, folder)
        stored = await read_stored_tasks(store, ORGANIZATION, ())
    broken = violations(read_histories(folder), stored, max_attempts=SETTINGS.max_attempts)
    count.round(acknowledged(), broken)
    count.rounds = rounds
    assert not broken


@pytest.mark.parametrize(
    "refusal",
    [apsw.FullError("the disk is full"), apsw.ReadOnlyError("the disk is read-only")],
    ids=["full", "read-only"],
)
async def test_a_file_that_takes_no_more_refuses_and_goes_on_later(
    tmp_path: Path, refusal: apsw.Error, tally: Tally, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "xpander_client.platform.stores.sqlite.group_commit")
    disk = Disk()
    disk.refusal = refusal
    small_log = {"PRAGMA wal_autocheckpoint = 4000": "PRAGMA wal_autocheckpoint = 20"}

    async def stop(number: int) -> None:
        disk.room = number  # so many writes still fit: it is over in the middle of a commit
        await until(lambda: disk.room == 0, "the disk takes no more")

    async def go() -> None:
        disk.room = None

    store = SqliteStore(
        tmp_path / "store.db", SETTINGS, connect=lambda path: disk.connect(path, small_log)
    )
    with tally.of(f"6 {refusal.args[0]}", "SQLite") as count:
        await under_load(store, folder(tmp_path), count, rounds(8), stop=stop, go=go)


async def test_a_database_that_takes_no_writes_refuses_and_goes_on_later(
    tmp_path: Path, tally: Tally
) -> None:
    with postgres_cluster() as server:

        def read_only(value: str) -> None:
            server.sql(
                "set default_transaction_read_only = off",
                f"alter system set default_transaction_read_only = {value}",
                "select pg_reload_conf()",
            )
            while server.sql("show default_transaction_read_only") != value:
                pass

        store = store_at(server.dsn, SETTINGS)
        with tally.of("6 the database is read-only", "PostgreSQL") as count:
            await under_load(
                store,
                folder(tmp_path),
                count,
                rounds(3),
                stop=lambda number: asyncio.to_thread(read_only, "on"),
                go=lambda: asyncio.to_thread(read_only, "off"),
            )


async def test_a_database_whose_files_can_not_grow_refuses_what_does_not_fit(
    tally: Tally,
) -> None:
    big = {"input": {"text": secrets.token_hex(2_000_000)}}
    with (
        tally.of("6 the database's files can't grow", "PostgreSQL") as count,
        postgres_cluster() as server,
    ):
        with small_files(17 * 1024 * 1024):  # its log is written in files of 16 MB
            server.restart()
        async with OpenStore(store_at(server.dsn, SETTINGS)) as store:
            fit = await filled(store, big)
            # What is small still fits, and what did not is not there.
            await store.put(ORGANIZATION, "a", BODY, task_id="small")
            stored = await read_stored_tasks(store, ORGANIZATION, ())
            assert sorted(stored) == [*(f"big{n}" for n in range(fit)), "small"]
            await asyncio.to_thread(server.restart)
            await store.put(ORGANIZATION, "a", big, task_id=f"big{fit}")
            count.round(fit + 2)


async def filled(store: Store, big: dict[str, Any]) -> int:
    """Put tasks until one does not fit; how many did."""
    for n in range(30):
        try:
            await store.put(ORGANIZATION, "a", big, task_id=f"big{n}")
        except HttpError as refusal:
            if refusal.status == 503 and n:
                return n
            raise
    raise AssertionError("all of it fits")


@contextlib.contextmanager
def small_files(size: int) -> Iterator[None]:
    """Processes that are started in the block can make no larger files."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_two_servers_on_one_file_the_second_says_who_has_it(
    tmp_path: Path, tally: Tally
) -> None:
    told = environment(f"sqlite:{tmp_path / 'store.db'}", "k", "o")
    log = tmp_path / "log"
    with tally.of("6 two servers on one file", "SQLite") as count:
        first = await Process.start(SERVER, log=log, environment=told)
        for _ in range(2):
            with pytest.raises(
                ModuleException, match=r"store\.db is in use by another platform \(pr"
            ):
                await Process.start(SERVER, log=log, environment=told)
            count.round(0)
        await first.kill()
        second = await Process.start(SERVER, log=log, environment=told)
        assert await second.end() == 0


def test_a_file_that_may_not_be_written_is_no_store(tmp_path: Path) -> None:
    asyncio.run(made(tmp_path / "store.db"))
    (tmp_path / "store.db").chmod(0o444)
    tmp_path.chmod(0o555)
    code = (
        "import asyncio, os, sys\n"
        "from xpander_client.errors import ConfigurationError\n"
        "from xpander_client.platform.stores.sqlite.store import SqliteStore\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0:\n"
        "    os.setgid(65534)\n"
        "    os.setuid(65534)\n"
        "try:\n"
        "    asyncio.run(SqliteStore('store.db').open())\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    finally:
        tmp_path.chmod(0o755)
    assert done.stdout.startswith("store.db")
    assert done.stdout.count("\n") == 1


async def made(path: Path) -> None:
    async with OpenStore(SqliteStore(path, SETTINGS)) as store:
        await store.put(ORGANIZATION, "a", BODY, task_id="before")

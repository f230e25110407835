"""The chaos is beside one's store, never in it, and gone afterwards."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.platform.wire import OpenStore
from tests.postgres import PostgresServer
from xpander_client.chaos.places import Place, place_beside
from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores.addresses import store_at

BODY = {"input": {"text": "x"}}


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    postgres: str = request.getfixturevalue("postgres")
    return postgres


async def put(address: str) -> None:
    async with OpenStore(store_at(address)) as store:
        await store.put("o", "a", BODY, task_id="t")


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kept", [False, True])
async def test_a_file_beside_the_stores_is_gone_unless_it_is_kept(
    tmp_path: Path, kept: bool
) -> None:
    await put(str(tmp_path / "store.db"))
    before = contents(tmp_path)
    async with place_beside(str(tmp_path / "store.db")) as place:
        await put(place.address)
        assert Path(place.address.removeprefix("sqlite:")).parent == tmp_path
        place.kept = kept
    after = contents(tmp_path)
    assert before.items() <= after.items()
    assert (len(after) > len(before)) is kept


@pytest.mark.parametrize("kept", [False, True])
async def test_a_schema_of_its_own_is_gone_unless_it_is_kept(
    postgres: str, postgres_server: PostgresServer, kept: bool
) -> None:
    await put(postgres)

    def schemas() -> set[str]:
        return set(postgres_server.sql("select nspname from pg_namespace").split())

    before = schemas()
    async with place_beside(postgres) as place:
        await put(place.address)  # the same task again, elsewhere
        [made] = schemas() - before
        assert place.address.endswith(f"search_path={made}")
        place.kept = kept
    assert (schemas() != before) is kept
    if kept:
        postgres_server.sql(f"drop schema {made} cascade")
    async with OpenStore(store_at(postgres)) as store:
        assert (await store.get("o", "t")).id == "t"


KILLED = """
import asyncio, os, signal, sys
from tests.chaos.test_places import put
from xpander_client.chaos.places import place_beside
async def main():
    async with place_beside(sys.argv[1]) as place:
        await put(place.address)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_what_a_killed_run_has_left_is_removed_by_the_next_one_and_told(
    address: str, tmp_path: Path
) -> None:
    await put(address)
    async with place_beside(address) as kept:
        kept.kept = True
    async with place_beside(address) as running:
        await put(running.address)
        killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, address)
        assert await killed.wait() == -signal.SIGKILL
        told: list[str] = []
        async with place_beside(address, told.append):
            pass
        assert [each.endswith("which a run that was killed had left") for each in told] == [True]
        for place in (address, running.address):  # what is in use, or the store's, stays
            async with OpenStore(store_at(place)) as store:
                assert (await store.get("o", "t")).id == "t"
    again: list[str] = []
    async with place_beside(address, again.append):
        pass
    assert not again
    await put(kept.address)


@pytest.mark.parametrize(
    ("address", "database"),
    [
        ("sqlite:/some/file", None),
        ("postgresql://db/tasks", ("db", 5432)),
        ("postgresql://me:secret@db:6000/tasks", ("db", 6000)),
        ("postgresql://me@/tasks?host=/run/pg", "/run/pg/.s.PGSQL.5432"),
        ("postgresql://me@/tasks?host=/run/pg&port=6000", "/run/pg/.s.PGSQL.6000"),
        ("postgresql:///tasks?host=db", ("db", 5432)),
        # There is no one place between the server and these.
        ("postgresql://one,two/tasks", None),
        ("postgresql://db/tasks?sslmode=verify-full", None),
    ],
)
def test_where_the_database_listens_is_read_from_the_address(
    address: str, database: object
) -> None:
    assert Place(address).database == database


def test_a_database_is_reached_by_another_way_as_the_same_user_and_in_the_same_schema() -> None:
    place = Place("postgresql://me:secret@db:6000/tasks?host=/run/pg&search_path=chaos")
    assert place.through(7000) == "postgresql://me:secret@127.0.0.1:7000/tasks?search_path=chaos"
    assert "secret" not in place.shown


async def test_a_place_that_can_not_be_is_refused(tmp_path: Path) -> None:
    for address in (str(tmp_path / "no" / "s.db"), "mysql://x", "postgresql://127.0.0.1:1/x"):
        with pytest.raises(ConfigurationError):
            async with place_beside(address):
                pass

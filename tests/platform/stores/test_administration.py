"""A store that is administered while a platform has it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.platform.wire import Clock, OpenStore
from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores.sqlite.schema import SCHEMA_VERSION
from xpander_client.platform.stores.sqlite.store import SqliteStore


class Beside:
    """A second store over a file, opened for administration."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.store = SqliteStore(path, clock=clock)

    async def __aenter__(self) -> SqliteStore:
        await self.store.open(exclusive=False)
        return self.store

    async def __aexit__(self, *exc: object) -> None:
        await self.store.close()


async def test_both_see_what_the_other_wrote(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "s.db"
    async with OpenStore(SqliteStore(path, clock=clock)) as platform:
        async with Beside(path, clock) as beside:
            await beside.doc_put("o", "k", "theirs", {"a": 1})
            await platform.doc_put("o", "k", "ours", {"b": 2})
            assert [doc.key for doc in await beside.doc_list("o", "k")] == ["ours", "theirs"]
        found = await platform.doc_get("o", "k", "theirs")
        assert found is not None
        assert found.value == {"a": 1}


async def test_writers_on_both_sides_lose_nothing(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "s.db"
    async with (
        OpenStore(SqliteStore(path, clock=clock)) as platform,
        Beside(path, clock) as beside,
    ):

        async def write(store: SqliteStore, side: str) -> None:
            for number in range(100):
                await store.doc_put("o", "k", f"{side}-{number}", {}, if_version=0)

        assert isinstance(platform, SqliteStore)
        await asyncio.gather(*(write(platform, f"p{n}") for n in range(4)), write(beside, "b"))
        assert len(await platform.doc_list("o", "k")) == 500


async def test_leases_stay_as_they_are(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "s.db"
    async with OpenStore(SqliteStore(path, clock=clock)) as platform:
        await platform.put("o", "a", {"input": {}}, task_id="t")
        [before] = await platform.claim("o", "a", ["w"])
        clock.now += 5
        async with Beside(path, clock):
            pass
        assert (await platform.get("o", "t")).lease_until == before.lease_until


async def test_the_file_is_free_for_a_platform(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "new.db"
    async with Beside(path, clock) as beside:
        await beside.doc_put("o", "k", "x", {})
        async with OpenStore(SqliteStore(path, clock=clock)) as platform:
            assert await platform.doc_get("o", "k", "x") is not None


async def test_tables_are_not_changed_under_a_platform(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "s.db"
    async with OpenStore(SqliteStore(path, clock=clock)):
        other = sqlite3.connect(path)
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
        other.close()
        with pytest.raises(ConfigurationError, match="in use by another platform"):
            await SqliteStore(path, clock=clock).open(exclusive=False)


async def test_what_is_no_store_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 50)
    with pytest.raises(ConfigurationError, match=r"letter\.txt can't be used as a store"):
        await SqliteStore(path, clock=clock).open(exclusive=False)

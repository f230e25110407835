"""Stores as a whole, of both engines."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.platform.wire import Clock, OpenStore
from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import IdempotencyKey, Report, TaskFilter
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.base.tables import TABLES
from xpander_client.platform.stores.transfer import backup, check, copy, migrate


async def fill(store: Store, clock: Clock) -> None:
    """One of everything: tasks in all states, keys, threads, documents; some events are pruned."""
    for number in range(8):
        user = {"id": f"u{number % 2}", "email": "e"}
        await store.put(
            "o",
            "a",
            {"input": {"text": "é\u2028" * (1 + number % 2 * 2000), "user": user}},
            task_id=f"t{number}",
            key=IdempotencyKey(f"k{number}", bytes([number])),
        )
    await store.stop("o", "t7")
    await store.append("o", "t6", [{"type": "chunk", "data": "x"}] * 3, attempt=None)
    await store.stop("o", "t6")
    clock.now += 10
    await store.prune(events_before=clock.now)
    await store.put("o", "a", {"input": {}}, task_id="-", existing_id="t6")
    [claimed] = await store.claim("o", "a", ["w"])
    await store.patch("o", claimed.id, {"status": "executing"}, attempt=1)
    await store.notify("o", claimed.id, {"key": "k", "data": None})
    await store.stop("o", "t5")
    body = {"user_details": {"id": "u"}, "metadata": {"agent_id": "a"}}
    for number in range(3):
        await store.threads.create("o", body, thread_id=f"h{number}")
        said = [{"role": "system", "content": "s"}, {"role": "user", "content": "é"}]
        await store.threads.extend("o", f"h{number}", said[:number])
    await store.doc_put("o", "agent", "a", {"id": "a"})
    await store.doc_put("p", "agent", "a", {"id": "b"})
    report = Report(kind="metrics", agent_id="a", task_id="t1", value=b"{}")
    await store.add_report("o", report)


async def contents(store: Store) -> list[Any]:
    page = await store.list_tasks("o", TaskFilter(), cursor=None, limit=100)
    tasks = [await store.get("o", record.id) for record in page.records]
    events = [await store.read(record.id, 0, 100) for record in page.records]
    threads = await store.threads.list_of_user("o", "u", "a")
    messages = [await store.threads.read(thread) for thread in threads]
    documents = [await store.doc_list(place, "agent") for place in ("o", "p")]
    return [
        page.records,
        [task.read() for task in tasks],
        [list(each) for each in events],
        threads,
        messages,
        documents,
    ]


@pytest.fixture
def other(tmp_path: Path, address: str, postgres: str) -> str:
    """An empty store of the other engine."""
    return postgres if address.startswith(str(tmp_path)) else str(tmp_path / "other.db")


async def test_a_copy_in_the_other_engine_is_the_same_store(
    make_store: Callable[[], Store], address: str, other: str, clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await fill(store, clock)
        original = await contents(store)
    copied: dict[str, int] = {}
    counts = await copy(
        address, other, lambda table, rows: copied.update({table: copied.get(table, 0) + rows})
    )
    assert {table: rows for table, rows in counts.items() if rows} == copied
    assert counts.keys() == TABLES.keys()
    async with OpenStore(store_at(other, Settings(), clock=clock)) as store:
        # Opening renews leases, in the original as in the copy.
        assert [task.id for task in (await contents(store))[0]] == [t.id for t in original[0]]
        assert (await contents(store))[1:] == original[1:]
        again = await store.put("o", "a", {}, task_id="x", key=IdempotencyKey("k3", b"\x03"))
        assert (again.repeated, again.record.id) == (True, "t3")
        appended = await store.append("o", "t1", [{"type": "chunk", "data": 1}], attempt=None)
        assert appended.last_seq == 2
        # What was pruned stays so, and the rest is pruned as before.
        assert (await store.prune(events_before=clock.now + 1)).events > 0
    assert (await check(other)).sound


async def test_a_copy_goes_into_an_empty_store_only(
    make_store: Callable[[], Store], address: str, other: str, clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await fill(store, clock)
    await copy(address, other)
    with pytest.raises(ConfigurationError, match="has tasks already"):
        await copy(address, other)


async def test_a_store_in_use_is_not_copied_checked_or_copied_into(
    address: str, other: str
) -> None:
    async with OpenStore(store_at(address)):
        for step in (copy(address, other), copy(other, address), check(address)):
            with pytest.raises(ConfigurationError, match=r"in use|is not there|schema version 0"):
                await step


async def test_a_copy_that_breaks_off_leaves_nothing(
    make_store: Callable[[], Store], address: str, other: str, clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await fill(store, clock)

    def break_off(table: str, rows: int) -> None:
        if table == "messages":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy(address, other, break_off)
    assert set((await check(other)).counts.values()) == {0}


async def test_a_sound_store_has_no_problems(
    make_store: Callable[[], Store], address: str, clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await fill(store, clock)
    report = await check(address)
    assert report.sound
    assert report.version == report.needed
    assert (report.counts["tasks"], report.counts["threads"]) == (8, 3)


DAMAGES = {
    "holes": "DELETE FROM events WHERE type = 'task_created'",
    "lacks large fields": "DELETE FROM large_fields",
    "don't say how": "DELETE FROM events WHERE type = 'task_finished'",
    "another length": "UPDATE threads SET length = length + 1",
}


@pytest.mark.parametrize("problem", DAMAGES)
async def test_damage_is_found(
    make_store: Callable[[], Store], address: str, clock: Clock, problem: str
) -> None:
    async with OpenStore(make_store()) as store:
        await fill(store, clock)
    if address.startswith("postgresql"):
        connection = await asyncpg.connect(address)
        await connection.execute(DAMAGES[problem])
        await connection.close()
    else:
        with sqlite3.connect(address) as file:
            file.execute(DAMAGES[problem])
        file.close()
    report = await check(address)
    assert not report.sound
    assert any(problem in each for each in report.problems), report.problems


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not there"):
        asyncio.run(check(tmp_path / "none.db"))
    assert not list(tmp_path.iterdir())


async def test_an_empty_store_is_brought_up_to_date_once(address: str) -> None:
    first, second = await migrate(address), await migrate(address)
    assert (first.before, first.after) == (0, second.before)
    assert second.before == second.after


@pytest.mark.parametrize("newer", [True, False])
async def test_a_database_of_another_release_is_refused(postgres: str, newer: bool) -> None:
    await migrate(postgres)
    connection = await asyncpg.connect(postgres)
    await connection.execute("UPDATE xpander_store SET version = $1", 99 if newer else -1)
    await connection.close()
    with pytest.raises(ConfigurationError, match="99" if newer else "store migrate"):
        await store_at(postgres).open()
    assert (await check(postgres)).version == (99 if newer else -1)
    if newer:
        with pytest.raises(ConfigurationError, match="99"):
            await migrate(postgres)


async def test_tables_that_are_not_of_the_platform_are_left_alone(postgres: str) -> None:
    connection = await asyncpg.connect(postgres)
    await connection.execute("CREATE TABLE tasks (mine integer)")
    for step in (store_at(postgres).open(), migrate(postgres), check(postgres)):
        with pytest.raises(ConfigurationError, match="search_path"):
            await step
    assert await connection.fetchval("SELECT count(*) FROM tasks") == 0
    await connection.close()


async def test_a_database_that_can_not_be_reached_is_told_without_its_password() -> None:
    address = "postgresql://me:secret@127.0.0.1:9/none"
    for step in (store_at(address).open(), check(address), migrate(address)):
        with pytest.raises(ConfigurationError, match=r"me:\*\*\*@127") as refused:
            await step
        assert "secret" not in str(refused.value)


# What the other engine can't hold -----------------------------------------------------------------


async def odd_store(path: Path) -> None:
    """Records that releases without bounds took."""
    async with OpenStore(store_at(path)) as store:
        for task_id in ("t0", "t1", "t\0", "t3"):
            await store.put("o", "a", {"input": {}}, task_id=task_id)
            await store.append("o", task_id, [{"type": "chunk", "data": "x"}], attempt=None)
        await store.patch("o", "t1", {"internal_status": "ä" * 5_000}, attempt=None)
        await store.patch("o", "t3", {"internal_status": "a\0b"}, attempt=None)
        await store.threads.create("o", {}, thread_id="h" * 2_000)
        await store.threads.extend("o", "h" * 2_000, [{"role": "user", "content": "x"}])


async def test_what_the_other_engine_can_not_hold_is_named_before_anything_is_made(
    tmp_path: Path, postgres: str
) -> None:
    await odd_store(tmp_path / "s.db")
    told: list[str] = []
    with pytest.raises(ConfigurationError, match=r"^5 record\(s\) can't be kept.*--leave-out"):
        await copy(tmp_path / "s.db", postgres, tell=told.append)
    assert "tasks 't1': internal_status is longer than 1020 bytes: cut in the copy" in told
    assert "tasks 't3': internal_status has the character NUL: cut in the copy" in told
    assert "tasks 't\\\\0': id has the character NUL: not copied in the copy" in told
    assert sum(each.startswith("events 't\\\\0'") for each in told) == 2
    assert sum(each.startswith("threads 'hhh") for each in told) == 1
    connection = await asyncpg.connect(postgres)
    assert await connection.fetchval("SELECT to_regclass('tasks')") is None
    await connection.close()


async def test_all_else_is_copied_and_nothing_of_a_tasks_json_is_lost(
    tmp_path: Path, postgres: str
) -> None:
    await odd_store(tmp_path / "s.db")
    counts = await copy(tmp_path / "s.db", postgres, leave_out=True)
    assert (counts["tasks"], counts["threads"], counts["messages"]) == (3, 0, 0)
    async with OpenStore(store_at(postgres)) as store:
        for task_id, status in (("t1", "ä" * 5_000), ("t3", "a\0b")):
            record = await store.get("o", task_id)
            assert record.read()["internal_status"] == status
        assert len(await store.read("t1", 0, 100)) == 3
    assert (await check(postgres)).sound


async def test_a_copy_reads_so_many_bytes_at_a_time(
    make_store: Callable[[], Store], address: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with OpenStore(make_store()) as store:
        for number in range(12):
            text = "x" * 100_000
            await store.put("o", "a", {"input": {"text": text}}, task_id=f"t{number}")
    for engine in ("sqlite", "postgres"):
        monkeypatch.setattr(f"xpander_client.platform.stores.{engine}.tables.BATCH_BYTES", 150_000)
    rows: list[int] = []

    def count(table: str, copied: int) -> None:
        if table == "large_fields":
            rows.append(copied)

    await copy(address, other, count)
    assert rows == [2] * 6


# Backups ------------------------------------------------------------------------------------------


async def test_a_backup_is_a_whole_store_of_one_moment_while_others_write(tmp_path: Path) -> None:
    async with OpenStore(store_at(tmp_path / "s.db")) as store:
        for number in range(40):
            await store.put("o", "a", {"input": {"text": "x" * 50_000}}, task_id=f"t{number}")
        before = await store.list_tasks("o", TaskFilter(), cursor=None, limit=100)
        over = asyncio.Event()

        async def write() -> int:
            number = 0
            while not over.is_set():
                await store.put("o", "a", {"input": {}}, task_id=f"u{number}")
                number += 1
            return number

        writing = asyncio.create_task(write())
        await backup(tmp_path / "s.db", tmp_path / "b.db")
        over.set()
        assert await writing > 0
    assert (tmp_path / "b.db").stat().st_mode & 0o077 == 0
    assert set(os.listdir(tmp_path)) == {"s.db", "s.db.lock", "b.db"}
    report = await check(tmp_path / "b.db")
    assert report.sound
    async with OpenStore(store_at(tmp_path / "b.db")) as copied:
        for record in before.records:
            assert (await copied.get("o", record.id)).document == record.document


async def test_a_backup_is_written_over_nothing_and_leaves_no_part_of_itself(
    tmp_path: Path, postgres: str
) -> None:
    async with OpenStore(store_at(tmp_path / "s.db")):
        pass
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "none.db").write_text("no database" * 100)
    before = set(os.listdir(tmp_path))
    for source, target, why in (
        (tmp_path / "s.db", tmp_path / "kept", "kept is there already"),
        (tmp_path / "s.db", tmp_path / "link", "link is there already"),
        (tmp_path / "s.db", tmp_path / "no" / "b.db", "can't be backed up"),
        (tmp_path / "s.db", tmp_path, "is a folder"),
        (tmp_path / "other.db", tmp_path / "b.db", "is not there"),
        (tmp_path / "none.db", tmp_path / "b.db", "not a database"),
        (postgres, tmp_path / "b.db", "pg_dump"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            await backup(source, target)
    assert set(os.listdir(tmp_path)) == before
    assert (tmp_path / "kept").read_text() == "kept"

"""Stores as a whole, of both engines."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.platform.wire import Clock, OpenStore
from xpander_client.errors import ConfigurationError
from xpander_client.platform.settings import Settings
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.records import IdempotencyKey, Report, TaskFilter
from xpander_client.platform.stores.store import Store
from xpander_client.platform.stores.transfer import TABLES, check, copy, migrate


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
    threads = await store.threads.of_user("o", "u", "a")
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
            with pytest.raises(ConfigurationError, match=r"in use|is not there"):
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

"""Leases that ran out, on every engine: what is taken back, and what is left alone."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from tests.platform.wire import Clock
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import Overdue, TaskRecord, WorkerRecord
from xpander_client.platform.stores.base import sweep
from xpander_client.platform.stores.base.store import Store

LEASE = Settings().lease
WINDOW = Settings().offer_window


async def put(store: Store, task_id: str = "t", organization: str = "o", **body: Any) -> None:
    await store.put(organization, "a", {"input": {"text": "x"}, **body}, task_id=task_id)


async def begin(store: Store, worker: str = "w", organization: str = "o") -> TaskRecord:
    [record] = await store.claim(organization, "a", [worker])
    changes = {"status": "executing"}
    return await store.patch(organization, record.id, changes, attempt=record.attempt)


def worker(name: str, *, leaving: bool = False) -> WorkerRecord:
    return WorkerRecord(
        id=name,
        organization_id="o",
        agent_id="a",
        peer="",
        stream=f"stream of {name}",
        heard_at=0.0,
        leaving=leaving,
    )


async def sweep_all(store: Store) -> list[str]:
    """Sweep until there is no more; the tasks that wait again."""
    swept = await store.sweep()
    ids = [each.id for each in swept.requeued]
    while swept.more:
        swept = await store.sweep()
        ids += [each.id for each in swept.requeued]
    return ids


@pytest.mark.parametrize("first", ["write", "sweep"])
@pytest.mark.parametrize("status", ["completed", "stopped", "paused", "pending"])
async def test_what_is_acknowledged_beside_a_sweep_stays(
    store: Store, clock: Clock, status: str, first: str
) -> None:
    for number in range(5):
        task_id = f"t{number}"
        await put(store, task_id, worker_id=f"w{number}")
        held = await begin(store, f"w{number}")
        clock.now += LEASE + 1

        async def write(task_id: str = task_id, attempt: int = held.attempt) -> TaskRecord:
            if status == "stopped":
                return await store.stop("o", task_id)
            return await store.patch("o", task_id, {"status": status}, attempt=attempt)

        steps = [write(), store.sweep()] if first == "write" else [store.sweep(), write()]
        # Other writes go into the same transaction.
        others = [put(store, f"{task_id}-{n}") for n in range(5)]
        answers = await asyncio.gather(*steps, *others, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, TaskRecord):
                assert (await store.get("o", task_id)).status == answer.status


async def test_a_task_made_to_wait_is_claimed_in_the_same_transaction_oldest_first(
    store: Store, clock: Clock
) -> None:
    await put(store, "t1")
    await begin(store)
    await put(store, "t2")
    clock.now += LEASE
    _, _, first = await asyncio.gather(
        store.sweep(), put(store, "t3"), store.claim("o", "a", ["v"] * 3)
    )
    later = await store.claim("o", "a", ["v"] * 3)
    assert [record.id for record in (*first, *later)] in (
        ["t1", "t2", "t3"],
        ["t2", "t1", "t3"],
        ["t2", "t3", "t1"],
    )


async def test_a_worker_that_is_gone_before_it_began_counts_as_lost(
    store: Store, clock: Clock
) -> None:
    await put(store)
    for number in range(Settings().max_attempts):
        name = f"w{number}"
        assert await store.presence.join(worker(name), named=True) is not None
        [offered] = await store.claim("o", "a", [name])
        await store.presence.leave(worker(name))
        clock.now += WINDOW
        swept = await store.sweep()
        assert swept
        assert offered.attempt == number + 1
    record = await store.get("o", "t")
    assert (record.status, record.losses) == ("error", Settings().max_attempts)
    assert "lost" in record.read()["result"]
    assert [event.type for event in await store.read("t", 0, 9)][-1] == "task_finished"


@pytest.mark.parametrize("alive", ["listens", "spoke", "left"])
async def test_a_worker_that_lives_may_let_offers_pass(
    store: Store, clock: Clock, alive: str
) -> None:
    await put(store)
    for _ in range(Settings().max_attempts + 2):
        await store.presence.note_alive([])  # its server is alive
        await store.presence.join(worker("w"), named=True)
        await store.claim("o", "a", ["w"])
        if alive == "left":
            await store.presence.note_message(worker("w", leaving=True), busy=None)
        if alive != "listens":
            await store.presence.leave(worker("w"))
        if alive == "spoke":
            await store.presence.note_message(worker("w"), busy=None)
        for _ in range(4):
            clock.now += WINDOW / 4
            await store.presence.note_alive(["stream of w"] if alive == "listens" else [])
        assert await sweep_all(store) == ["t"]
    record = await store.get("o", "t")
    assert (record.status, record.losses) == ("pending", 0)


async def spoil(address: str, task_id: str) -> None:
    """Make a task one that nothing can be done with."""
    if not address.startswith("postgresql:"):
        with sqlite3.connect(address) as connection:
            connection.execute("UPDATE tasks SET document = x'00' WHERE id = ?", (task_id,))
        connection.close()
        return
    database = await asyncpg.connect(address.partition("?")[0])
    schema = address.partition("search_path=")[2] or "public"
    await database.execute(f"UPDATE {schema}.tasks SET document = '\\x00' WHERE id = $1", task_id)
    await database.close()


async def test_a_task_that_cannot_be_taken_back_keeps_no_other_from_its_worker(
    make_store: Callable[[], Store], address: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = make_store()
    await store.open()
    for organization, task_id in (("evil", "t1"), ("o", "t2"), ("evil", "t3"), ("o", "t4")):
        await put(store, task_id, organization)
        await begin(store, organization=organization)
    await store.close()
    await spoil(address, "t1")
    store = make_store()
    await store.open()
    clock.now += 2 * LEASE
    assert set(await sweep_all(store)) == {"t2", "t3", "t4"}
    assert "task t1 could not be taken back" in caplog.text
    caplog.clear()
    assert not await store.sweep()  # it is left alone for a while
    assert "t1" not in caplog.text
    await store.close()


async def test_more_than_are_looked_up_at_once_are_all_taken_back(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "LOOKUP_LIMIT", 4)
    monkeypatch.setattr(sweep, "COMMAND_LIMIT", 3)
    for number in range(10):
        await put(store, f"t{number}")
        await begin(store)
    clock.now += LEASE
    assert (await store.sweep()).more
    assert len(await sweep_all(store)) == 6
    assert not await store.sweep()


def test_no_organization_waits_until_all_tasks_of_another_are_taken_back() -> None:
    many = [Overdue("many", f"t{number}", None) for number in range(1_000)]
    parts = list(sweep.divide([*many, Overdue("few", "t", None)]))
    assert "few" in {each.organization_id for each in parts[0]}
    assert sum(map(len, parts)) == 1_001
    assert max(map(len, parts)) == sweep.COMMAND_LIMIT

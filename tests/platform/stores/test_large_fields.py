"""What is large of a task is kept apart: it is written when it changes, and never lost."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from tests.platform.wire import Clock, OpenStore
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules.records import LARGE, TaskFilter
from xpander_client.platform.stores.base.store import Store

MEGABYTE = "d" * (1 << 20)
BIG = "b" * (LARGE + 1)
USER = {"id": "u", "email": "e"}


async def put(store: Store, **body: Any) -> None:
    await store.put("o", "a", {"input": {"text": MEGABYTE, "user": USER}, **body}, task_id="t")


async def events(store: Store) -> list[Any]:
    return [orjson.loads(event.body)["data"] for event in await store.read("t", 0, 1000)]


async def written(address: str) -> int:
    """How many bytes of log the engine has written so far."""
    if not address.startswith("postgresql"):
        return size_of(address + "-wal")
    connection = await asyncpg.connect(address)
    try:
        return int(await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))
    finally:
        await connection.close()


def size_of(path: str) -> int:
    return Path(path).stat().st_size


async def execute(address: str, *statements: str) -> None:
    """Do something to the tables behind the store's back."""
    if address.startswith("postgresql"):
        connection = await asyncpg.connect(address)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()
    else:
        with contextlib.closing(sqlite3.connect(address)) as file, file:
            for statement in statements:
                file.execute(statement)


async def test_all_of_a_task_is_read_where_it_is_asked_for(store: Store) -> None:
    await put(store, additional_context=BIG, title="T")
    task = (await store.get("o", "t")).read()
    assert task["input"] == {"text": MEGABYTE, "user": USER}
    assert (task["additional_context"], task["title"]) == (BIG, "T")
    outline = await store.get("o", "t", whole=False)
    assert len(outline.document) < 1000
    assert outline.outline()["input"] == {"user": USER}
    with pytest.raises(LookupError):
        outline.read()
    [listed] = (await store.list_tasks("o", TaskFilter(user_id="u"), cursor=None, limit=9)).records
    assert (listed.outline()["title"], listed.bodies) == ("T", {})
    [claimed] = await store.claim("o", "a", ["w"])
    began = await store.patch("o", "t", {"status": "executing"}, attempt=claimed.attempt)
    assert began.read()["input"]["text"] == MEGABYTE
    stopped = await store.stop("o", "t")
    assert (stopped.read()["input"]["text"], stopped.user_id) == (MEGABYTE, "u")


async def test_a_change_of_a_few_bytes_writes_no_large_field(store: Store, address: str) -> None:
    await put(store)
    before = await written(address)
    [claimed] = await store.claim("o", "a", ["w"])
    for percent in range(10):
        changes = {"status": "executing", "internal_status": f"{percent} %"}
        await store.patch("o", "t", changes, attempt=claimed.attempt)
        await store.append("o", "t", [{"type": "chunk", "data": "x"}], attempt=claimed.attempt)
        await store.notify("o", "t", {"key": "k", "data": percent})
    child = {"input": {"text": "x"}, "parent_execution_id": "t"}
    await store.put("o", "b", child, task_id="u")
    await store.patch("o", "t", {"status": "completed"}, attempt=claimed.attempt)
    assert await written(address) - before < len(MEGABYTE)
    assert sum(len(event.body) for event in (await store.read("t", 1, 100))) < 50_000


async def test_a_large_field_that_changes_is_written_alone_and_told(
    store: Store, address: str
) -> None:
    await put(store)
    before = await written(address)
    await store.patch("o", "t", {"result": BIG}, attempt=None)
    await store.patch("o", "t", {"status": "completed"}, attempt=None)
    assert await written(address) - before < len(MEGABYTE)
    task = (await store.get("o", "t")).read()
    assert (task["result"], task["input"]["text"]) == (BIG, MEGABYTE)
    created, updated, finished = await events(store)
    assert created["input"]["text"] == MEGABYTE
    assert (updated["result"], updated["input"]) == (BIG, {"user": USER})
    # How a task ended says what came out, whenever that was written.
    assert (finished["result"], finished["input"]) == (BIG, {"user": USER})


async def test_a_large_field_may_become_small_go_or_come_back(
    make_store: Callable[[], Store],
) -> None:
    async with OpenStore(make_store()) as store:
        await put(store, additional_context=BIG, expected_output=BIG)
        await store.patch("o", "t", {"additional_context": "c"}, attempt=None)
        await store.patch("o", "t", {"expected_output": None}, attempt=None)
        await store.patch("o", "t", {"payload_extension": {"key": BIG}}, attempt=None)
    async with OpenStore(make_store()) as store:
        task = (await store.get("o", "t")).read()
        assert (task["additional_context"], "expected_output" in task) == ("c", False)
        assert task["payload_extension"] == {"key": BIG}
        await store.patch("o", "t", {"expected_output": BIG + "2"}, attempt=None)
        assert (await store.get("o", "t")).read()["expected_output"] == BIG + "2"
        await store.stop("o", "t")
        again = await store.put("o", "a", {"input": {"text": "y"}}, task_id="-", existing_id="t")
        assert again.record.read()["input"] == {"text": "y"}
        assert (await store.get("o", "t")).read()["payload_extension"] == {"key": BIG}


async def test_who_writes_together_sees_what_the_others_made_of_large_fields(store: Store) -> None:
    await put(store)
    ends = {"type": "task_finished", "data": {"status": "completed"}}
    answers = await asyncio.gather(
        store.append("o", "t", [{"type": "chunk", "data": "x"}], attempt=None),
        store.patch("o", "t", {"result": BIG}, attempt=None),
        store.patch("o", "t", {"title": "T"}, attempt=None),
        store.append("o", "t", [ends], attempt=None),
        store.patch("o", "t", {"additional_context": BIG}, attempt=None),
    )
    after = answers[-1].read()
    assert (after["input"]["text"], after["result"]) == (MEGABYTE, BIG)
    assert (after["title"], after["additional_context"]) == ("T", BIG)
    assert (await store.get("o", "t")).read() == after
    assert (await events(store))[-1]["result"] == BIG


async def test_a_refused_change_leaves_large_fields_as_they_were(store: Store) -> None:
    await put(store)
    await store.stop("o", "t")
    continued = {"input": {"text": "y"}, "parent_execution_id": "nobody"}
    *refused, _ = await asyncio.gather(
        store.patch("o", "t", {"status": "completed", "input": {"text": BIG}}, attempt=None),
        store.put("o", "a", continued, task_id="-", existing_id="t"),
        store.patch("o", "t", {"title": "T"}, attempt=None),
        return_exceptions=True,
    )
    assert all(isinstance(each, HttpError) for each in refused)
    assert (await store.get("o", "t")).read()["input"]["text"] == MEGABYTE


async def test_saying_again_what_is_there_changes_nothing(store: Store) -> None:
    await put(store, output_schema={"type": "object", "title": BIG})
    whole = (await store.get("o", "t")).read()
    whole["output_schema"] = {"title": BIG, "type": "object"}
    await store.patch("o", "t", whole, attempt=None)
    assert len(await events(store)) == 1


async def test_a_task_that_an_earlier_release_kept_in_one_piece_is_read_and_changed(
    make_store: Callable[[], Store], address: str
) -> None:
    async with OpenStore(make_store()) as store:
        await put(store, title="T")
        whole = (await store.get("o", "t")).json().decode()
    assert "'" not in whole
    document = f"convert_to('{whole}', 'UTF8')" if address.startswith("postgres") else f"'{whole}'"
    await execute(
        address, "DELETE FROM large_fields", f"UPDATE tasks SET document = {document}, large = NULL"
    )
    async with OpenStore(make_store()) as store:
        assert (await store.get("o", "t")).read() == orjson.loads(whole)
        changed = await store.patch("o", "t", {"title": "U"}, attempt=None)
        assert changed.read() == {**orjson.loads(whole), "title": "U"}
        assert len((await store.get("o", "t", whole=False)).document) < 1000
        assert (await store.get("o", "t")).read() == changed.read()


async def test_the_large_fields_of_a_task_go_with_it(store: Store, address: str) -> None:
    await put(store)
    await execute(address, "DELETE FROM tasks", "DELETE FROM events")
    await put(store, title="T")
    assert (await store.get("o", "t")).read()["title"] == "T"


async def test_a_worker_that_is_lost_costs_no_large_field(
    store: Store, address: str, clock: Clock
) -> None:
    await put(store)
    before = await written(address)
    for _ in range(3):
        [claimed] = await store.claim("o", "a", ["w"])
        await store.patch("o", "t", {"status": "executing"}, attempt=claimed.attempt)
        clock.now += 100
        assert await store.sweep()
    assert await written(address) - before < len(MEGABYTE)
    ended = await store.get("o", "t")
    assert (ended.status, ended.read()["input"]["text"]) == ("error", MEGABYTE)

"""What is old is forgotten, of every engine's store, and nothing else."""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import orjson
import pytest

from tests.platform.stores.base.test_store import BODY, chunk, log, put, refusal
from tests.platform.wire import Clock, OpenStore
from xpander_client.platform.rules.records import IdempotencyKey, Pruned, Report, TaskFilter
from xpander_client.platform.stores.base.retention import (
    HOUR,
    Batch,
    Kind,
    build_organizations_query,
    work_off,
)
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.postgres import schema as postgres_schema
from xpander_client.platform.stores.sqlite import schema as sqlite_schema
from xpander_client.platform.stores.transfer import check, migrate

REPORT = Report(kind="metrics", agent_id="a", task_id="t", value=b"{}")
TALK = {"user_details": {"id": "u"}, "metadata": {"agent_id": "a"}}


async def ids(store: Store, organization_id: str = "o") -> list[str]:
    page = await store.list_tasks(organization_id, TaskFilter(), cursor=None, limit=500)
    return [record.id for record in page.records]


async def test_a_finished_task_stays_with_its_result_until_its_retention_is_over(
    make_store: Callable[[], Store], address: str, clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await _outlive(store, clock)
    counts = (await check(address)).counts
    assert {table: rows for table, rows in counts.items() if rows} == {}


async def _outlive(store: Store, clock: Clock) -> None:
    await put(store, input={"text": "x" * 100_000})
    await store.append("o", "t", [chunk(str(n)) for n in range(1500)], attempt=None)
    await store.patch("o", "t", {"status": "completed", "result": "R"}, attempt=None)
    clock.now += 100
    assert await store.prune(events_before=clock.now) == Pruned(events=1501)
    assert await store.prune(tasks_before=clock.now - 100) == Pruned()
    assert (await store.get("o", "t")).read()["result"] == "R"
    assert (await store.prune(tasks_before=clock.now)).tasks >= 1
    assert await refusal(store.get("o", "t")) == 404
    assert (await ids(store), await log(store), await store.last_seq("t")) == ([], [], 0)


async def test_tasks_that_are_not_finished_are_never_too_old(store: Store, clock: Clock) -> None:
    await put(store)
    await put(store, "u")
    await store.patch("o", "u", {"status": "executing"}, attempt=None)
    await store.patch("o", "u", {"status": "paused"}, attempt=None)
    clock.now += 1_000_000
    everything = dict.fromkeys(("events_before", "tasks_before"), clock.now)
    assert await store.prune(**everything) == Pruned()
    assert await ids(store) == ["u", "t"]


async def test_a_new_task_has_nothing_of_one_that_was_forgotten(store: Store, clock: Clock) -> None:
    await put(store)
    await store.append("o", "t", [chunk(str(n)) for n in range(50)], attempt=None)
    await store.stop("o", "t")
    clock.now += 1
    await store.prune(tasks_before=clock.now)
    await put(store, "u")
    assert await log(store, "u") == [(1, "task_created")]


async def test_a_task_that_is_continued_is_young_again(store: Store, clock: Clock) -> None:
    await put(store)
    await store.stop("o", "t")
    clock.now += 100
    await store.put("o", "a", BODY, task_id="-", existing_id="t")
    await store.stop("o", "t")
    assert await store.prune(tasks_before=clock.now, events_before=clock.now) == Pruned()
    assert len(await log(store)) == 4


async def test_what_a_repeated_request_made_and_was_forgotten_is_404(
    store: Store, clock: Clock
) -> None:
    key = IdempotencyKey("k", b"1")
    await store.put("o", "a", BODY, task_id="t", key=key)
    await store.stop("o", "t")
    clock.now += 1
    await store.prune(tasks_before=clock.now)
    assert await refusal(store.put("o", "a", BODY, task_id="u", key=key)) == 404


async def test_reports_are_kept_once_and_forgotten_with_their_age(
    make_store: Callable[[], Store], address: str, clock: Clock
) -> None:
    key = IdempotencyKey("k", b"1")
    async with OpenStore(make_store()) as store:
        for _ in range(2):
            await store.add_report("o", REPORT, key=key)
        for organization_id in ("o", "p") * 100:
            await store.add_report(organization_id, REPORT)
        clock.now += 10
        await store.add_report("o", REPORT)
        assert await store.prune(reports_before=clock.now - 10) == Pruned()
        assert await store.prune(reports_before=clock.now) == Pruned(reports=201)
    assert (await check(address)).counts["reports"] == 1


async def test_threads_go_when_they_were_not_used_however_long_they_are(
    make_store: Callable[[], Store], address: str, clock: Clock
) -> None:
    said = [{"role": "user", "content": str(number)} for number in range(1500)]
    async with OpenStore(make_store()) as store:
        threads = store.threads
        for name in ("old", "used", "young"):
            await threads.create("o", TALK, thread_id=name)
        await threads.extend("o", "old", said)
        began = clock.now
        clock.now += 2 * HOUR
        await threads.extend("o", "used", said[:2])
        await threads.update("o", "young", {"name": "n"})
        assert await store.prune(threads_before=began) == Pruned()
        assert (await store.prune(threads_before=clock.now)).threads >= 1
        assert [each.id for each in await threads.list_of_user("o", "u", None)] == ["young", "used"]
        assert await refusal(threads.get("o", "old")) == 404
        assert await refusal(threads.extend("o", "old", said[:1])) == 404
        await threads.create("o", TALK, thread_id="old")
        assert await threads.read(await threads.get("o", "old")) == []
    report = await check(address)
    assert (list(report.problems), report.counts["messages"]) == ([], 2)


@pytest.mark.parametrize("kind", ["tasks", "reports", "events"])
async def test_nobodys_old_things_wait_behind_all_of_anothers(kind: Kind) -> None:
    """The organization with a million rows and the one with two: who has little is done soon."""
    rows = {"large": 100_000, "small": 2}
    order: list[str] = []

    async def organizations(_: Kind, before: float) -> list[str]:
        return [*rows]

    async def prune(_: Kind, organization_id: str, before: float, limit: int) -> Batch:
        order.append(organization_id)
        gone = min(limit, rows[organization_id])
        rows[organization_id] -= gone
        return Batch(gone, rows[organization_id] > 0, 0.0)

    assert (await work_off({kind: 1.0}, organizations, prune))[kind] == 100_002
    assert order[1] == "small"
    assert order.count("small") == 1


async def test_batches_become_smaller_while_they_take_long() -> None:
    sizes: list[int] = []

    async def organizations(_: Kind, before: float) -> list[str]:
        return ["o"]

    async def prune(_: Kind, organization_id: str, before: float, limit: int) -> Batch:
        sizes.append(limit)
        return Batch(limit, len(sizes) < 40, 0.0 if len(sizes) < 10 else 0.03)

    await work_off({"tasks": 1.0}, organizations, prune)
    assert max(sizes) == 500
    assert sizes[-1] == 1


@pytest.mark.parametrize("kind", ["events", "tasks", "threads", "reports", "audit"])
async def test_whose_there_is_something_old_is_found_by_an_index(
    store: Store, address: str, kind: Kind
) -> None:
    sql = build_organizations_query(kind, "1.0")
    assert sql is not None
    if address.startswith("postgresql"):
        connection = await asyncpg.connect(address)
        await connection.execute("SET enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {sql}"))
        await connection.close()
        assert plan.count("Index") >= 3
        assert "Seq Scan" not in plan
    else:
        with contextlib.closing(sqlite3.connect(address)) as file:
            steps = [row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {sql}")]
        searched = [step for step in steps if step.startswith(("SEARCH", "SCAN"))]
        assert all("INDEX" in step or step.startswith("SCAN found") for step in searched), steps


async def test_only_those_who_have_something_old_are_worked_off(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for organization_id in ("o", "p", "q"):
        await store.put(organization_id, "a", BODY, task_id=f"t-{organization_id}")
        await store.stop(organization_id, f"t-{organization_id}", actor="k")
        await store.add_report(organization_id, REPORT)
        await store.threads.create(organization_id, TALK, thread_id="h")
        clock.now += 2 * HOUR
    seen: list[tuple[str, str]] = []
    prune_some: Any = store._prune_some

    async def noted(kind: Kind, organization_id: str, before: float, limit: int) -> Batch:
        seen.append((kind, organization_id))
        batch: Batch = await prune_some(kind, organization_id, before, limit)
        return batch

    monkeypatch.setattr(store, "_prune_some", noted)
    kinds = ("events", "tasks", "threads", "reports", "audit")
    gone = await store.prune(**{f"{kind}_before": clock.now - 3 * HOUR for kind in kinds})
    assert {each for each in seen if each[1]} == {(kind, place) for kind in kinds for place in "op"}
    assert (gone.tasks, gone.threads, gone.reports, gone.audit) == (2, 2, 2, 2)


async def test_ids_of_deleted_tasks_outlive_tasks_that_are_kept_shorter(
    store: Store, clock: Clock
) -> None:
    await put(store)
    await store.delete("o", ["t"], stop=True)
    clock.now += 100
    await store.prune(tasks_before=clock.now, events_before=clock.now, keys_before=clock.now - 200)
    assert await refusal(store.report("o", "a", {}, task_id="t")) == 404


OLD_REPORTS: list[tuple[str, dict[str, Any]]] = [
    ("llm-usage", {"execution_id": "t", "model": "m", "agent_id": "a"}),
    ("llm-usage", {"model": "m", "agent_id": "a"}),
    ("metrics", {"execution_id": "x" * 6000, "task": "\0", "agent_id": "a"}),
    ("metrics", {"execution_id": "\0", "result": '"agent_id":"b"', "agent_id": "a"}),
]
"""As the release before this one kept reports: kind, and value."""


async def test_reports_that_an_earlier_release_kept_can_be_forgotten_too(
    address: str, make_store: Callable[[], Store], clock: Clock
) -> None:
    rows = [
        ("o", kind, str(number), 1, orjson.dumps(value))
        for number, (kind, value) in enumerate(OLD_REPORTS)
    ]
    rows.append(("o", "agent", "a", 1, b"{}"))
    query = "SELECT kind, agent_id, task_id, value FROM reports ORDER BY number"
    if address.startswith("postgresql"):
        connection = await asyncpg.connect(address)
        await connection.execute("CREATE TABLE xpander_store (version integer NOT NULL)")
        await connection.execute("INSERT INTO xpander_store VALUES (1)")
        await connection.execute(postgres_schema._STEPS[0])
        await connection.copy_records_to_table("documents", records=rows)
        await connection.execute(
            "INSERT INTO threads (organization_id, id, length, document) VALUES ('o', 'h', 0, '{}')"
        )
        await migrate(address)
        kept = [tuple(row) for row in await connection.fetch(query)]
        await connection.close()
    else:
        with contextlib.closing(sqlite3.connect(address)) as file:
            file.executescript("".join(sqlite_schema._STEPS[:4]))
            file.execute(f"PRAGMA application_id = {sqlite_schema.APPLICATION_ID}")
            file.execute("PRAGMA user_version = 4")
            file.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?)", rows)
            file.execute(
                "INSERT INTO threads (organization_id, id, length, document) "
                "VALUES ('o', 'h', 0, x'7b7d')"
            )
            file.commit()
            await migrate(address)
            kept = file.execute(query).fetchall()
    kept = sorted(kept, key=lambda row: row[3])
    assert [row[0] for row in kept].count("metrics") == 2
    assert {row[1] for row in kept} == {"a"}
    assert [row[2] for row in kept].count("t") == 1
    assert "x" * 6000 not in [row[2] for row in kept]
    async with OpenStore(make_store()) as store:
        assert [each.key for each in await store.doc_list("o", "agent")] == ["a"]
        assert await store.doc_list("o", "metrics") == []
        # They count as of now, and so do threads.
        now = time.time()
        assert await store.prune(reports_before=now - 60, threads_before=now - HOUR) == Pruned()
        assert await store.prune(reports_before=now + 60) == Pruned(reports=4)
        assert (await store.threads.get("o", "h")).length == 0

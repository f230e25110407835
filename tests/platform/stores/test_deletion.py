"""What is deleted is gone at once, for everybody, and nothing brings it back."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.platform.stores.base.test_store import BODY, LEASE, begin, chunk, log, put, refusal
from tests.platform.wire import Clock, OpenStore
from xpander_client.platform.rules.records import IdempotencyKey, Pruned, Report, TaskFilter
from xpander_client.platform.stores.base.hints import task_topic, worker_topic
from xpander_client.platform.stores.base.retention import FAREWELL
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.transfer import check, copy

USER: dict[str, Any] = {"input": {"text": "x", "user": {"id": "u", "email": "e"}}}


async def delete(store: Store, *ids: str, stop: bool = True, actor: str | None = None) -> list[str]:
    deleted = await store.delete("o", ids, stop=stop, actor=actor)
    return [record.id for record in deleted.tasks]


async def ids(store: Store) -> list[str]:
    page = await store.list_tasks("o", TaskFilter(), cursor=None, limit=100)
    return [record.id for record in page.records]


async def test_a_deleted_task_is_as_one_that_never_was(store: Store) -> None:
    await put(store, **USER)
    await put(store, "kept", **USER)
    assert await delete(store, "t") == ["t"]
    assert await delete(store, "t") == []
    assert await ids(store) == ["kept"]
    for step in (
        store.get("o", "t"),
        store.patch("o", "t", {"title": "x"}, attempt=None),
        store.append("o", "t", [chunk("x")], attempt=None),
        store.notify("o", "t", {"key": "k"}),
        store.stop("o", "t"),
        store.keep_alive("o", "t", attempt=0),
        store.put("o", "a", BODY, task_id="new", existing_id="t"),
        store.report("o", "a", {}, task_id="t"),
        store.delegate("o", "kept", "a", BODY, task_id="t", attempt=None),
        store.add_report("o", Report(kind="metrics", agent_id="a", task_id="t", value=b"{}")),
    ):
        assert await refusal(step) == 404
    assert await refusal(store.put("o", "a", {"parent_execution_id": "t"}, task_id="new")) == 422


async def test_nobody_can_ask_whether_another_organization_deleted_a_task(store: Store) -> None:
    await put(store)
    await delete(store, "t")
    report = Report(kind="metrics", agent_id="a", task_id="t", value=b"{}")
    await store.add_report("p", report)
    assert await store.list_tasks("", TaskFilter(), cursor=None, limit=9) is not None


async def test_only_one_that_is_finished_goes_unless_it_may_be_stopped(store: Store) -> None:
    await put(store)
    assert await delete(store, "t", stop=False) == []
    await store.stop("o", "t")
    assert await delete(store, "t", stop=False) == ["t"]


async def test_followers_read_to_the_end_of_a_task_that_is_stopped_by_its_deletion(
    store: Store, clock: Clock
) -> None:
    await put(store)
    record = await begin(store)
    with store.watch(task_topic("t")) as follower, store.watch(worker_topic("o", "w")) as holder:
        await delete(store, "t")
        assert await follower.wait(5)
        if store.presence.is_single_server:
            assert await holder.wait(5)
    assert (await log(store))[-1][1] == "task_finished"
    await store.prune()
    assert (await log(store))[-1][1] == "task_finished"
    clock.now += FAREWELL + 1
    await store.prune()
    assert await log(store) == []
    for attempt in (record.attempt, None):
        step = store.patch("o", "t", {"status": "completed", "result": "R"}, attempt=attempt)
        assert await refusal(step) == 404
    assert await store.renew("o", "w") == {}
    clock.now += LEASE + 1
    assert not await store.sweep()
    assert not await store.claim("o", "a", ["w"])


async def test_the_answer_to_a_repeated_creation_is_404_and_makes_nothing(store: Store) -> None:
    key = IdempotencyKey("k", b"1")
    await store.put("o", "a", BODY, task_id="t", key=key)
    await delete(store, "t")
    assert await refusal(store.put("o", "a", BODY, task_id="u", key=key)) == 404
    assert await ids(store) == []


async def test_parents_forget_children_that_were_deleted(store: Store, clock: Clock) -> None:
    await put(store)
    for child in ("c1", "c2", "c3"):
        await put(store, child, parent_execution_id="t")
    before = await store.get("o", "t")
    clock.now += 1
    await delete(store, "c1", "c3")
    parent = await store.get("o", "t")
    assert parent.read()["sub_executions"] == ["c2"]
    assert parent.updated_at == before.updated_at
    await delete(store, "t")
    assert (await store.get("o", "c2")).parent_task_id == "t"


async def test_only_the_threads_that_may_go_with_a_task_do(
    make_store: Callable[[], Store], address: str, clock: Clock
) -> None:
    agent = {"metadata": {"agent_id": "a"}}
    said = [{"role": "user", "content": str(number)} for number in range(1200)]
    async with OpenStore(make_store()) as store:
        for name, user, length in (("long", "u", 1200), ("other", "v", 1)):
            talk = {"user_details": {"id": user}, **agent}
            await store.threads.create("o", talk, thread_id=name)
            await store.threads.extend("o", name, said[:length])
            await put(store, f"t-{name}", memory_thread_id=name)
        deleted = await store.delete(
            "o",
            ["t-long", "t-other"],
            stop=True,
            with_threads=lambda user, agent: (user, agent) == ("u", "a"),
        )
        assert deleted.threads == 1
        assert await refusal(store.threads.get("o", "long")) == 404
        assert await refusal(store.threads.extend("o", "long", said[:1])) == 404
        assert [each.id for each in await store.threads.list_of_user("o", "u", None)] == []
        await store.prune()
    assert (await check(address)).counts["messages"] == 1


async def test_the_reports_of_a_task_and_of_its_user_can_be_forgotten(
    make_store: Callable[[], Store], address: str
) -> None:
    async with OpenStore(make_store()) as store:
        for task_id in ("t", "u"):
            await put(store, task_id, **USER)
            for _ in range(2):
                report = Report(kind="llm-usage", agent_id="a", task_id=task_id, value=b"{}")
                await store.add_report("o", report)
        named = Report(kind="metrics", agent_id="a", task_id=None, value=b"{}", user_id="v")
        await store.add_report("o", named)
        await delete(store, "t")
        assert await store.forget_reports("o", "u", 1) == 1
        assert await store.forget_reports("p", "u", 9) == 0
        assert await store.forget_reports("o", "u", 9) == 1
    assert (await check(address)).counts["reports"] == 1


async def test_ids_of_deleted_tasks_are_kept_as_long_as_a_request_may_be_repeated(
    make_store: Callable[[], Store], address: str, clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await put(store, input={"text": "x" * 100_000})
        await store.append("o", "t", [chunk(str(n)) for n in range(100)], attempt=None)
        await delete(store, "t")
        clock.now += 100
        assert await store.prune(keys_before=clock.now - 200) == Pruned()
        assert await refusal(store.report("o", "a", {}, task_id="t")) == 404
    report = await check(address)
    kept = {table: rows for table, rows in report.counts.items() if rows}
    assert (kept, list(report.problems)) == ({"tasks": 1}, [])
    async with OpenStore(make_store()) as store:
        await store.prune(keys_before=clock.now)
        assert (await store.report("o", "a", {}, task_id="t")).record.status == "completed"
        assert len(await log(store)) == 2


async def test_a_store_with_deleted_tasks_is_copied_as_it_is(
    make_store: Callable[[], Store], address: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with OpenStore(make_store()) as store:
        await put(store)
        await delete(store, "t", actor="key-1")
    target = str(tmp_path_factory.mktemp("copy") / "copy.db")
    counts = await copy(address, target)
    assert (counts["tasks"], counts["audit"]) == (1, 1)
    assert (await check(target)).sound


async def test_deletions_beside_the_worker_s_writes_leave_all_or_nothing(store: Store) -> None:
    """Whoever is first: a write is acknowledged before, or is 404."""
    for number in range(20):
        await put(store, f"t{number}")
    writes = [
        store.patch("o", f"t{number}", {"status": "completed"}, attempt=None)
        for number in range(20)
    ]
    deletions = [store.delete("o", [f"t{number}"], stop=True) for number in range(20)]
    mixed = [step for pair in zip(deletions, writes, strict=True) for step in pair]
    await asyncio.gather(*mixed, return_exceptions=True)
    assert await ids(store) == []


async def test_who_stopped_and_deleted_is_written_down_once_with_what_it_tells_of(
    store: Store,
) -> None:
    for task_id in ("t", "u", "v"):
        await put(store, task_id)
    await store.stop("o", "t", actor="key-1")
    await store.stop("o", "t", actor="key-2")  # it was stopped already
    await store.patch("o", "u", {"status": "stopped"}, attempt=None, actor="key-2")
    await store.patch("o", "u", {"title": "x"}, attempt=None, actor="key-2")
    await store.stop("o", "v")
    await delete(store, "v", "v", "none", actor="operator")
    await store.threads.create("o", {}, thread_id="h")
    await store.threads.delete("o", "h", actor="key-1")
    first = await store.audit("o", cursor=None, limit=2)
    rest = await store.audit("o", cursor=first.cursor, limit=9)
    assert (len(first.entries), rest.cursor) == (2, None)
    assert [
        (each.actor, each.action, each.target, each.outcome)
        for each in (*first.entries, *rest.entries)
    ] == [
        ("key-1", "thread.delete", "h", "deleted"),
        ("operator", "task.delete", "v", "deleted"),
        ("key-2", "task.stop", "u", "stopped"),
        ("key-1", "task.stop", "t", "stopped"),
    ]
    assert (await store.audit("p", cursor=None, limit=9)).entries == ()
    assert len((await store.audit(None, cursor=None, limit=9)).entries) == 4
    assert await refusal(store.audit("o", cursor="x", limit=9)) == 422


async def test_what_was_done_is_kept_for_its_own_time(store: Store, clock: Clock) -> None:
    for task_id in ("t", "u"):
        await put(store, task_id)
        await store.stop("o", task_id, actor="key-1")
        clock.now += 10
    assert await store.prune(audit_before=clock.now - 15) == Pruned(audit=1)
    entries = (await store.audit("o", cursor=None, limit=9)).entries
    assert [(each.target, each.created_at) for each in entries] == [("u", clock.now - 10)]

"""What every engine has to do with threads, and with the tasks that go on in them."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.platform.wire import Clock, OpenStore
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import Extended, IdempotencyKey, TaskFilter, TaskRecord
from xpander_client.platform.stores.base.store import Store

BODY = {"input": {"text": "x"}}
LEASE = Settings().lease
LOOP = Settings().loop_lease
WINDOW = Settings().offer_window


def said(*texts: str, role: str = "user") -> list[dict[str, Any]]:
    return [{"role": role, "content": text} for text in texts]


async def begin(store: Store, thread_id: str = "m", **body: Any) -> None:
    await store.threads.create("o", body, thread_id=thread_id)


async def texts(store: Store, thread_id: str = "m", after: int = 0) -> list[str]:
    thread = await store.threads.get("o", thread_id)
    messages = await store.threads.read(thread, after)
    return [orjson.loads(message.body)["content"] for message in messages]


async def task(store: Store, task_id: str = "t", **body: Any) -> TaskRecord:
    return (await store.put("o", "a", {**BODY, **body}, task_id=task_id)).record


async def claim(store: Store, script: str = "s", task_id: str = "t") -> TaskRecord:
    changes = {"status": "executing", "worker_id": script}
    return await store.patch("o", task_id, changes, attempt=None)


async def refusal(step: Any) -> int:
    with pytest.raises(HttpError) as refused:
        await step
    return refused.value.status


# Threads -----------------------------------------------------------------------------------------


async def test_a_thread_is_kept_with_its_messages_in_order(store: Store) -> None:
    await begin(store, metadata={"agent_id": "a"}, name="N", organization_id="ignored")
    await store.threads.extend("o", "m", said("1", "2"))
    extended = await store.threads.extend("o", "m", said("3"))
    assert extended.thread == await store.threads.get("o", "m")
    assert extended.thread.length == 3
    document = extended.thread.read()
    assert document.pop("created_at").endswith("+00:00")
    assert document == {"id": "m", "metadata": {"agent_id": "a"}, "name": "N"}
    assert await texts(store) == ["1", "2", "3"]
    assert await texts(store, after=1) == ["2", "3"]
    assert await texts(store, after=3) == await texts(store, after=99) == []


async def test_threads_do_not_run_into_each_other(store: Store) -> None:
    for name in ("m1", "m2", "m3"):
        await begin(store, name)
    for n in range(5):
        await asyncio.gather(
            *(store.threads.extend("o", name, said(f"{name}-{n}")) for name in ("m3", "m1", "m2"))
        )
    for name in ("m1", "m2", "m3"):
        assert await texts(store, name) == [f"{name}-{n}" for n in range(5)]


async def test_a_read_shows_what_the_record_knows_of_and_nothing_that_came_later(
    store: Store,
) -> None:
    await begin(store)
    early = (await store.threads.extend("o", "m", said("1"))).thread
    await store.threads.extend("o", "m", said("2"))
    assert [message.role for message in await store.threads.read(early)] == ["user"]


async def test_another_organization_sees_no_thread(store: Store) -> None:
    await begin(store, user_details={"id": "u"})
    await store.threads.extend("o", "m", said("1"))
    for step in (
        store.threads.get("p", "m"),
        store.threads.extend("p", "m", said("2")),
        store.threads.update("p", "m", {"name": "x"}),
        store.threads.delete("p", "m"),
    ):
        assert await refusal(step) == 404
    assert list(await store.threads.list_of_user("p", "u", None)) == []
    assert await texts(store) == ["1"]


async def test_a_repeated_key_adds_nothing_and_answers_with_the_thread_as_it_is_now(
    store: Store,
) -> None:
    await begin(store)
    key = IdempotencyKey("k", b"1")
    results = await asyncio.gather(
        *(store.threads.extend("o", "m", said("1", "2"), key=key) for _ in range(20))
    )
    assert {result.thread.length for result in results} == {2}
    await store.threads.extend("o", "m", said("3"))
    again = await store.threads.extend("o", "m", said("1", "2"), key=key)
    assert again.thread.length == 3
    assert await texts(store) == ["1", "2", "3"]
    other = store.threads.extend("o", "m", said("4"), key=IdempotencyKey("k", b"2"))
    assert await refusal(other) == 422


async def test_a_repeated_key_makes_one_thread(store: Store) -> None:
    key = IdempotencyKey("k", b"1")
    made = await asyncio.gather(
        *(store.threads.create("o", {}, thread_id=f"m{n}", key=key) for n in range(20))
    )
    assert len({thread.id for thread in made}) == 1


async def test_a_thread_is_replaced_in_part(store: Store) -> None:
    await begin(store, name="N", metadata={"a": 1})
    await store.threads.extend("o", "m", said("1", "2", "3"))
    changed = await store.threads.update("o", "m", {"name": None, "metadata": {"b": 2}, "x": 1})
    assert {"metadata": {"b": 2}, "x": 1}.items() <= changed.read().items()
    assert "name" not in changed.read()
    assert await texts(store) == ["1", "2", "3"]
    shorter = await store.threads.update("o", "m", {}, messages=said("4"))
    assert (shorter.length, await texts(store)) == (1, ["4"])
    await store.threads.extend("o", "m", said("5"))
    assert await texts(store) == ["4", "5"]


async def test_what_the_platform_says_of_a_thread_stays(store: Store) -> None:
    await begin(store)
    before = await store.threads.get("o", "m")
    changes = {"id": "x", "created_at": "x", "organization_id": "p", "messages": [], "offset": 7}
    assert await store.threads.update("o", "m", changes) == before


async def test_a_forgotten_thread_is_gone_with_its_messages(store: Store) -> None:
    await begin(store)
    thread = (await store.threads.extend("o", "m", said("1"))).thread
    await store.threads.delete("o", "m")
    assert await refusal(store.threads.get("o", "m")) == 404
    assert await refusal(store.threads.delete("o", "m")) == 404
    assert list(await store.threads.read(thread)) == []
    assert list(await store.threads.tail(thread, 5)) == []
    await begin(store, "n")
    assert await texts(store, "n") == []


async def test_the_tail_has_the_systems_messages_and_the_last_of_the_others(store: Store) -> None:
    await begin(store)
    await begin(store, "other")
    await store.threads.extend("o", "other", said("not this", role="system"))
    for n in range(150):
        role = "system" if n % 50 == 0 else "user"
        await store.threads.extend("o", "m", said(str(n), role=role))
    thread = await store.threads.get("o", "m")
    for last in (3, 120):
        tail = await store.threads.tail(thread, last)
        shown = [int(orjson.loads(message.body)["content"]) for message in tail]
        others = [n for n in range(150) if n % 50][-last:]
        assert shown == sorted([0, 50, 100, *others])


async def test_a_users_threads_are_listed_newest_first(store: Store) -> None:
    for n in range(4):
        await begin(
            store,
            f"m{n}",
            user_details={"id": "u" if n != 1 else "v"},
            metadata={"agent_id": "a" if n < 3 else "b"},
        )
    await begin(store, "nobodys")

    async def ids(user_id: str, agent_id: str | None = None) -> list[str]:
        return [thread.id for thread in await store.threads.list_of_user("o", user_id, agent_id)]

    assert await ids("u") == ["m3", "m2", "m0"]
    assert await ids("u", "a") == ["m2", "m0"]
    assert await ids("nobody") == []
    await store.threads.update("o", "nobodys", {"user_details": {"id": "v"}})
    assert await ids("v") == ["nobodys", "m1"]


async def test_a_long_thread_is_read_whole(store: Store) -> None:
    await begin(store)
    await store.threads.extend("o", "m", said(*map(str, range(500))))
    assert await texts(store) == [str(n) for n in range(500)]


async def test_threads_are_there_after_the_store_was_closed_and_opened(
    make_store: Callable[[], Store],
) -> None:
    async with OpenStore(make_store()) as store:
        await begin(store, user_details={"id": "u"})
        await store.threads.extend("o", "m", said("1", "2"))
    async with OpenStore(make_store()) as store:
        assert await texts(store) == ["1", "2"]
        assert (await store.threads.extend("o", "m", said("3"))).thread.length == 3


# The tasks that they belong to -------------------------------------------------------------------


async def test_adding_to_a_thread_says_where_the_task_stands(store: Store) -> None:
    await begin(store)
    await task(store)
    nobodys = await store.threads.extend("o", "m", said("1"), task_id="t")
    assert nobodys.task is not None
    assert nobodys.task.status == "pending"
    assert (await store.threads.extend("o", "m", said("2"))).task is None
    unknown = store.threads.extend("o", "m", said("3"), task_id="unknown")
    assert await refusal(unknown) == 404
    assert await texts(store) == ["1", "2"]


async def test_adding_to_a_thread_is_a_sign_of_life(store: Store, clock: Clock) -> None:
    await begin(store)
    await task(store)
    assert (await claim(store)).lease_until == clock.now + LOOP
    clock.now += LOOP - 1
    extended = await store.threads.extend("o", "m", said("1"), task_id="t", attempt=1)
    assert extended.task is not None
    assert extended.task.lease_until == clock.now + LOOP
    assert (await store.get("o", "t")).lease_until == clock.now + LOOP
    clock.now += LOOP - 1
    assert not await store.sweep()
    await store.keep_alive("o", "t", attempt=1)
    clock.now += LOOP - 1
    assert not await store.sweep()
    await store.threads.extend("o", "m", said("2"), task_id="t")  # nobody says who
    clock.now += 1
    assert [before.id for before in (await store.sweep()).requeued] == ["t"]


async def test_a_script_that_lost_its_task_adds_nothing(store: Store, clock: Clock) -> None:
    await begin(store)
    await task(store)
    await claim(store)
    clock.now += LOOP
    await store.sweep()
    for _ in range(2):
        late = store.threads.extend("o", "m", said("late"), task_id="t", attempt=1)
        assert await refusal(late) == 409
        assert await refusal(store.keep_alive("o", "t", attempt=1)) == 409
        if (await store.get("o", "t")).worker_id is None:
            await claim(store, "other")
    assert await texts(store) == []
    await store.threads.extend("o", "m", said("2"), task_id="t", attempt=2)
    assert await texts(store) == ["2"]


async def test_a_finished_task_does_not_forbid_adding_to_its_thread(store: Store) -> None:
    await begin(store)
    await task(store)
    await claim(store)
    await store.patch("o", "t", {"status": "completed"}, attempt=1)
    extended = await store.threads.extend("o", "m", said("1"), task_id="t", attempt=1)
    assert extended.task is not None
    assert (extended.task.status, extended.thread.length) == ("completed", 1)


async def test_a_repeat_of_what_was_added_is_answered_after_the_task_was_lost(
    store: Store, clock: Clock
) -> None:
    await begin(store)
    await task(store)
    await claim(store)

    async def add() -> Extended:
        key = IdempotencyKey("k", b"1")
        return await store.threads.extend("o", "m", said("1"), task_id="t", attempt=1, key=key)

    await add()
    clock.now += LOOP
    await store.sweep()
    again = await add()
    assert again.task is not None
    assert (again.task.status, again.thread.length) == ("pending", 1)


async def test_of_many_claims_at_once_one_wins(store: Store) -> None:
    for n in range(20):
        task_id = f"t{n}"
        await task(store, task_id)
        results = await asyncio.gather(
            *(claim(store, f"s{k}", task_id) for k in range(4)),
            store.claim("o", "a", ["w"]),
            return_exceptions=True,
        )
        record = await store.get("o", task_id)
        assert record.attempt == 1
        won = [
            each for each in results if not isinstance(each, BaseException) and each not in ([], ())
        ]
        assert won in ([record], [[record]])


async def test_a_worker_of_the_same_name_does_not_cut_a_scripts_lease_short(
    store: Store, clock: Clock
) -> None:
    await task(store)
    await claim(store)
    assert await store.renew("o", "s") == {"t": 1}
    assert (await store.get("o", "t")).lease_until == clock.now + LOOP


async def test_a_script_does_not_lose_its_task_because_the_platform_was_down(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await task(store)
        await claim(store)
    clock.now += 10 * LOOP
    async with OpenStore(make_store()) as store:
        assert (await store.get("o", "t")).lease_until == clock.now + LOOP


async def test_a_claimed_task_is_not_offered_to_workers(store: Store) -> None:
    await task(store)
    await claim(store)
    assert list(await store.claim("o", "a", ["w"])) == []


# Tasks that tasks start --------------------------------------------------------------------------


async def test_a_parent_hears_of_its_child_in_the_same_transaction(store: Store) -> None:
    await task(store, "p")
    await task(store, "c", parent_execution_id="p")
    assert (await store.get("o", "p")).read()["sub_executions"] == ["c"]
    assert (await store.get("o", "c")).read()["parent_execution"] == "p"
    page = await store.list_tasks("o", TaskFilter(parent_task_id="p"), cursor=None, limit=9)
    assert [record.id for record in page.records] == ["c"]
    assert [event.type for event in await store.read("p", 0, 9)] == [
        "task_created",
        "task_updated",
    ]


async def test_a_child_of_nobody_is_not_made(store: Store) -> None:
    await store.put("other", "a", BODY, task_id="p")
    assert await refusal(task(store, "c", parent_execution_id="p")) == 422
    assert await refusal(store.get("o", "c")) == 404


async def test_a_continued_task_can_get_a_parent(store: Store) -> None:
    await task(store, "p")
    await task(store, "c")
    await store.stop("o", "c")
    body = {**BODY, "parent_execution_id": "p"}
    await store.put("o", "a", body, task_id="x", existing_id="c")
    assert (await store.get("o", "p")).read()["sub_executions"] == ["c"]


async def test_a_call_is_delegated_once(store: Store) -> None:
    await task(store, "p")
    await claim(store, task_id="p")
    puts = await asyncio.gather(
        *(store.delegate("o", "p", "b", BODY, task_id="c", attempt=1) for _ in range(10))
    )
    assert [put.repeated for put in puts].count(False) == 1
    assert {put.record.id for put in puts} == {"c"}
    assert (await store.get("o", "p")).read()["sub_executions"] == ["c"]
    child = await store.get("o", "c")
    assert (child.agent_id, child.parent_task_id) == ("b", "p")


async def test_another_organizations_task_is_nobodys_child(store: Store) -> None:
    await store.put("o", "a", BODY, task_id="p")
    await store.put("other", "a", BODY, task_id="c")
    assert await refusal(store.delegate("o", "p", "b", BODY, task_id="c", attempt=None)) == 404


async def test_nothing_is_delegated_for_a_task_that_is_over_or_lost(store: Store) -> None:
    await task(store, "p")
    await claim(store, task_id="p")
    late = store.delegate("o", "p", "b", BODY, task_id="c", attempt=0)
    assert await refusal(late) == 409
    await store.stop("o", "p")
    assert await refusal(store.delegate("o", "p", "b", BODY, task_id="c", attempt=None)) == 409
    assert await refusal(store.delegate("o", "x", "b", BODY, task_id="c", attempt=None)) == 404
    assert await refusal(store.get("o", "c")) == 404


async def test_a_script_finds_the_oldest_task_that_its_tasks_started_for_it(store: Store) -> None:
    await task(store, "p", worker_id="s")
    assert await store.find_delegated("o", "s") is None  # it has no parent
    for name, worker in (("c1", "s"), ("c2", "s"), ("c3", "other"), ("c4", None)):
        await task(store, name, parent_execution_id="p", worker_id=worker)

    async def found(organization: str = "o", worker: str = "s") -> str | None:
        record = await store.find_delegated(organization, worker)
        return None if record is None else record.id

    assert await found() == "c1"
    assert await found(worker="other") == "c3"
    assert await found("elsewhere") is None
    await claim(store, "s", "c1")
    assert await found() == "c2"
    await store.stop("o", "c2")
    assert await found() is None


async def test_a_repeated_key_is_answered_with_the_document_that_was_stored(store: Store) -> None:
    key = IdempotencyKey("k", b"1")
    first = await store.doc_put("o", "k", "d1", {"n": 1}, idempotency=key)
    assert await store.doc_put("o", "k", "d2", {"n": 2}, idempotency=key) == first
    assert await store.doc_get("o", "k", "d2") is None


async def test_each_organization_has_its_own_thread_of_an_id(store: Store) -> None:
    for organization in ("o", "other"):
        await store.threads.create(organization, {"name": organization}, thread_id="chat")
    await store.threads.extend("o", "chat", [{"role": "user", "content": "x"}])
    theirs = await store.threads.get("other", "chat")
    assert (theirs.length, theirs.read()["name"]) == (0, "other")
    assert list(await store.threads.read(theirs)) == []
    await store.threads.delete("other", "chat")
    mine = await store.threads.get("o", "chat")
    assert [message.role for message in await store.threads.read(mine)] == ["user"]

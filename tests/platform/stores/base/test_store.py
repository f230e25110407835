"""What every engine has to do."""

import asyncio
import uuid
from collections.abc import Callable
from itertools import chain, combinations, product
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.platform.wire import Clock, OpenStore
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import (
    PAGE_BYTES,
    IdempotencyKey,
    Pruned,
    Put,
    Swept,
    TaskFilter,
    TaskRecord,
)
from xpander_client.platform.stores.base.admission import Unobserved
from xpander_client.platform.stores.base.hints import agent_topic, task_topic
from xpander_client.platform.stores.base.queue import BATCH_BYTES
from xpander_client.platform.stores.base.store import Store

BODY = {"input": {"text": "x"}}
LEASE = Settings().lease
WINDOW = Settings().offer_window


async def put(store: Store, task_id: str = "t", agent: str = "a", **body: Any) -> TaskRecord:
    return (await store.put("o", agent, {**BODY, **body}, task_id=task_id)).record


async def begin(store: Store, worker: str = "w") -> TaskRecord:
    [record] = await store.claim("o", "a", [worker])
    return await store.patch("o", record.id, {"status": "executing"}, attempt=record.attempt)


def chunk(data: str) -> dict[str, Any]:
    return {"type": "chunk", "task_id": "t", "data": data}


async def log(store: Store, task_id: str = "t") -> list[tuple[int, str]]:
    return [(event.seq, event.type) for event in await store.read(task_id, 0, 1000)]


class Batches(Unobserved):
    """How many commands each commit held."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def on_commit(self, commands: int, seconds: float) -> None:
        self.sizes.append(commands)


async def refusal(step: Any) -> int:
    with pytest.raises(HttpError) as refused:
        await step
    return refused.value.status


async def test_what_is_put_is_there_with_its_first_event(store: Store) -> None:
    record = await put(store, title="T")
    assert await store.get("o", "t") == record
    assert record.read()["title"] == "T"
    assert await log(store) == [(1, "task_created")]


async def test_another_organization_sees_nothing(store: Store) -> None:
    await put(store)
    assert await refusal(store.get("other", "t")) == 404
    assert await refusal(store.patch("other", "t", {"title": "x"}, attempt=None)) == 404
    assert await refusal(store.append("other", "t", [chunk("x")], attempt=None)) == 404
    assert await refusal(store.stop("other", "t")) == 404
    assert await refusal(store.put("other", "a", BODY, task_id="u", existing_id="t")) == 404
    assert await refusal(store.report("other", "a", {}, task_id="t")) == 404
    assert await store.claim("other", "a", ["w"]) in ([], ())
    assert (await store.list_tasks("other", TaskFilter(), cursor=None, limit=9)).records == ()
    assert await log(store) == [(1, "task_created")]


async def test_a_repeated_key_is_answered_with_the_first_task_as_it_is_now(store: Store) -> None:
    key = IdempotencyKey("k", b"1")
    first = await store.put("o", "a", BODY, task_id="t", key=key)
    await store.patch("o", "t", {"title": "later"}, attempt=None)
    again = await store.put("o", "a", BODY, task_id="u", key=key)
    assert (first.repeated, again.repeated, again.record.id) == (False, True, "t")
    assert again.record.read()["title"] == "later"
    assert await refusal(store.get("o", "u")) == 404


async def test_a_key_belongs_to_one_request_of_one_organization(store: Store) -> None:
    await store.put("o", "a", BODY, task_id="t", key=IdempotencyKey("k", b"1"))
    other = store.put("o", "a", BODY, task_id="u", key=IdempotencyKey("k", b"2"))
    assert await refusal(other) == 422
    put = await store.put("p", "a", BODY, task_id="u", key=IdempotencyKey("k", b"2"))
    assert put.record.id == "u"


async def test_many_at_once_with_one_key_make_one_task(store: Store) -> None:
    key = IdempotencyKey("k", b"1")
    puts = [store.put("o", "a", BODY, task_id=f"t{n}", key=key) for n in range(20)]
    ids = {each.record.id for each in await asyncio.gather(*puts)}
    page = await store.list_tasks("o", TaskFilter(), cursor=None, limit=100)
    assert ids == {record.id for record in page.records}
    assert len(ids) == 1


async def test_a_repeated_report_push_or_document_counts_once(store: Store) -> None:
    key = IdempotencyKey("r", b"1")
    for _ in range(2):
        put = await store.report("o", "a", {"result": "x"}, task_id="r", key=key)
        assert put.record.id == "r"
    await put_and_push_twice(store)
    for _ in range(2):
        await store.doc_put("o", "m", "d", {"n": 1}, idempotency=IdempotencyKey("m", b"1"))
    document = await store.doc_get("o", "m", "d")
    assert document is not None
    assert document.version == 1


async def put_and_push_twice(store: Store) -> None:
    await put(store)
    key = IdempotencyKey("p", b"1")
    first = await store.append("o", "t", [chunk("1"), chunk("2")], attempt=None, key=key)
    again = await store.append("o", "t", [chunk("1"), chunk("2")], attempt=None, key=key)
    assert (first.last_seq, first.repeated) == (3, False)
    assert (again.last_seq, again.repeated) == (3, True)
    assert await log(store) == [(1, "task_created"), (2, "chunk"), (3, "chunk")]


async def test_a_change_and_its_event_come_together(store: Store) -> None:
    await put(store)
    await store.patch("o", "t", {"title": "x"}, attempt=None)
    await store.patch("o", "t", {"title": "x"}, attempt=None)
    assert await log(store) == [(1, "task_created"), (2, "task_updated")]


async def test_a_refused_change_leaves_nothing_behind(store: Store) -> None:
    record = await put(store)
    assert await refusal(store.patch("o", "t", {"status": "odd"}, attempt=None)) == 422
    assert await refusal(store.append("o", "t", [chunk("x")], attempt=7)) == 409
    last = {"type": "connected"}
    assert await refusal(store.append("o", "t", [chunk("x"), last], attempt=None)) == 422
    assert await store.get("o", "t") == record
    assert await log(store) == [(1, "task_created")]


async def test_one_refused_command_does_not_touch_those_written_with_it(store: Store) -> None:
    await put(store)
    results = await asyncio.gather(
        *(
            store.append("o", "t" if n % 3 else "unknown", [chunk(str(n))], attempt=None)
            for n in range(60)
        ),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(result, HttpError) and result.status == 404 for result in refused)
    assert (len(refused), len(await log(store))) == (20, 41)


async def test_large_writes_that_come_together_are_not_written_as_one(store: Store) -> None:
    store.admission.observer = observed = Batches()
    large = {"input": {"text": "x" * (BATCH_BYTES // 2)}}
    puts = [store.put("o", "a", large, task_id=f"large{n}") for n in range(6)]
    puts += [store.put("o", "a", BODY, task_id=f"small{n}") for n in range(30)]
    await asyncio.gather(*puts)
    # A task is in its row and in its first event.
    assert observed.sizes[:5] == [1] * 5
    assert sum(observed.sizes) == 36
    assert len(observed.sizes) < 12
    observed.sizes.clear()
    # What a command changes is more than what came with it.
    changes = [store.patch("o", f"large{n}", {"title": "T"}, attempt=None) for n in range(6)]
    await asyncio.gather(*changes)
    assert len(observed.sizes) >= 3
    page = await store.list_tasks("o", TaskFilter(), cursor=None, limit=100)
    assert len(page.records) == 36


@pytest.mark.parametrize("text", [{1, 2}, 1 << 70, "\ud800"], ids=["no JSON", "number", "text"])
async def test_what_can_never_be_stored_is_refused_for_good_and_alone(
    store: Store, text: Any
) -> None:
    puts = [
        store.put("o", "a", {"input": {"text": text if n == 7 else "x"}}, task_id=f"t{n}")
        for n in range(20)
    ]
    puts.append(store.put("o", "a", {"input": {"user": {"id": "\ud800"}}}, task_id="t7"))
    done = await asyncio.gather(*puts, return_exceptions=True)
    refused = [each.status for each in done if isinstance(each, HttpError)]
    assert refused == [422, 422]
    assert sum(isinstance(each, Put) for each in done) == 19


async def test_events_are_numbered_without_holes_whoever_writes_them(store: Store) -> None:
    ids = [f"t{n}" for n in range(5)]
    for task_id in ids:
        await put(store, task_id)
    await asyncio.gather(
        *(
            store.append("o", task_id, [chunk(f"{n}"), chunk(f"{n}")], attempt=None)
            for n in range(30)
            for task_id in ids
        )
    )
    for task_id in ids:
        assert [seq for seq, _ in await log(store, task_id)] == list(range(1, 62))


async def test_events_are_read_from_behind_a_position_and_not_beyond_a_limit(store: Store) -> None:
    await put(store)
    await put(store, "u")
    await store.append("o", "t", [chunk(str(n)) for n in range(10)], attempt=None)
    assert [event.seq for event in await store.read("t", 4, 3)] == [5, 6, 7]
    assert list(await store.read("t", 11, 3)) == []
    assert list(await store.read("t", 10**17, 3)) == []
    assert list(await store.read("unknown", 0, 3)) == []


async def test_the_oldest_waiting_task_is_claimed_first_and_each_once(store: Store) -> None:
    for n in range(4):
        await put(store, f"t{n}")
    first = await store.claim("o", "a", ["w1", "w2"])
    assert [(record.id, record.worker_id) for record in first] == [("t0", "w1"), ("t1", "w2")]
    rest = await asyncio.gather(*(store.claim("o", "a", [f"x{n}"]) for n in range(6)))
    claimed = [record.id for records in rest for record in records]
    assert sorted(claimed) == ["t2", "t3"]


async def test_a_worker_that_is_named_twice_gets_two_tasks_after_the_others_got_one(
    store: Store,
) -> None:
    for n in range(4):
        await put(store, f"t{n}")
    records = await store.claim("o", "a", ["w1", "w2", "w1"])
    assert [(record.id, record.worker_id) for record in records] == [
        ("t0", "w1"),
        ("t1", "w2"),
        ("t2", "w1"),
    ]
    rest = await store.claim("o", "a", ["w2", "w2", "w2"])
    assert [record.id for record in rest] == ["t3"]


async def test_tasks_of_some_workers_begin_with_the_offer(store: Store) -> None:
    for n in range(2):
        await put(store, f"t{n}")
    with store.watch(task_topic("t1")) as watch:
        records = await store.claim("o", "a", ["w1", "w2"], {}, {"w2"})
        assert await watch.wait(10)
    assert [(record.id, record.status) for record in records] == [
        ("t0", "pending"),
        ("t1", "executing"),
    ]
    assert (await store.get("o", "t1")) == records[1]
    assert [event.type for event in await store.read("t1", 0, 9)] == [
        "task_created",
        "task_updated",
    ]
    assert [event.type for event in await store.read("t0", 0, 9)] == ["task_created"]


async def test_a_task_for_another_agent_or_worker_is_not_claimed(store: Store) -> None:
    await put(store, "t1", worker_id="w2")
    await put(store, "t2", agent="b")
    assert list(await store.claim("o", "a", ["w1"])) == []
    [record] = await store.claim("o", "a", ["w1", "w2"])
    assert (record.id, record.worker_id) == ("t1", "w2")


async def test_the_fronts_of_queues_tell_the_sizes_of_what_waits(store: Store) -> None:
    free = [await put(store, f"t{n}", title="x" * n) for n in range(3)]
    own = await put(store, "own", worker_id="w")
    await put(store, "pool", worker_pool="p")
    await put(store, "other", agent="b")
    queued = await store.measure_queues("o", "a", {None: 2, "w": 5, "v": 5, "\0": 5})
    assert {pin: list(sizes) for pin, sizes in queued.items()} == {
        None: [len(record.document) for record in free[:2]],
        "w": [len(own.document)],
    }
    await store.claim("o", "a", ["w", "w"])
    queued = await store.measure_queues("o", "a", {None: 5, "w": 5})
    assert sum(map(len, queued.values())) == 2
    assert not await store.measure_queues("other", "a", {None: 5, "w": 5})


async def test_claims_of_one_moment_get_a_task_each_while_there_are_some(store: Store) -> None:
    for n in range(5):
        await put(store, f"t{n}")
    claims = await asyncio.gather(*(store.claim("o", "a", [f"w{n}"]) for n in range(8)))
    assert sorted(len(records) for records in claims) == [0] * 3 + [1] * 5


async def test_who_waits_for_work_hears_of_what_is_for_them(store: Store) -> None:
    heard: list[str] = []
    with (
        store.watch(agent_topic("o", "a"), heard=lambda: heard.append("free")) as free,
        store.watch(agent_topic("o", "a", "w"), heard=lambda: heard.append("w")) as own,
    ):
        await put(store, "t1")
        assert await free.wait(10)
        await put(store, "t2", worker_id="w")
        assert await own.wait(10)
        assert not await free.wait(0)
    await put(store, "t3")
    assert heard == ["free", "w"]


async def test_a_lease_runs_out_and_the_task_waits_again(store: Store, clock: Clock) -> None:
    await put(store)
    record = await begin(store)
    clock.now += LEASE - 1
    assert not await store.sweep()
    clock.now += 1
    swept = await store.sweep()
    assert [before.id for before in swept.requeued] == ["t"]
    assert not await store.sweep()
    assert (await store.get("o", "t")).status == "pending"
    assert (await log(store))[-1] == (3, "task_updated")
    late = store.patch("o", "t", {"status": "completed"}, attempt=record.attempt)
    assert await refusal(late) == 409
    [again] = await store.claim("o", "a", ["v"])
    assert again.attempt == 2


async def test_the_third_lost_worker_is_the_last(store: Store, clock: Clock) -> None:
    await put(store)
    swept = Swept()
    for _ in range(3):
        await begin(store)
        clock.now += LEASE
        swept = await store.sweep()
    assert [before.id for before in swept.exhausted] == ["t"]
    record = await store.get("o", "t")
    assert (record.status, record.attempt) == ("error", 3)
    assert (await log(store))[-1][1] == "task_finished"


async def test_renewing_keeps_what_is_executing_but_not_what_is_offered(
    store: Store, clock: Clock
) -> None:
    await put(store, "t1")
    await put(store, "t2")
    await begin(store)
    await store.claim("o", "a", ["w"])
    clock.now += WINDOW - 1
    assert await store.renew("o", "w") == {"t1": 1, "t2": 1}
    assert await store.renew("other", "w") == {}
    assert await store.renew("o", "w", agent_id="a") == {"t1": 1, "t2": 1}
    assert await store.renew("o", "w", agent_id="b") == {}
    clock.now += LEASE - 2
    assert [before.id for before in (await store.sweep()).requeued] == ["t2"]
    assert await store.renew("o", "w") == {"t1": 1}


async def test_a_worker_with_a_new_name_takes_over_what_it_held(store: Store, clock: Clock) -> None:
    await put(store)
    await begin(store)
    assert await store.renew("o", "w2", adopt_from="w") == {"t": 1}
    assert await store.renew("o", "w") == {}
    done = await store.patch("o", "t", {"status": "completed"}, attempt=1)
    assert done.status == "completed"


async def test_a_stopped_task_stays_stopped(store: Store) -> None:
    await put(store)
    record = await begin(store)
    stopped = await store.stop("o", "t")
    assert (stopped.status, stopped.worker_id) == ("stopped", None)
    assert await store.stop("o", "t") == stopped
    late = store.patch("o", "t", {"status": "completed"}, attempt=record.attempt)
    assert await refusal(late) == 409
    assert [kind for _, kind in await log(store)].count("task_finished") == 1


async def test_a_continued_task_goes_on_counting(store: Store) -> None:
    await put(store)
    await store.stop("o", "t")
    again = await store.put("o", "a", {"input": {"text": "more"}}, task_id="u", existing_id="t")
    assert (again.record.id, again.record.run_from) == ("t", 2)
    assert await log(store) == [(1, "task_created"), (2, "task_finished"), (3, "task_created")]


async def test_lists_are_filtered_newest_first_and_paged_without_loss(store: Store) -> None:
    for n in range(7):
        await put(
            store,
            f"t{n}",
            agent="a" if n % 2 else "b",
            input={"text": "x", "user": {"id": f"u{n % 3}", "email": "e"}},
            triggering_agent_id="boss" if n == 3 else None,
            parent_execution="p" if n == 4 else None,
        )
    await store.patch("o", "t5", {"status": "executing", "internal_status": "i"}, attempt=None)

    async def ids(limit: int = 100, **wanted: Any) -> list[str]:
        found: list[str] = []
        cursor = None
        while True:
            page = await store.list_tasks("o", TaskFilter(**wanted), cursor=cursor, limit=limit)
            found += [record.id for record in page.records]
            assert len(page.records) <= limit
            if (cursor := page.cursor) is None:
                return found

    everything = [f"t{n}" for n in reversed(range(7))]
    for limit in (1, 2, 7, 8):
        assert await ids(limit) == everything
    assert await ids(agent_id="a") == ["t5", "t3", "t1"]
    assert await ids(user_id="u0") == ["t6", "t3", "t0"]
    for limit in (1, 100):
        assert await ids(limit, user_id="u0", agent_ids=frozenset({"a", "x"})) == ["t3"]
        assert await ids(limit, agent_ids=frozenset({"a", "b"})) == everything
        assert await ids(limit, agent_ids=frozenset()) == []
    assert await ids(triggering_agent_id="boss") == ["t3"]
    assert await ids(parent_task_id="p") == ["t4"]
    assert await ids(status="executing", internal_status="i") == ["t5"]
    assert await ids(agent_id="a", user_id="u0") == ["t3"]


async def test_filters_let_through_what_fits_all_of_them(store: Store) -> None:
    values: dict[str, list[Any]] = {
        "agent_id": ["a", "b"],
        "user_id": ["u", "v", None],
        "triggering_agent_id": ["boss", None],
        "parent_task_id": ["t0", None],
        "internal_status": ["waits", None],
    }
    tasks = [dict(zip(values, each, strict=True)) for each in product(*values.values())]
    for number, task in enumerate(tasks):
        user = {"id": task["user_id"], "email": "e"} if task["user_id"] else None
        body = {
            "input": {"text": "x"} | ({"user": user} if user else {}),
            "triggering_agent_id": task["triggering_agent_id"],
            "parent_execution": task["parent_task_id"],
        }
        await put(store, f"t{number}", task["agent_id"], **body)
        if task["internal_status"]:
            changes = {"internal_status": task["internal_status"], "status": "paused"}
            await store.patch("o", f"t{number}", changes, attempt=None)
        task["status"] = "paused" if task["internal_status"] else "pending"
    asked = {name: [each for each in some if each] for name, some in values.items()}
    asked["status"] = ["paused", "pending"]
    for names in chain.from_iterable(combinations(asked, count) for count in range(len(asked))):
        given = {name: asked[name][-1] for name in names}
        for agents in (None, frozenset("b"), frozenset("abc")):
            if agents is not None and "agent_id" in given:
                continue
            wanted = TaskFilter(agent_ids=agents, **given)
            fit = [
                f"t{number}"
                for number, task in enumerate(tasks)
                if given.items() <= task.items() and (not agents or task["agent_id"] in agents)
            ][::-1]
            found: list[str] = []
            cursor = None
            while True:
                page = await store.list_tasks("o", wanted, cursor=cursor, limit=20)
                found += [record.id for record in page.records]
                cursor = page.cursor
                if cursor is None:
                    break
            assert found == fit, wanted


async def test_a_page_of_long_documents_ends_early_and_the_next_goes_on(store: Store) -> None:
    long = {f"field-{number}": "x" * 3000 for number in range(PAGE_BYTES // 10_000)}
    for number in range(12):
        await put(store, f"t{number}", **long)
    found: list[str] = []
    cursor = None
    pages = 0
    while pages == 0 or cursor is not None:
        page = await store.list_tasks("o", TaskFilter(agent_id="a"), cursor=cursor, limit=12)
        assert sum(len(record.document) for record in page.records) < 2 * PAGE_BYTES
        found += [record.id for record in page.records]
        cursor = page.cursor
        pages += 1
    assert (found, pages) == ([f"t{number}" for number in reversed(range(12))], 3)


async def test_a_cursor_that_was_not_given_out_is_refused(store: Store) -> None:
    for cursor in ("", "x", "-1", "١", "9" * 30):
        assert await refusal(store.list_tasks("o", TaskFilter(), cursor=cursor, limit=1)) == 422


async def test_tasks_that_wait_for_a_worker_are_counted(store: Store) -> None:
    assert await store.waiting() == 0
    for task_id in ("t", "u", "v"):
        await put(store, task_id)
    await put(store, "pinned", worker_id="w")
    assert await store.waiting() == 4
    await begin(store)
    await store.claim("o", "a", ["x"])
    await store.stop("o", "v")
    assert await store.waiting() == 1


async def test_events_are_read_by_number_and_by_size(store: Store) -> None:
    assert await store.last_seq("t") == 0
    await put(store)
    await store.append("o", "t", [chunk(str(n) * 100) for n in range(9)], attempt=None)
    assert await store.last_seq("t") == 10
    [_, two, three] = await store.read("t", 0, 3)
    size = len(two.body) + len(three.body)
    for enough, count in ((1, 1), (len(two.body), 1), (size - 1, 2), (size, 2), (10**9, 9)):
        assert [event.seq for event in await store.read("t", 1, 99, size=enough)] == [
            *range(2, 2 + count)
        ]


async def test_a_watch_hears_what_happens_after_it_was_made(store: Store) -> None:
    with store.watch(task_topic("t"), agent_topic("o", "a")) as watch:
        await put(store)
        assert await watch.wait(5)
        assert not await watch.wait(0.01)
        await store.append("o", "t", [chunk("x")], attempt=None)
        assert await watch.wait(5)
        await put(store, "u", agent="b")
        assert not await watch.wait(0.01)


async def look(store: Store) -> Swept:
    """As a server does it again and again."""
    begun = store.now()
    await store.presence.note_alive(())
    return await store.sweep(begun)


async def test_nobody_loses_a_task_because_the_platform_stood_still(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This clock was not set, although the machine's shows no such time.
    monkeypatch.setattr("xpander_client.platform.stores.postgres.presence.CLOCKS_APART", 0.0)
    await put(store)
    await put(store, "offered")
    await store.claim("o", "a", ["w", "w"])
    await store.patch("o", "t", {"status": "executing"}, attempt=1)
    assert not await look(store)
    clock.now += LEASE + 60
    assert not await look(store)
    # Who is lost all the same is noticed a term later.
    lost: dict[str, float] = {}
    for second in range(1, int(LEASE) + 1):
        clock.now += 1
        lost |= {record.id: second for record in (await look(store)).requeued}
    assert lost == {"offered": WINDOW, "t": LEASE}


async def test_a_platform_may_stand_still_while_it_looks_for_lost_workers(
    store: Store, clock: Clock
) -> None:
    await put(store)
    await begin(store)
    begun = store.now()
    await store.presence.note_alive(())
    clock.now += LEASE + 60
    assert not await store.sweep(begun)


async def test_a_task_that_waits_again_is_announced(store: Store, clock: Clock) -> None:
    await put(store)
    await store.claim("o", "a", ["w"])
    with store.watch(agent_topic("o", "a")) as watch:
        clock.now += WINDOW
        await store.sweep()
        assert await watch.wait(5)


async def test_documents_are_compared_before_they_are_set(store: Store) -> None:
    assert await store.doc_get("o", "k", "d") is None
    made = await store.doc_put("o", "k", "d", {"n": 1}, if_version=0)
    assert made.version == 1
    assert await refusal(store.doc_put("o", "k", "d", {"n": 2}, if_version=0)) == 409
    await store.doc_put("o", "k", "d", {"n": 2}, if_version=1)
    await store.doc_put("o", "k", "c", {})
    await store.doc_put("p", "k", "b", {})
    documents = await store.doc_list("o", "k")
    assert [(each.key, each.version, each.value) for each in documents] == [
        ("c", 1, {}),
        ("d", 2, {"n": 2}),
    ]


async def test_pruning_keeps_how_tasks_ended_and_all_of_those_that_have_not(
    store: Store, clock: Clock
) -> None:
    key = IdempotencyKey("k", b"1")
    await store.put("o", "a", BODY, task_id="t", key=key)
    await put(store, "open")
    for task_id in ("t", "open"):
        await store.append("o", task_id, [chunk(str(n)) for n in range(1500)], attempt=None)
    await store.stop("o", "t")
    clock.now += 1
    assert await store.prune(events_before=clock.now - 2, keys_before=clock.now - 2) == Pruned()
    gone = await store.prune(events_before=clock.now, keys_before=clock.now)
    assert gone == Pruned(events=1501, keys=1)
    assert await log(store) == [(1502, "task_finished")]
    assert await store.last_seq("t") == 1502
    assert len(await store.read("open", 0, 9999)) == 1501
    fresh = await store.put("o", "a", BODY, task_id="new", key=key)
    assert (fresh.repeated, fresh.record.id) == (False, "new")


async def test_everything_is_there_after_the_store_was_closed_and_opened(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await put(store)
        record = await begin(store)
        await store.append("o", "t", [chunk("x")], attempt=1)
        await store.doc_put("o", "k", "d", {"n": 1})
    async with OpenStore(make_store()) as store:
        assert (await store.get("o", "t")).read() == record.read()
        assert [kind for _, kind in await log(store)] == ["task_created", "task_updated", "chunk"]
        assert await store.doc_get("o", "k", "d") is not None
        appended = await store.append("o", "t", [chunk("y")], attempt=1)
        assert appended.last_seq == 4


async def test_nobody_loses_a_lease_because_the_platform_was_down(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        await put(store, "t1")
        await begin(store)
        await put(store, "t2")
        await store.claim("o", "a", ["w"])
    clock.now += 10 * LEASE
    async with OpenStore(make_store()) as store:
        assert not await store.sweep()
        clock.now += WINDOW
        assert [before.id for before in (await store.sweep()).requeued] == ["t2"]
        clock.now += LEASE - WINDOW
        assert [before.id for before in (await store.sweep()).requeued] == ["t1"]


async def test_a_closed_store_refuses(make_store: Callable[[], Store]) -> None:
    store = make_store()
    await store.open()
    await store.close()
    assert await refusal(put(store)) == 503
    assert await refusal(store.get("o", "t")) == 503
    assert await refusal(store.list_tasks("o", TaskFilter(), cursor=None, limit=1)) == 503


async def test_a_caller_that_goes_away_disturbs_nobody(store: Store) -> None:
    await put(store)
    calls = [
        asyncio.create_task(store.append("o", "t", [chunk(str(n))], attempt=None))
        for n in range(50)
    ]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert not any(isinstance(result, BaseException) for result in results[1::2])
    seqs = [seq for seq, _ in await log(store)]
    assert seqs == list(range(1, len(seqs) + 1))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=JSON, key=TEXT)
async def test_any_json_comes_back_as_it_was(store: Store, value: Any, key: str) -> None:
    put = await store.put("o", "a", {**BODY, "x": {key: value}}, task_id=str(uuid.uuid4()))
    again = await store.get("o", put.record.id)
    assert again.read()["x"] == {key: value}


async def test_what_a_task_is_told_is_kept_once_and_found_again(store: Store) -> None:
    await put(store)
    await begin(store)
    key = IdempotencyKey("k", b"1")
    for _ in range(2):
        kept = await store.notify("o", "t", {"key": "approval", "data": 1}, key=key)
        assert kept.last_seq == 3
    await store.append("o", "t", [chunk("x")], attempt=1)
    await store.notify("o", "t", {"key": "more"})
    found = await store.notifications(await store.get("o", "t"))
    assert [event.seq for event in found] == [3, 5]
    told = [orjson.loads(event.body) for event in found]
    assert [event["type"] for event in told] == ["task_updated", "task_updated"]
    assert [event["notification"] for event in told] == [
        {"key": "approval", "data": 1},
        {"key": "more", "data": None},
    ]
    assert await refusal(store.notify("other", "t", {"key": "x"})) == 404
    await store.patch("o", "t", {"status": "completed"}, attempt=None)
    assert await refusal(store.notify("o", "t", {"key": "x"})) == 409
    continued = (await store.put("o", "a", BODY, task_id="u", existing_id="t")).record
    assert list(await store.notifications(continued)) == []


async def test_workers_of_a_pool_get_what_is_for_the_pool_or_for_them(store: Store) -> None:
    await put(store, "anybody's")
    await put(store, "reports", worker_pool="reports")
    await put(store, "others", worker_pool="others")
    await put(store, "own", worker_id="w")
    pools = {"w": "reports"}
    for expected in ("reports", "own"):
        [record] = await store.claim("o", "a", ["w"], pools)
        assert (record.id, record.worker_id) == (expected, "w")
    assert list(await store.claim("o", "a", ["w"], pools)) == []
    [record] = await store.claim("o", "a", ["v"])
    assert record.id == "anybody's"
    assert list(await store.claim("o", "a", ["v"])) == []


@pytest.mark.parametrize(
    ("body", "status", "waits"),
    [
        ({"on_worker_loss": "error"}, "error", 0),
        ({"on_worker_loss": "retry", "worker_pool": "p"}, "pending", 1),
    ],
)
async def test_a_task_that_was_its_workers_from_the_beginning_outlives_it_if_it_may(
    store: Store, clock: Clock, body: dict[str, Any], status: str, waits: int
) -> None:
    made = await put(store, worker_id="w", run_locally=True, **body)
    assert (made.worker_id, made.attempt) == ("w", 1)
    await store.patch("o", "t", {"status": "executing"}, attempt=1)
    clock.now += LEASE
    assert await store.sweep()
    record = await store.get("o", "t")
    assert (record.status, record.worker_id) == (status, None)
    assert len(await store.claim("o", "a", ["v"], {"v": "p"})) == waits

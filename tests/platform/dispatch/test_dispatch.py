"""Workers and their tasks, over real sockets."""

import threading
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.platform.conftest import HASTY
from tests.platform.wire import (
    Clock,
    Worker,
    create,
    event,
    eventually,
    push,
    replay,
    status,
    update,
    worker,
)
from xpander_client.platform import LocalPlatform, Settings
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.dispatch.sessions import OUTBOX, WorkerSession
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.stores.base.hints import RARELY
from xpander_client.platform.stores.base.store import Store

pytestmark = pytest.mark.all_engines


def test_a_worker_is_told_who_it_is_and_gets_the_task(http: httpx.Client) -> None:
    with worker(http) as w:
        assert w.asset["type"] == "worker"
        assert w.asset["dedicated_agent_id"] == "sales"
        assert w.asset["metadata"] == {"name": "sales", "unique_name": "sales"}
        assert {"created_by", "parent_asset_id", "last_heartbeat"} <= w.asset.keys()
        made = create(http)
        task = w.task()
        assert task == {**made, "execution_attempts": 1}
        begun = w.begin(task).json()
        assert (begun["status"], begun["execution_attempts"]) == ("executing", 1)
        done = w.finish(task, "42").json()
        assert (done["status"], done["result"]) == ("completed", "42")


def test_tasks_that_waited_come_in_order_one_unbegun_at_a_time(http: httpx.Client) -> None:
    made = [create(http, title=str(n)) for n in range(3)]
    with worker(http) as w:
        for expected in made:
            task = w.task()
            assert task["id"] == expected["id"]
            later = made[made.index(expected) + 1 :]
            assert all(status(http, each)["execution_attempts"] == 0 for each in later)
            w.begin(task)


def test_a_worker_with_slots_is_offered_as_many_as_it_has_room_for(http: httpx.Client) -> None:
    made = [create(http) for _ in range(4)]
    with worker(http, slots="3") as w:
        tasks = [w.task() for _ in range(3)]
        assert [task["id"] for task in tasks] == [each["id"] for each in made[:3]]
        for task in tasks[:2]:
            w.begin(task)
        assert status(http, made[3])["execution_attempts"] == 0
        w.finish(tasks[0])
        assert w.task()["id"] == made[3]["id"]


def test_a_worker_that_is_full_and_has_begun_all_still_gets_one_to_go_on_with(
    http: httpx.Client,
) -> None:
    made = [create(http) for _ in range(3)]
    with worker(http, slots="2") as w:
        for task in [w.task(), w.task()]:
            w.begin(task)
        # It says itself when it wants no more.
        assert w.task()["id"] == made[2]["id"]


@pytest.mark.parametrize("slots", ["0", "-1", "many", ""])
def test_slots_that_are_no_number_of_tasks_are_refused(http: httpx.Client, slots: str) -> None:
    refused = http.get("/events/sales/", params={"slots": slots})
    assert (refused.status_code, "slots" in refused.json()["detail"]) == (422, True)


def test_each_task_goes_to_one_worker(http: httpx.Client) -> None:
    with worker(http) as one, worker(http) as two:
        made = {create(http)["id"] for _ in range(2)}
        assert {one.task()["id"], two.task()["id"]} == made


def test_workers_of_other_agents_get_nothing(http: httpx.Client) -> None:
    with worker(http, "other") as other, worker(http) as w:
        mine = create(http)
        assert w.task()["id"] == mine["id"]
        theirs = create(http, agent="other")
        assert other.task()["id"] == theirs["id"]


def test_a_busy_worker_gets_nothing_until_it_is_free(http: httpx.Client) -> None:
    with worker(http) as busy, worker(http) as free:
        assert busy.say("worker-capacity-update", {"is_busy": True}).status_code == 200
        for _ in range(2):
            create(http)
            task = free.task()
            free.begin(task)
        free.say("worker-capacity-update", {"is_busy": True})
        waiting = create(http)
        busy.say("worker-capacity-update", {"is_busy": False})
        assert busy.task()["id"] == waiting["id"]


def test_an_offer_not_taken_up_goes_to_another_worker(hasty: httpx.Client) -> None:
    with worker(hasty) as deaf:
        made = create(hasty)
        stale = deaf.task()
        with worker(hasty) as w:
            task = w.task()
            assert (task["id"], task["execution_attempts"]) == (made["id"], 2)
            assert deaf.next().data == {"id": made["id"], "execution_attempts": 1}
            assert deaf.begin(stale).status_code == 409
            assert w.begin(task).status_code == 200


def test_a_dead_workers_task_is_done_by_another_and_everybody_can_see_why(
    hasty: httpx.Client,
) -> None:
    with worker(hasty) as dead:
        made = create(hasty)
        lost = dead.task()
        dead.begin(lost)
    with worker(hasty) as w:
        w.beat()
        task = w.task()
        assert task["execution_attempts"] == 2
        w.begin(task)
        late = update(hasty, lost, status="completed", result="late", execution_attempts=1)
        assert late.status_code == 409
        assert (
            push(
                hasty, lost, event("chunk", lost["id"], "late"), **{"x-execution-attempt": "1"}
            ).status_code
            == 409
        )
        w.finish(task, "in time")
    assert status(hasty, made)["result"] == "in time"
    notes = [frame.data["data"].get("internal_status", "") for frame in replay(hasty, made)]
    assert any(dead.id in note for note in notes)


@pytest.mark.slow
def test_heartbeats_keep_a_task_that_takes_longer_than_a_lease(hasty: httpx.Client) -> None:
    with worker(hasty) as w:
        create(hasty)
        task = w.task()
        w.begin(task)
        until = time.monotonic() + 2.5 * HASTY.lease
        while time.monotonic() < until:
            assert w.beat().status_code == 200
            time.sleep(0.1)
        assert w.finish(task).status_code == 200


def test_events_of_the_worker_keep_its_task_too(hasty: httpx.Client) -> None:
    with worker(hasty) as w:
        create(hasty)
        task = w.task()
        w.begin(task)
        until = time.monotonic() + 2 * HASTY.lease
        while time.monotonic() < until:
            pushed = push(
                hasty, task, event("chunk", task["id"], "x"), **{"x-execution-attempt": "1"}
            )
            assert pushed.status_code == 200
            time.sleep(0.1)
        assert w.finish(task).status_code == 200


def test_a_silent_worker_loses_its_task_and_is_told(hasty: httpx.Client) -> None:
    with worker(hasty) as w:
        create(hasty)
        task = w.task()
        w.begin(task)
        told = w.next()
        assert (told.event, told.data) == (
            "task-stop",
            {"id": task["id"], "execution_attempts": 1},
        )
        assert w.task()["execution_attempts"] == 2


def test_a_worker_keeps_its_task_when_the_platform_stood_still(place: str | None) -> None:
    with LocalPlatform(store=place, settings=HASTY, organization_id="acme") as platform:
        headers = {"x-api-key": platform.api_key}
        with (
            httpx.Client(base_url=platform.url, headers=headers, timeout=20) as http,
            worker(http) as w,
        ):
            create(http)
            task = w.task()
            w.begin(task)
            assert platform._thread is not None
            platform._thread.call_soon(lambda: time.sleep(2 * HASTY.lease))
            w.beat()  # waits for as long
            assert w.finish(task).status_code == 200


@pytest.mark.slow
def test_the_task_of_three_lost_workers_ends_as_an_error(hasty: httpx.Client) -> None:
    made = create(hasty)
    for _ in range(3):
        with worker(hasty) as w:
            w.begin(w.task())
    eventually(lambda: status(hasty, made)["status"] == "error", "the task is an error")
    assert "3 workers were lost" in status(hasty, made)["result"]
    assert replay(hasty, made)[-1].data["type"] == "task_finished"


def test_whoever_has_lost_a_task_does_not_learn_by_which_number_it_is_anothers(
    hasty: httpx.Client,
) -> None:
    made = create(hasty)
    with worker(hasty) as w:
        lost = w.task()
        assert w.begin(lost).status_code == 200
    with worker(hasty) as v:
        task = v.task()
        assert v.begin(task).status_code == 200
        # What is not a worker's may still be written, by somebody with an old copy of the task.
        answer = update(hasty, lost, title="T", execution_attempts=lost["execution_attempts"])
        assert (answer.status_code, answer.json()["title"]) == (200, "T")
        # The official client takes over the answer, and saves the whole of it at the end.
        late = update(hasty, made, **{**answer.json(), "status": "completed", "result": "late"})
        assert late.status_code == 409
        assert v.finish(task, "in time").json()["result"] == "in time"


def test_the_worker_of_a_stopped_task_is_told(http: httpx.Client) -> None:
    with worker(http) as w:
        create(http)
        task = w.task()
        w.begin(task)
        http.delete(f"/agent-execution/{task['id']}")
        told = w.next()
        assert (told.event, told.data) == (
            "task-stop",
            {"id": task["id"], "execution_attempts": 1},
        )
        assert w.finish(task).status_code == 409
        assert create(http)["id"] == w.task()["id"]


@pytest.mark.parametrize("status", ["pending", "completed"])
def test_a_worker_is_told_when_a_user_takes_its_task_away(http: httpx.Client, status: str) -> None:
    with worker(http) as w:
        create(http)
        task = w.task()
        w.begin(task)
        assert update(http, task, status=status).status_code == 200
        assert w.next().data == {"id": task["id"], "execution_attempts": 1}
        assert w.write(task, status="failed").status_code == 409


def test_a_worker_that_finishes_by_an_event_is_not_told_to_stop(http: httpx.Client) -> None:
    with worker(http) as w:
        create(http)
        task = w.task()
        w.begin(task)
        end = event("task_finished", task["id"], {"result": "r"})
        push(http, task, end, **{"x-execution-attempt": "1"})
        assert create(http)["id"] == w.task()["id"]


def test_a_task_stopped_before_it_was_begun_is_not_begun(http: httpx.Client) -> None:
    with worker(http) as w:
        create(http)
        task = w.task()
        http.delete(f"/agent-execution/{task['id']}")
        assert w.next().event == "task-stop"
        assert w.begin(task).status_code == 409


def test_a_worker_that_comes_back_by_its_name_keeps_its_tasks(hasty: httpx.Client) -> None:
    with worker(hasty) as w:
        create(hasty)
        task = w.task()
        w.begin(task)
    with worker(hasty, **{"x-worker-id": w.id}) as again:
        assert again.id == w.id
        until = time.monotonic() + 1.5 * HASTY.lease
        while time.monotonic() < until:
            again.beat()
            time.sleep(0.1)
        assert again.finish(task).status_code == 200


def test_the_newer_stream_of_one_name_replaces_the_older(http: httpx.Client) -> None:
    with worker(http) as w, worker(http, **{"x-worker-id": w.id}) as again:
        assert w.rest() == []
        create(http)
        assert again.task()["execution_attempts"] == 1


def test_a_name_of_another_agents_worker_is_not_given_away(http: httpx.Client) -> None:
    with worker(http) as w, worker(http, "other", **{"x-worker-id": w.id}) as other:
        assert other.id != w.id


class Crew:
    """Dispatch without sockets, and with a clock that waits."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.dispatch = Dispatch(store, Settings(), clock, Metrics())

    async def worker(self, peer: str = "10.0.0.1") -> WorkerSession:
        return await self.dispatch.register("o", "a", environment=None, peer=peer, worker_id=None)

    async def busy_worker(self, peer: str = "10.0.0.1") -> tuple[WorkerSession, str]:
        """A worker with a task that it is executing."""
        session = await self.worker(peer)
        put = await self.store.put("o", "a", {"input": {}}, task_id=str(uuid.uuid4()))
        with self.store.watch() as watch:
            while put.record.id not in session.held:
                await watch.wait(0.01)
        record = await self.store.patch("o", put.record.id, {"status": "executing"}, attempt=1)
        session.busy = True  # the next task is another worker's
        self.dispatch.on_task_written(record, 1)
        return session, record.id

    async def beat(self, session: WorkerSession) -> None:
        await self.dispatch.on_worker_message(
            "o", "a", session.id, "worker-heartbeat", None, session.peer
        )


@pytest.fixture
async def crew(store: Store, clock: Clock) -> AsyncIterator[Crew]:
    crew = Crew(store, clock)
    yield crew
    await crew.dispatch.close()


async def test_a_nameless_worker_that_showed_life_after_its_stream_broke_keeps_its_tasks(
    crew: Crew,
) -> None:
    session, task_id = await crew.busy_worker()
    crew.dispatch.leave(session)
    await crew.beat(session)
    again = await crew.worker()
    assert (await crew.store.get("o", task_id)).worker_id == again.id
    crew.clock.now += Settings().lease - 1
    await crew.beat(again)
    crew.clock.now += 2
    assert not await crew.store.sweep()


async def test_a_worker_that_was_killed_leaves_its_tasks_to_nobody(crew: Crew) -> None:
    session, task_id = await crew.busy_worker()
    crew.dispatch.leave(session)
    stranger = await crew.worker()
    assert stranger.held == {}
    assert (await crew.store.get("o", task_id)).worker_id == session.id
    crew.clock.now += Settings().lease
    await crew.beat(stranger)
    assert [before.id for before in (await crew.store.sweep()).requeued] == [task_id]


async def test_a_nameless_worker_does_not_get_the_tasks_of_one_that_has_a_name(crew: Crew) -> None:
    named = await crew.dispatch.register("o", "a", environment=None, peer="10.0.0.1", worker_id="w")
    put = await crew.store.put("o", "a", {"input": {}, "worker_id": "w"}, task_id="t")
    with crew.store.watch() as watch:
        while put.record.id not in named.held:
            await watch.wait(0.01)
    crew.dispatch.on_task_written(
        await crew.store.patch("o", "t", {"status": "executing"}, attempt=1), 1
    )
    # Killed, with a heartbeat under way that arrives behind the end of its stream.
    crew.dispatch.leave(named)
    await crew.dispatch.on_worker_message("o", "a", "w", "worker-heartbeat", None, "10.0.0.1")
    stranger = await crew.worker()
    assert stranger.held == {}
    crew.clock.now += Settings().lease
    await crew.beat(stranger)
    assert [before.id for before in (await crew.store.sweep()).requeued] == ["t"]


async def test_where_two_workers_were_cut_off_nobody_guesses_which_one_came_back(
    crew: Crew,
) -> None:
    for session, _ in [await crew.busy_worker() for _ in range(2)]:
        crew.dispatch.leave(session)
        await crew.beat(session)
    assert (await crew.worker()).held == {}


async def test_a_worker_from_elsewhere_is_another_worker(crew: Crew) -> None:
    session, _ = await crew.busy_worker()
    crew.dispatch.leave(session)
    await crew.beat(session)
    assert (await crew.worker("10.0.0.2")).held == {}


async def test_heartbeats_are_written_down_once_in_a_third_of_a_lease(crew: Crew) -> None:
    session, task_id = await crew.busy_worker()
    before = (await crew.store.get("o", task_id)).lease_until
    for _ in range(4):
        crew.clock.now += 2
        await crew.beat(session)
    assert (await crew.store.get("o", task_id)).lease_until == before
    crew.clock.now += 2
    await crew.beat(session)
    assert (await crew.store.get("o", task_id)).lease_until == crew.clock.now + Settings().lease


async def test_dispatch_goes_on_after_a_fault(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    claim, faults = crew.store.claim, iter([OSError("the disk"), HttpError(503, "the store")])

    async def faulty(*arguments: Any) -> Any:
        for fault in faults:
            raise fault
        return await claim(*arguments)

    monkeypatch.setattr(crew.store, "claim", faulty)
    crew.dispatch = Dispatch(crew.store, Settings(poll_interval=0.01), crew.clock, Metrics())
    await crew.busy_worker()
    assert caplog.text.count("no work was given out") == 2


async def test_trouble_with_one_worker_stays_with_it(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (one, told), (two, stopped) = await crew.busy_worker(), await crew.busy_worker("10.0.0.2")

    async def unreadable(*_: Any, **__: Any) -> Any:
        raise ValueError("no event of ours")

    monkeypatch.setattr(crew.store, "notifications", unreadable)
    again = await crew.dispatch.register("o", "a", environment=None, peer="", worker_id=one.id)
    await crew.dispatch.catch_up(again)
    assert list(again.held) == [told]
    assert caplog.text.count("was not told everything") == 1
    if not crew.store.presence.is_single_server:
        # As other servers do it.
        await crew.store.notify("o", told, {"key": "approval"})
        await crew.store.stop("o", stopped)
        await crew.dispatch._reconcile([again, two])
        await crew.dispatch.catch_up(again)
        assert (list(again.held), list(two.held)) == ([told], [])
        assert caplog.text.count("was not told everything") == 2


async def test_a_renewal_that_failed_is_tried_again_at_the_next_heartbeat(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, task_id = await crew.busy_worker()
    crew.clock.now += Settings().renewal

    async def away(*_: Any, **__: Any) -> Any:
        raise HttpError(503, "the store's database can't be reached")

    with monkeypatch.context() as patched:
        patched.setattr(crew.store, "renew", away)
        for _ in range(2):
            with pytest.raises(HttpError, match="503"):
                await crew.beat(session)
    await crew.beat(session)
    lease_until = (await crew.store.get("o", task_id)).lease_until
    assert lease_until == crew.clock.now + Settings().lease


async def test_a_silent_worker_is_offered_nothing_until_it_is_heard_again(crew: Crew) -> None:
    session = await crew.worker()
    crew.clock.now += Settings().worker_silence + 1
    await crew.store.put("o", "a", {"input": {}}, task_id="t")
    other = await crew.worker()
    with crew.store.watch() as watch:
        while not other.held:
            await watch.wait(0.01)
        assert not session.held
        await crew.store.put("o", "a", {"input": {}}, task_id="u")
        await crew.beat(session)
        while "u" not in session.held:
            await watch.wait(0.01)


async def test_servers_ask_each_second_only_for_workers_that_hold_something(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = await crew.busy_worker()
    idle = [await crew.worker(f"10.0.1.{number}") for number in range(5)]
    asked: list[set[tuple[str, str]]] = []
    held = crew.store.presence.list_held

    async def count(places: Any) -> Any:
        asked.append(set(places))
        return await held(places)

    monkeypatch.setattr(crew.store.presence, "list_held", count)
    for _ in range(RARELY):
        await crew.dispatch._beat()
    if crew.store.presence.is_single_server:
        assert not asked
    else:
        assert asked[:-1] == [{session.place}] * (RARELY - 1)
        assert asked[-1] == {session.place, *(each.place for each in idle)}


async def test_an_agents_queues_are_looked_at_when_there_is_something_in_them(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[dict[str | None, int]] = []
    queued = crew.store.measure_queues

    async def count(organization_id: str, agent_id: str, queues: Any) -> Any:
        looks.append(dict(queues))
        return await queued(organization_id, agent_id, queues)

    workers = [await crew.worker(f"10.0.1.{number}") for number in range(20)]
    with crew.store.watch() as watch:
        await watch.wait(0.2)  # what they begin with
        monkeypatch.setattr(crew.store, "measure_queues", count)
        for number in range(3):
            await crew.store.put("o", "a", {"input": {}}, task_id=f"t{number}")
            while f"t{number}" not in workers[number].held:
                await watch.wait(0.01)
    assert looks == [{None: 20}, {None: 19}, {None: 18}]


async def test_a_worker_is_sent_large_tasks_as_fast_as_it_takes_them(crew: Crew) -> None:
    session = await crew.dispatch.register(
        "o", "a", environment=None, peer="", worker_id="w", slots=64
    )
    for number in range(4):
        body = {"input": {"text": "x" * (2 * OUTBOX)}}
        await crew.store.put("o", "a", body, task_id=f"t{number}")
    for number in range(4):
        with crew.store.watch() as watch:
            while not session.outbox:
                await watch.wait(0.01)
        assert list(session.held) == [f"t{each}" for each in range(number + 1)]
        assert session.outbox_size < 3 * OUTBOX
        # While a task is on its way to the worker, its time to begin does not run out.
        crew.clock.now += Settings().offer_window - 1
        await crew.beat(session)
        await crew.dispatch._extend_offers()
        crew.clock.now += 2
        assert not await crew.store.sweep()
        taken, offers = session.take(1)
        assert (len(taken), offers) == (1, [f"t{number}"])
        session.note_written(taken, offers)
        if number < 3:
            begun = await crew.store.patch("o", f"t{number}", {"status": "executing"}, attempt=1)
            crew.dispatch.on_task_written(begun, 1)
        crew.dispatch.on_room(session)
    await crew.dispatch._extend_offers()
    crew.clock.now += Settings().offer_window
    assert [each.id for each in (await crew.store.sweep()).requeued] == ["t3"]


async def test_what_a_slow_worker_is_told_waits_in_the_store(crew: Crew) -> None:
    session, task_id = await crew.busy_worker()
    session.take(10**9)
    session.outbox_size = 0
    told = []
    for number in range(8):
        data = {"key": str(number), "data": "x" * (OUTBOX // 3)}
        appended = await crew.store.notify("o", task_id, data)
        await crew.dispatch.notify_holder(appended.record, appended.last_seq, data)
        assert session.outbox_size < 2 * OUTBOX
    while session.outbox:
        taken, offers = session.take(10**9)
        told += [orjson.loads(frame.partition(b"data: ")[2])["key"] for frame in taken]
        session.note_written(taken, offers)
        await crew.dispatch.catch_up(session)
    assert told == [str(number) for number in range(8)]
    assert (session.behind, session.outbox_size) == ({}, 0)


def test_a_worker_that_left_gets_no_more(http: httpx.Client) -> None:
    with worker(http) as leaving:
        assert leaving.say("worker-finished", {}).status_code == 200
        assert leaving.rest() == []
        create(http)
        with worker(http) as w:
            assert w.task()["execution_attempts"] == 1


def test_workers_that_nobody_knows_are_not_found(http: httpx.Client) -> None:
    body = {
        "id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11",
        "event": "worker-heartbeat",
        "data": "2026-01-02T03:04:05",
    }
    query = {"type": "worker", "agent_id": "sales"}
    assert http.post("/events/unknown", params=query, json=body).status_code == 404
    assert http.post("/events/unknown", json=body).status_code == 422


def test_a_task_for_one_worker_goes_to_that_one(http: httpx.Client) -> None:
    with worker(http) as one, worker(http) as two:
        for w in (two, one):
            made = create(http, worker_id=w.id)
            task = w.task()
            assert task["id"] == made["id"]
            w.begin(task)


def test_a_local_test_run_is_not_sent_but_belongs_to_its_worker(http: httpx.Client) -> None:
    with worker(http) as w:
        made = create(http, worker_id=w.id, run_locally=True)
        assert made["execution_attempts"] == 1
        assert w.begin(made).status_code == 200
        other = create(http)
        assert w.task()["id"] == other["id"]
        assert w.finish(made, "local").json()["result"] == "local"


@pytest.mark.slow
def test_a_task_that_a_worker_took_directly_is_its_like_any_other(hasty: httpx.Client) -> None:
    with worker(hasty) as w:
        made = create(hasty, worker_id="nobody")
        taken = update(hasty, made, status="executing", worker_id=w.id, run_locally=True).json()
        assert taken["execution_attempts"] == 1
        # Longer than a lease: heartbeats keep it, and it takes the only slot.
        until = time.monotonic() + HASTY.lease * 1.5
        while time.monotonic() < until:
            assert w.beat().status_code == 200
            time.sleep(0.2)
        assert status(hasty, made)["status"] == "executing"
        assert hasty.delete(f"/agent-execution/{made['id']}").status_code == 200
        told = w.next()
        assert (told.event, told.data["execution_attempts"]) == ("task-stop", 1)
        lost = create(hasty, worker_pool="reports")
        update(hasty, lost, status="executing", worker_id=w.id, run_locally=True)
    eventually(lambda: status(hasty, lost)["status"] == "pending", "its lease is over")


def test_a_quiet_channel_carries_comments(http: httpx.Client) -> None:
    with worker(http) as w:
        assert w.comment()


def test_a_worker_finds_its_task_again_after_a_restart_of_the_platform(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    with (
        LocalPlatform(store=store, settings=HASTY, api_key="k") as platform,
        httpx.Client(base_url=platform.url, headers={"x-api-key": "k"}) as http,
        worker(http) as w,
    ):
        made = create(http)
        task = w.task()
        w.begin(task)
    with (
        LocalPlatform(store=store, settings=HASTY, api_key="k") as platform,
        httpx.Client(base_url=platform.url, headers={"x-api-key": "k"}) as http,
    ):
        old = Worker.__new__(Worker)
        old._http, old._agent, old.id = http, "sales", w.id
        assert old.beat().status_code == 200
        with worker(http) as again:
            until = time.monotonic() + 1.5 * HASTY.lease
            while time.monotonic() < until:
                again.beat()
                time.sleep(0.1)
            assert again.finish(task, "after all").status_code == 200
        assert status(http, made)["execution_attempts"] == 1


def test_many_workers_do_many_tasks_each_once(http: httpx.Client) -> None:
    total, crew = 60, 4
    done: list[tuple[str, int]] = []
    enough = threading.Event()

    def run() -> None:
        with worker(http) as w:
            while not enough.is_set():
                frame = w.next()
                if frame.event == "agent-execution":
                    assert w.begin(frame.data).status_code == 200
                    assert w.finish(frame.data, "r").status_code == 200
                    done.append((frame.data["id"], frame.data["execution_attempts"]))

    threads = [threading.Thread(target=run, daemon=True) for _ in range(crew)]
    for thread in threads:
        thread.start()
    made = [create(http) for _ in range(total)]
    eventually(lambda: len(done) >= total, "all tasks are done")
    enough.set()
    for _ in range(crew):  # one more each, so that everybody looks up and sees that it's over
        create(http)
    for thread in threads:
        thread.join(20)
    assert {task["id"] for task in made} <= {task_id for task_id, _ in done}
    assert len({task_id for task_id, _ in done}) == len(done)
    assert {attempt for _, attempt in done} == {1}


def test_who_listens_is_listed_until_it_leaves(http: httpx.Client) -> None:
    def listed() -> list[dict[str, str]]:
        found: list[dict[str, str]] = http.get("/metadata/workers").json()
        return found

    assert listed() == []
    with worker(http) as one, worker(http, "mail") as two:
        assert listed() == [
            {"id": two.id, "agent_id": "mail"},
            {"id": one.id, "agent_id": "sales"},
        ]
    eventually(lambda: listed() == [], "nobody listens")


@pytest.mark.parametrize("field", ["lease", "offer_window", "max_attempts"])
def test_the_figures_are_those_that_were_promised(field: str) -> None:
    promised: dict[str, Any] = {"lease": 30.0, "offer_window": 10.0, "max_attempts": 3}
    assert getattr(Settings(), field) == promised[field]

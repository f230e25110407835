"""Which tasks workers are offered, over real sockets and without."""

import threading
from typing import Any

import httpx
import pytest

from tests.platform.dispatch.crew import Crew
from tests.platform.wire import (
    create,
    eventually,
    status,
    worker,
)
from xpander_client.platform import Settings
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.dispatch.sessions import OUTBOX
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics

pytestmark = pytest.mark.all_engines


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
        await crew.dispatch.offers.extend()
        crew.clock.now += 2
        assert not await crew.store.sweep()
        taken, offers = session.take(1)
        assert (len(taken), offers) == (1, [f"t{number}"])
        session.note_written(taken, offers)
        if number < 3:
            begun = await crew.store.patch("o", f"t{number}", {"status": "executing"}, attempt=1)
            crew.dispatch.on_task_written(begun, 1)
        crew.dispatch.on_room(session)
    await crew.dispatch.offers.extend()
    crew.clock.now += Settings().offer_window
    assert [each.id for each in (await crew.store.sweep()).requeued] == ["t3"]


def test_a_worker_that_left_gets_no_more(http: httpx.Client) -> None:
    with worker(http) as leaving:
        assert leaving.say("worker-finished", {}).status_code == 200
        assert leaving.rest() == []
        create(http)
        with worker(http) as w:
            assert w.task()["execution_attempts"] == 1


def test_a_task_for_one_worker_goes_to_that_one(http: httpx.Client) -> None:
    with worker(http) as one, worker(http) as two:
        for w in (two, one):
            made = create(http, worker_id=w.id)
            task = w.task()
            assert task["id"] == made["id"]
            w.begin(task)


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

"""Workers whose tasks begin with the offer."""

import itertools
from typing import Any

import httpx
import pytest

from tests.platform.dispatch.crew import Crew
from tests.platform.wire import create, event, eventually, push, replay, status, worker
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.errors import HttpError

pytestmark = pytest.mark.all_engines


def kinds(http: httpx.Client, task: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.data["type"], each.data["data"]["status"]) for each in replay(http, task)]


def test_a_task_comes_as_one_that_executes_and_its_followers_see_what_they_always_do(
    http: httpx.Client,
) -> None:
    told = create(http)
    with worker(http, slots="1") as w:
        w.begin(task := w.task())
        w.finish(task)
        w.say("worker-finished")
    begun = create(http)
    with worker(http, slots="1", begins="true") as w:
        task = w.task()
        assert task == status(http, begun)
        assert (task["status"], task["execution_attempts"]) == ("executing", 1)
        assert "started_at" in task
        assert w.finish(task).status_code == 200
    assert kinds(http, begun) == kinds(http, told)
    ended = status(http, begun)
    assert ended.keys() == status(http, told).keys()


def test_a_worker_is_never_given_more_than_it_has_slots(http: httpx.Client) -> None:
    made = [create(http) for _ in range(4)]
    with worker(http, slots="2", begins="true") as w:
        first, second = w.task(), w.task()
        push(http, first, event("chunk", first["id"], "a"), **{"x-execution-attempt": "1"})
        w.write(second, internal_status="half")
        assert [status(http, each)["execution_attempts"] for each in made] == [1, 1, 0, 0]
        w.finish(first)
        third = w.task()
        assert third["id"] == made[2]["id"]
        # One that is paused takes no slot until it goes on.
        w.write(second, status="paused")
        assert w.task()["id"] == made[3]["id"]


def test_a_worker_that_says_no_number_of_slots_has_one(http: httpx.Client) -> None:
    made = [create(http) for _ in range(2)]
    with worker(http, begins="true") as w:
        task = w.task()
        assert status(http, made[1])["status"] == "pending"
        w.finish(task)
        assert w.task()["id"] == made[1]["id"]


def test_a_task_that_is_set_to_pending_again_goes_to_another_worker(http: httpx.Client) -> None:
    create(http)
    with worker(http, begins="true") as one:
        task = one.task()
        with worker(http, begins="true") as other:
            assert one.write(task, status="pending").status_code == 200
            one.say("worker-capacity-update", {"is_busy": True})
            again = other.task()
            assert (again["id"], again["execution_attempts"]) == (task["id"], 2)
            assert other.finish(again).status_code == 200


def test_what_a_worker_holds_comes_again_when_it_listens_again(http: httpx.Client) -> None:
    for _ in range(3):
        create(http)
    with worker(http, slots="3", begins="true", **{"x-worker-id": "w"}) as w:
        unheard, heard, paused = w.task(), w.task(), w.task()
        w.write(heard, internal_status="half")
        w.write(paused, status="paused")
        # The stream breaks, and the first offer with it.
    with worker(http, slots="3", begins="true", **{"x-worker-id": "w"}) as w:
        w.beat()
        # There is room for one more, as one of the three is paused.
        fourth, fifth = create(http), create(http)
        came: list[dict[str, Any]] = []
        while not {unheard["id"], fourth["id"]} <= {each["id"] for each in came}:
            came.append(w.task())
        # What a server knows to have arrived does not come, but servers change.
        assert {each["id"] for each in came} <= {unheard["id"], heard["id"], fourth["id"]}
        assert {each["execution_attempts"] for each in came} == {1}
        assert status(http, fifth)["status"] == "pending"
        for task in (unheard, heard):
            assert w.finish(task).status_code == 200


def test_a_lost_offer_counts_as_a_loss_when_its_worker_is_gone(hasty: httpx.Client) -> None:
    task = create(hasty, on_worker_loss="error")
    with worker(hasty, begins="true") as w:
        assert w.task()["id"] == task["id"]
    eventually(lambda: status(hasty, task)["status"] == "error", "the lease has run out")
    assert "lost in attempt 1" in status(hasty, task)["result"]


def test_a_worker_that_ends_gives_back_what_it_never_said_anything_of(http: httpx.Client) -> None:
    task = create(http, on_worker_loss="error")
    with worker(http, begins="true") as w:
        w.task()
        w.say("worker-finished")
        eventually(lambda: status(http, task)["status"] == "pending", "it is given back")
    with worker(http, begins="true") as w:
        assert w.task()["execution_attempts"] == 2


def test_a_worker_that_is_stuck_keeps_what_it_has_taken_up_and_no_more(http: httpx.Client) -> None:
    for _ in range(3):
        create(http)
    with worker(http, slots="3", begins="true") as w:
        quiet, heard, unread = w.task(), w.task(), w.task()
        w.write(heard, internal_status="half")
        w.say("worker-capacity-update", {"is_busy": True, "running": [quiet["id"], [], None]})
        stop = w.next()
        assert (stop.event, stop.data) == (
            "task-stop",
            {"id": unread["id"], "execution_attempts": 1},
        )
        with worker(http, begins="true") as other:
            again = other.task()
            assert (again["id"], again["execution_attempts"]) == (unread["id"], 2)
        assert w.write(unread, status="executing").status_code == 409
        assert [w.finish(task).status_code for task in (quiet, heard)] == [200, 200]


def test_begins_is_true_or_false(http: httpx.Client) -> None:
    assert http.get("/events/sales/", params={"begins": "soon"}).status_code == 422


async def test_a_claim_of_unknown_fate_is_found_when_the_worker_is_back(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = crew.store.claim, itertools.count()

    async def claim_and_fail(*args: Any, **kwargs: Any) -> Any:
        claimed = await claim(*args, **kwargs)
        if claimed and next(failures) == 0:
            raise HttpError(503, "the answer was lost")
        return claimed

    monkeypatch.setattr(crew.store, "claim", claim_and_fail)

    async def listen() -> WorkerSession:
        return await crew.dispatch.register(
            "o", "a", environment=None, peer="", worker_id="w", begins=True
        )

    first = await listen()
    await crew.store.put("o", "a", {"input": {}}, task_id="t")
    with crew.store.watch() as watch:
        while first.listening:
            await watch.wait(0.01)
        second = await listen()
        while not second.outbox:
            await watch.wait(0.01)
    assert second.held == {"t": 1}
    assert next(failures) == 1

"""Who keeps a task and who loses it, over real sockets and without."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platform.conftest import HASTY
from tests.platform.dispatch.crew import Crew
from tests.platform.wire import (
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
from xpander_client.platform.foundation.errors import HttpError

pytestmark = pytest.mark.all_engines


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


@pytest.mark.parametrize("field", ["lease", "offer_window", "max_attempts"])
def test_the_figures_are_those_that_were_promised(field: str) -> None:
    promised: dict[str, Any] = {"lease": 30.0, "offer_window": 10.0, "max_attempts": 3}
    assert getattr(Settings(), field) == promised[field]

"""Tasks that are told something, whoever has them."""

import contextlib
from pathlib import Path
from typing import Any

import httpx
import orjson
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
from xpander_client.platform import LocalPlatform
from xpander_client.platform.dispatch.sessions import OUTBOX
from xpander_client.platform.rules import task_machine

pytestmark = pytest.mark.all_engines


def tell(
    http: httpx.Client,
    task: dict[str, Any],
    key: str = "approval",
    data: Any = True,
    **headers: str,
) -> httpx.Response:
    return http.post(
        f"/agent-execution/{task['id']}/notify", json={"key": key, "data": data}, headers=headers
    )


def own(http: httpx.Client, w: Worker, **body: Any) -> dict[str, Any]:
    """A task that is the worker's from the beginning, begun."""
    made = create(http, worker_id=w.id, run_locally=True, **body)
    assert w.begin(made).status_code == 200
    return made


def test_what_a_task_is_told_goes_to_its_worker_and_among_its_events(http: httpx.Client) -> None:
    with worker(http) as w:
        create(http)
        task = w.task()
        w.begin(task)
        assert tell(http, task, data={"by": "ann"}).json() == {"delivered": True}
        frame = w.next()
        assert frame.event == "task-notify"
        assert frame.data == {
            "id": task["id"],
            "execution_attempts": 1,
            "seq": 3,
            "key": "approval",
            "data": {"by": "ann"},
        }
        w.finish(task)
    events = replay(http, task)
    assert [event.data["type"] for event in events] == [
        "task_created",
        "task_updated",
        "task_updated",
        "task_finished",
    ]
    assert events[2].data["notification"] == {"key": "approval", "data": {"by": "ann"}}
    assert events[2].data["data"]["status"] == "executing"
    assert [index for index, event in enumerate(events) if "notification" in event.data] == [2]


def test_nobody_is_told_for_a_task_that_is_over_or_unknown(http: httpx.Client) -> None:
    task = create(http)
    update(http, task, status="completed")
    assert tell(http, task).status_code == 409
    assert tell(http, {"id": "unknown"}).status_code == 404
    assert http.post(f"/agent-execution/{task['id']}/notify", json={}).status_code == 422


def test_without_a_worker_nothing_is_delivered_and_all_is_kept(http: httpx.Client) -> None:
    task = create(http)
    assert tell(http, task, data=None).json() == {"delivered": False}
    update(http, task, status="completed")
    assert replay(http, task)[1].data["notification"] == {"key": "approval", "data": None}


def test_a_repeated_call_tells_once(http: httpx.Client) -> None:
    with worker(http) as w:
        task = own(http, w)
        for _ in range(2):
            assert tell(http, task, **{"idempotency-key": "k"}).json() == {"delivered": True}
        first = w.next()
        assert w.next().data == first.data
        assert tell(http, task, data=False, **{"idempotency-key": "k"}).status_code == 422
        w.finish(task)
    assert sum("notification" in event.data for event in replay(http, task)) == 1


def test_a_worker_that_was_away_is_told_when_it_is_back(http: httpx.Client) -> None:
    with worker(http) as w:
        task = own(http, w)
        tell(http, task, "first")
        assert w.next().data["key"] == "first"
    eventually(lambda: tell(http, task, "second").json() == {"delivered": False}, "it is away")
    with worker(http, **{"x-worker-id": w.id}) as again:
        seen = [again.next().data]
        while seen[-1]["key"] != "second":
            seen.append(again.next().data)
        assert [notice["seq"] for notice in seen] == list(range(3, 3 + len(seen)))


def test_a_worker_is_told_after_a_restart_of_the_platform(tmp_path: Path) -> None:
    def served() -> LocalPlatform:
        return LocalPlatform(store=tmp_path / "s.db", settings=HASTY, api_key="k")

    def client(platform: LocalPlatform) -> httpx.Client:
        return httpx.Client(base_url=platform.url, headers={"x-api-key": "k"}, timeout=20)

    with contextlib.ExitStack() as stack:
        platform = stack.enter_context(served())
        http = stack.enter_context(client(platform))
        w = stack.enter_context(worker(http))
        task = own(http, w)
    with served() as platform, client(platform) as http:
        assert tell(http, task).json() == {"delivered": False}
        with worker(http, **{"x-worker-id": w.id}) as again:
            assert again.next().data["key"] == "approval"


def test_events_of_earlier_releases_that_look_like_notices_are_none(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with worker(http) as w:
        task = own(http, w)
        with monkeypatch.context() as earlier:
            earlier.setattr(task_machine, "_OWN_KINDS", frozenset())
            for more in ({}, {"notification": {"key": "forged"}}):
                forged = {**event("notification", task["id"], None), **more}
                assert push(http, task, forged).status_code == 200
    eventually(lambda: tell(http, task).json() == {"delivered": False}, "it is away")
    with worker(http, **{"x-worker-id": w.id}) as again:
        assert again.next().data["key"] == "approval"


def test_the_next_worker_hears_what_the_lost_one_was_told(hasty: httpx.Client) -> None:
    with worker(hasty) as lost:
        made = create(hasty)
        lost.begin(lost.task())
        tell(hasty, made)
    with worker(hasty) as w:
        w.beat()
        assert w.task()["execution_attempts"] == 2
        notice = w.next()
        assert (notice.event, notice.data["execution_attempts"]) == ("task-notify", 2)


def test_a_task_that_is_continued_is_not_told_what_was_said_before(http: httpx.Client) -> None:
    with worker(http) as w:
        task = own(http, w)
        tell(http, task)
        assert w.next().event == "task-notify"
        w.finish(task)
        continued = create(http, id=task["id"])
        assert continued["id"] == task["id"]
        assert w.task()["execution_attempts"] == 2
        assert tell(http, task, "new").json() == {"delivered": True}
        assert w.next().data["key"] == "new"


def test_the_worker_of_a_task_from_its_beginning_is_told_to_stop(http: httpx.Client) -> None:
    with worker(http) as w:
        task = own(http, w)
        http.delete(f"/agent-execution/{task['id']}")
        assert w.next().data == {"id": task["id"], "execution_attempts": 1}


@pytest.mark.parametrize("begun", [True, False])
def test_a_task_that_is_not_to_be_restarted_ends_with_its_worker(
    hasty: httpx.Client, begun: bool
) -> None:
    with worker(hasty) as w:
        task = create(hasty, worker_id=w.id, run_locally=True, on_worker_loss="error")
        if begun:
            w.begin(task)
    eventually(lambda: status(hasty, task)["status"] == "error", "its lease is over")
    lost = f"worker {w.id} was lost in attempt 1; the task is not restarted"
    assert status(hasty, task)["result"] == lost
    assert replay(hasty, task)[-1].data["type"] == "task_finished"


def test_an_offer_that_nobody_takes_up_is_no_loss(hasty: httpx.Client) -> None:
    with worker(hasty) as deaf:
        made = create(hasty, on_worker_loss="error")
        assert deaf.task()["id"] == made["id"]
        with worker(hasty) as w:
            assert w.task()["execution_attempts"] == 2


def test_a_lost_task_of_a_pool_goes_to_the_pool_alone(hasty: httpx.Client) -> None:
    with worker(hasty) as w:
        made = create(hasty, worker_id=w.id, run_locally=True, worker_pool="reports")
        w.begin(made)
    with (
        worker(hasty) as ordinary,
        pool_worker(hasty, "others") as other,
        pool_worker(hasty, "reports") as mine,
    ):
        for each in (ordinary, other, mine):
            each.beat()
        task = mine.task()
        assert (task["id"], task["execution_attempts"]) == (made["id"], 2)
        mine.begin(task)
        mine.say("worker-finished", {})
        # The others got nothing, and the pool's workers get nothing of theirs.
        free = create(hasty)
        assert ordinary.task()["id"] == free["id"]
        for_other = create(hasty, worker_id=other.id)
        assert other.task()["id"] == for_other["id"]


@contextlib.contextmanager
def pool_worker(http: httpx.Client, pool: str) -> Any:
    with http.stream("GET", "/events/sales/", params={"pool": pool}) as response:
        yield Worker(http, "sales", response)


def test_progress_is_an_event_and_only_its_attempts(http: httpx.Client) -> None:
    with worker(http) as w:
        task = own(http, w)
        half = {"percent": 50, "message": "half"}
        assert w.write(task, progress=half).json()["progress"] == half
        stale = update(http, task, progress={"percent": 1}, execution_attempts=7)
        assert stale.status_code == 409
        assert w.write(task, progress={"percent": "much"}).status_code == 422
        w.finish(task)
    told = [event.data["data"].get("progress") for event in replay(http, task)]
    assert told == [None, None, half, half]


def test_threads_may_be_given_their_ids_each_once(http: httpx.Client) -> None:
    assert http.post("/memory", json={"id": "chat 1"}).json()["id"] == "chat 1"
    assert http.post("/memory", json={"id": "chat 1"}).status_code == 409
    keyed = {"idempotency-key": "k"}
    for _ in range(2):
        begun = http.post("/memory", json={"id": "chat-2"}, headers=keyed)
        assert begun.json()["id"] == "chat-2"
    assert http.post("/memory", json={"id": "x" * 201}).status_code == 422
    assert http.post("/memory", json={"id": "a\nb"}).status_code == 422
    http.put("/memory/chat%201", json=[{"role": "user", "content": "x"}])
    assert len(http.get("/memory/chat%201").json()["messages"]) == 1


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

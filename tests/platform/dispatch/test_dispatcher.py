"""Workers that listen, and what they are told of their tasks, over real sockets."""

import httpx
import pytest

from tests.platform.wire import (
    create,
    event,
    eventually,
    push,
    update,
    worker,
)
from xpander_client.platform.dispatch.frames import registration
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.settings import Settings

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


def test_the_newer_stream_of_one_name_replaces_the_older(http: httpx.Client) -> None:
    with worker(http) as w, worker(http, **{"x-worker-id": w.id}) as again:
        assert w.rest() == []
        create(http)
        assert again.task()["execution_attempts"] == 1


def test_a_name_of_another_agents_worker_is_not_given_away(http: httpx.Client) -> None:
    with worker(http) as w, worker(http, "other", **{"x-worker-id": w.id}) as other:
        assert other.id != w.id


def test_workers_that_nobody_knows_are_not_found(http: httpx.Client) -> None:
    body = {
        "id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11",
        "event": "worker-heartbeat",
        "data": "2026-01-02T03:04:05",
    }
    query = {"type": "worker", "agent_id": "sales"}
    assert http.post("/events/unknown", params=query, json=body).status_code == 404
    assert http.post("/events/unknown", json=body).status_code == 422


def test_a_local_test_run_is_not_sent_but_belongs_to_its_worker(http: httpx.Client) -> None:
    with worker(http) as w:
        made = create(http, worker_id=w.id, run_locally=True)
        assert made["execution_attempts"] == 1
        assert w.begin(made).status_code == 200
        other = create(http)
        assert w.task()["id"] == other["id"]
        assert w.finish(made, "local").json()["result"] == "local"


def test_a_quiet_channel_carries_comments(http: httpx.Client) -> None:
    with worker(http) as w:
        assert w.comment()


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


@pytest.mark.parametrize(
    ("settings", "interval"),
    [(Settings(), 5.0), (Settings(lease=6.0), 1.5), (Settings(worker_silence=3.0), 1.5)],
)
def test_a_sign_of_life_is_asked_for_often_enough_that_one_may_be_lost(
    settings: Settings, interval: float
) -> None:
    session = WorkerSession(
        id="w",
        organization_id="acme",
        agent_id="sales",
        environment=None,
        peer="",
        registered_at=1.0,
        heard_at=1.0,
        renewed_at=1.0,
    )
    said = registration(session, {}, settings.heartbeat_interval).decode()
    assert f'"heartbeat_interval":{interval}' in said
    assert 2 * settings.heartbeat_interval <= settings.worker_silence
    assert settings.renewal + 2 * settings.heartbeat_interval < settings.lease

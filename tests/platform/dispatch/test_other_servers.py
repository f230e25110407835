"""Several servers on one PostgreSQL: to clients and workers they are one."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import attrs
import httpx
import pytest

from tests.platform.conftest import HASTY, QUICK
from tests.platform.dispatch.crew import Crew
from tests.platform.wire import (
    create,
    event,
    eventually,
    frames,
    push,
    replay,
    status,
    update,
    worker,
)
from xpander_client.platform import LocalPlatform, Settings
from xpander_client.platform.stores.base.hints import RARELY


@contextlib.contextmanager
def server(address: str, settings: Settings = QUICK) -> Iterator[httpx.Client]:
    """A client of a server on the database."""
    platform = LocalPlatform(
        store=address, settings=settings, organization_id="acme", api_key="shared"
    )
    with (
        platform,
        httpx.Client(
            base_url=platform.url, headers={"x-api-key": "shared"}, timeout=20, verify=False
        ) as http,
    ):
        yield http


def speak(http: httpx.Client, worker_id: str) -> int:
    """A worker's heartbeat at this server; what came of it."""
    return http.post(
        f"/events/{worker_id}",
        params={"type": "worker", "agent_id": "sales"},
        json={
            "id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11",
            "event": "worker-heartbeat",
            "data": "2026-01-02T03:04:05",
        },
    ).status_code


@pytest.fixture
def one(postgres: str) -> Iterator[httpx.Client]:
    with server(postgres) as http:
        yield http


@pytest.fixture
def two(postgres: str, one: httpx.Client) -> Iterator[httpx.Client]:
    with server(postgres) as http:
        yield http


def test_what_is_created_at_one_server_is_worked_on_by_the_workers_of_another(
    one: httpx.Client, two: httpx.Client
) -> None:
    with worker(one) as w:
        made = create(two)
        task = w.task()
        assert task["id"] == made["id"]
        w.begin(task)
        w.finish(task, "42")
        assert status(two, made)["result"] == "42"
        assert [frame.data["type"] for frame in replay(two, made)] == [
            "task_created",
            "task_updated",
            "task_finished",
        ]


def test_a_task_goes_to_one_worker_of_all_servers(one: httpx.Client, two: httpx.Client) -> None:
    with worker(one) as w, worker(two) as v:
        made = {create(http)["id"] for http in (one, two)}
        tasks = w.task(), v.task()
        assert {task["id"] for task in tasks} == made


def test_a_worker_that_begins_at_another_server_is_ready_for_the_next_task(
    one: httpx.Client, two: httpx.Client
) -> None:
    with worker(one) as w:
        made = [create(one) for _ in range(3)]
        for expected in made:
            task = w.task()
            assert task["id"] == expected["id"]
            assert update(two, task, status="executing", execution_attempts=1).status_code == 200


def test_events_reach_those_who_follow_at_another_server(
    one: httpx.Client, two: httpx.Client
) -> None:
    task = create(one)
    with one.stream("GET", f"/agent-execution/{task['id']}/events") as response:
        stream = (frame for frame in frames(response) if not frame.comment)
        assert next(stream).data["type"] == "connected"
        assert next(stream).id == "1"
        for number in range(3):
            push(two, task, event("chunk", task["id"], str(number)))
            assert next(stream).data["data"] == str(number)
        two.delete(f"/agent-execution/{task['id']}")
        assert [frame.data["type"] for frame in stream] == ["task_finished"]


def test_a_worker_is_told_of_what_another_server_did_to_its_task(
    one: httpx.Client, two: httpx.Client
) -> None:
    with worker(one) as w:
        create(one)
        task = w.task()
        w.begin(task)
        told = two.post(
            f"/agent-execution/{task['id']}/notify", json={"key": "approval", "data": True}
        )
        assert told.json() == {"delivered": True}
        notice = w.next()
        assert (notice.event, notice.data["key"], notice.data["data"]) == (
            "task-notify",
            "approval",
            True,
        )
        two.delete(f"/agent-execution/{task['id']}")
        assert w.next().event == "task-stop"


def test_a_worker_is_told_of_a_task_that_was_deleted_at_another_server(
    one: httpx.Client, two: httpx.Client
) -> None:
    with worker(one) as w:
        create(one)
        task = w.task()
        w.begin(task)
        place = f"/agent-execution/executions/{task['id']}"
        assert two.delete(place, params={"stop": "true"}).status_code == 200
        told = w.next()
        assert (told.event, told.data["id"]) == ("task-stop", task["id"])
        assert w.finish(task).status_code == 404


def test_nobody_is_told_where_no_server_has_the_worker(
    one: httpx.Client, two: httpx.Client
) -> None:
    with worker(one) as w:
        create(one)
        task = w.task()
        w.begin(task)
    told = {"key": "approval", "data": True}

    def undelivered() -> bool:
        answer = two.post(f"/agent-execution/{task['id']}/notify", json=told)
        return bool(answer.json() == {"delivered": False})

    eventually(undelivered, "the worker is gone at the other server, too")


def test_a_worker_keeps_its_tasks_when_it_comes_back_at_another_server(
    one: httpx.Client, two: httpx.Client
) -> None:
    with worker(one) as w:
        create(one)
        task = w.task()
        w.begin(task)
        with worker(two, **{"x-worker-id": w.id}) as again:
            assert again.id == w.id
            assert w.rest() == []  # the first server lets go of it
            two.delete(f"/agent-execution/{task['id']}")
            assert again.next().data == {"id": task["id"], "execution_attempts": 1}


def test_a_worker_whose_server_is_gone_keeps_its_leases_by_speaking_to_another(
    postgres: str, two: httpx.Client
) -> None:
    with server(postgres) as gone, worker(gone) as w:
        create(gone)
        task = w.task()
        w.begin(task)
        identity = w.id
    assert speak(two, identity) == 200
    assert speak(two, "stranger") == 404
    # One without a name that comes from there is the one that was cut off, and no other.
    with worker(two) as again:
        two.delete(f"/agent-execution/{task['id']}")
        assert again.next().data == {"id": task["id"], "execution_attempts": 1}


def test_a_worker_that_listens_is_never_taken_for_another(
    one: httpx.Client, two: httpx.Client
) -> None:
    with worker(one) as w:
        create(one)
        task = w.task()
        w.begin(task)
        assert speak(two, w.id) == 200
        with worker(two) as newcomer:
            assert newcomer.id != w.id
            two.delete(f"/agent-execution/{task['id']}")
            assert w.next().event == "task-stop"


@pytest.mark.slow
def test_a_heartbeat_counts_at_whichever_server_it_arrives(postgres: str) -> None:
    settings = attrs.evolve(HASTY, worker_silence=1.0, lease=3.0)
    with server(postgres, settings) as one, server(postgres, settings) as two, worker(one) as w:
        create(one)
        task = w.task()
        w.begin(task)

        over = time.monotonic() + 5
        while time.monotonic() < over:
            assert speak(two, w.id) == 200
            time.sleep(0.05)
        # Longer than a lease has passed, and than a silent worker gets anything new.
        assert status(one, task)["execution_attempts"] == 1
        made = create(two)
        assert w.task()["id"] == made["id"]
        assert w.finish(task).status_code == 200


def test_leases_run_out_at_whichever_server_looks_first(postgres: str) -> None:
    with server(postgres, HASTY) as one, server(postgres, HASTY) as two:
        with worker(one) as w:
            create(one)
            task = w.task()
            w.begin(task)
        with worker(two) as v:
            again = v.task()
            assert (again["id"], again["execution_attempts"]) == (task["id"], 2)


def test_lists_and_agents_are_the_same_at_all_servers(one: httpx.Client, two: httpx.Client) -> None:
    ids = [create(http)["id"] for http in (one, two, one, two)]
    for http in (one, two):
        listed = http.get("/agent-execution/executions/history/sales").json()
        assert [item["id"] for item in listed] == ids[::-1]
        assert [agent["id"] for agent in http.get("/agents/list").json()] == ["sales"]


def test_workers_are_listed_wherever_they_listen(one: httpx.Client, two: httpx.Client) -> None:
    with worker(one) as here, worker(two) as there:
        for http in (one, two):
            listed = http.get("/metadata/workers").json()
            assert {each["id"] for each in listed} == {here.id, there.id}


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
        await crew.dispatch.other_servers.reconcile([again, two])
        await crew.dispatch.catch_up(again)
        assert (list(again.held), list(two.held)) == ([told], [])
        assert caplog.text.count("was not told everything") == 2


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
        await crew.dispatch.other_servers.beat()
    if crew.store.presence.is_single_server:
        assert not asked
    else:
        assert asked[:-1] == [{session.place}] * (RARELY - 1)
        assert asked[-1] == {session.place, *(each.place for each in idle)}

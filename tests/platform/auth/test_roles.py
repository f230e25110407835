"""What keys of each role may do, when keys end, and when they were last used."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.platform.http.test_scope import routes
from tests.platform.serving import WatchedStore, beside, caller, serving
from tests.platform.wire import Worker, create, event, eventually, push, status, update, worker
from xpander_client.platform.app import Platform
from xpander_client.platform.auth import keys
from xpander_client.platform.auth.access import APPLICATION, READER, ROLES, WORKER
from xpander_client.platform.auth.keys import StoredKeys
from xpander_client.platform.auth.roles import RULES


@attrs.frozen
class Company:
    """A platform, and a caller of each role beside one without."""

    platform: Platform
    boss: httpx.Client
    application: httpx.Client
    worker: httpx.Client
    reader: httpx.Client
    keys: dict[str | None, str]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    path = tmp_path_factory.mktemp("roles") / "s.db"

    async def make(store: Any) -> dict[str | None, str]:
        roles = (None, APPLICATION, WORKER, READER)
        return {role: (await keys.create(store, "acme", role=role, now=1.0))[0] for role in roles}

    made = asyncio.run(beside(path, make))
    platform = Platform(WatchedStore(path, QUICK), None, settings=QUICK)
    with (
        serving(platform) as url,
        caller(url, made[None]) as boss,
        caller(url, made[APPLICATION]) as application,
        caller(url, made[WORKER]) as working,
        caller(url, made[READER]) as reader,
    ):
        yield Company(platform, boss, application, working, reader, made)


@pytest.fixture
def agent(request: pytest.FixtureRequest) -> str:
    """An agent of the test's own."""
    return str(request.node.name).replace("[", "-").strip("]")


def test_there_is_a_rule_for_every_operation_and_it_holds(company: Company) -> None:
    seen = set()
    for method, route in routes(company.platform):
        if route.path in ("/health", "/ready"):
            continue
        seen.add((method, route.path))
        path = route.path
        for name in route.ids:
            path = path.replace(f"{{{name}}}", "nothing")
        for role in ROLES - RULES.get((method, route.path), frozenset()):
            client = getattr(company, role)
            answer = client.request(method, path)
            assert answer.status_code == 403, (role, method, path)
            said = f"this key has the role {role}, which may not do this"
            assert answer.json() == {"detail": said}
    assert seen == RULES.keys()
    assert not any(READER in roles for (method, _), roles in RULES.items() if method == "DELETE")


def test_a_reader_reads(company: Company, agent: str) -> None:
    task = create(company.boss, agent)
    assert status(company.reader, task) == task
    listed = company.reader.get(f"/agent-execution/executions/history/{agent}").json()
    assert [item["id"] for item in listed] == [task["id"]]
    assert company.reader.get("/agents/list").is_success
    assert update(company.reader, task, title="T").status_code == 403
    body = {"api_key": company.keys[READER]}
    told = company.boss.post("/metadata/api_key_allowance", json=body).json()
    assert told["agent_ids"] == []  # so no worker runs anything for it


def test_an_application_changes_tasks_as_their_user_and_speaks_for_no_attempt(
    company: Company, agent: str
) -> None:
    with worker(company.worker, agent) as w:
        made = create(company.application, agent)
        task = w.task()
        w.begin(task)
        lease = {"x-execution-attempt": "1"}
        assert update(company.application, {**task}, **{**task, "title": "T"}).is_success
        assert status(company.boss, made)["title"] == "T"
        chunk = event("chunk", task["id"], "x")
        assert push(company.application, task, chunk, **lease).is_success
        free = create(company.application, agent, worker_id="nobody")
        claim = update(company.application, free, status="executing", worker_id="s")
        assert (claim.status_code, "takes no tasks" in claim.json()["detail"]) == (403, True)
        assert company.application.delete(f"/agent-execution/{made['id']}").is_success
        assert w.next().event == "task-stop"


def test_a_stopped_task_is_taken_up_again_by_those_who_may_not_be_its_worker(
    company: Company, agent: str
) -> None:
    with worker(company.worker, agent) as w:
        create(company.application, agent)
        task = w.task()
        w.begin(task)
        stopped = company.application.delete(f"/agent-execution/{task['id']}").json()
        paused = stopped | {"status": "paused"}
        assert update(company.worker, task, **paused).status_code == 409
        # Whoever saves all of it can go on doing so.
        answer = update(company.boss, task, **paused).json()
        assert (answer["status"], answer["execution_attempts"]) == ("paused", 2)
        done = update(company.boss, task, **answer | {"status": "completed", "result": "r"})
        assert done.json()["result"] == "r"


@pytest.mark.parametrize("door", ["update", "finish", "stop", "push", "operation"])
def test_a_worker_ends_nothing_that_another_attempt_holds(
    company: Company, agent: str, door: str
) -> None:
    with worker(company.boss, agent) as w:
        create(company.boss, agent)
        task = w.task()
        w.begin(task)
        path = f"/agent-execution/{task['id']}"
        ending = {"status": "completed", "result": "hacked"}

        def end(http: httpx.Client, **headers: str) -> httpx.Response:
            if door == "update":
                return http.patch(f"{path}/update", json=ending, headers=headers)
            if door == "finish":
                return http.patch(f"{path}/finish", json=ending, headers=headers)
            if door == "stop":
                return http.delete(path, headers=headers)
            if door == "push":
                return push(http, task, event("task_finished", task["id"], ending), **headers)
            return http.post(
                f"/agents/{agent}/{task['id']}/operations/xpfinish-agent-execution-finished",
                json={"body_params": {"is_success": True, "result": "hacked"}},
                headers=headers,
            )

        for headers in ({}, {"x-execution-attempt": "0"}, {"x-execution-attempt": "7"}):
            assert end(company.worker, **headers).status_code == 409
        assert status(company.boss, task)["status"] == "executing"
        assert w.finish(task).is_success


def test_a_key_for_workers_is_all_that_a_worker_needs(company: Company, agent: str) -> None:
    with worker(company.worker, agent) as w:
        assert isinstance(w, Worker)
        create(company.application, agent)
        task = w.task()
        assert w.begin(task).is_success
        assert w.beat().is_success
        held = {"x-execution-attempt": str(task["execution_attempts"])}
        assert push(company.worker, task, event("chunk", task["id"], "x"), **held).is_success
        assert w.finish(task).json()["status"] == "completed"
        free = create(company.worker, agent, worker_id="s")
        taken = update(company.worker, free, status="executing", worker_id="s").json()
        assert taken["execution_attempts"] == 1
        paused = create(company.boss, agent, worker_id="nobody")
        update(company.boss, paused, status="paused")
        body = {"id": paused["id"], "input": {"text": "x"}}
        assert company.worker.post(f"/agent-execution/{agent}", json=body).status_code == 403


# Ends and uses ------------------------------------------------------------------------------------


def test_a_key_opens_nothing_once_it_has_expired_and_its_streams_end(tmp_path: Path) -> None:
    path = tmp_path / "s.db"

    async def make(store: Any) -> str:
        now = time.time()
        return (await keys.create(store, "acme", expires_at=now + 3, now=now))[0]

    key = asyncio.run(beside(path, make))
    settings = attrs.evolve(QUICK, cache_ttl=0.2)
    with serving(Platform(WatchedStore(path, settings), None, settings=settings)) as url:  # noqa: SIM117
        with caller(url, key) as client, worker(client, "sales") as w:
            assert client.get("/agents/list").status_code == 200
            eventually(lambda: client.get("/agents/list").status_code == 401, "it has expired")
            assert w.rest() == []


async def test_when_a_key_was_last_used_is_written_apart_and_not_for_each_use(
    tmp_path: Path, clock: Any
) -> None:
    async def use(store: Any) -> None:
        first, _ = await keys.create(store, "acme", now=1.0)
        second, _ = await keys.create(store, "acme", role="reader", expires_at=2e6, now=2.0)
        opened = StoredKeys(store, QUICK, clock)
        for _ in range(100):
            assert await opened.access(first)
        assert await opened.access(first[:-1] + "x") is None
        assert [each.last_used_at for each in await keys.list_keys(store)] == [None, None]
        await opened.note_uses()
        assert await keys.revoke(store, keys.read_key_id(first), now=3.0)
        clock.now += 60
        found = await opened.access(second)
        assert found is not None
        assert found.role == "reader"
        await opened.note_uses()
        [left] = await keys.list_keys(store)
        assert (left.last_used_at, left.role) == ("1970-01-12T13:47:40.000000+00:00", "reader")
        assert left.expires_at == "1970-01-24T03:33:20.000000+00:00"
        versions = [each.version for each in await store.doc_list(keys.NOBODY, keys.USE)]
        assert versions == [1, 1]
        clock.now = 2e6
        assert await opened.access(second) is None

    await beside(tmp_path / "s.db", use)

"""`POST /invoke` for callers who may do less than the worker: it does nothing that they may not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.platform.serving import beside, caller, serving
from tests.platform.wire import create, eventually, status, update
from tests.raw_server import Connection, RawServer
from tests.worker.conftest import AGENT
from tests.worker.test_direct import invoking, unknown_task
from xpander_client import Configuration, NotFoundError, Task
from xpander_client.core.serialization import loads
from xpander_client.platform.agents.file import parse_agents
from xpander_client.platform.app import Platform
from xpander_client.platform.auth import keys
from xpander_client.platform.stores.sqlite.store import SqliteStore
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker.attempts.activity_digest import digest_activity
from xpander_client.worker.attempts.attempt import WorkerContext
from xpander_client.worker.attempts.handler import inspect_handler
from xpander_client.worker.attempts.running import RunningAttempts
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.channel.capacity import Capacity
from xpander_client.worker.direct import DirectInvocations
from xpander_client.worker.http import Caller


@pytest.fixture(autouse=True)
def _free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPANDER_STREAMING_PORT", "0")


@attrs.frozen
class Office:
    """A worker of one agent, and the keys of callers."""

    boss: httpx.Client
    clerks_key: str
    invoke: Callable[..., Awaitable[httpx.Response]]
    ran: list[str]
    revoke: Callable[[], Awaitable[object]]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    path = tmp_path / "s.db"

    async def make(store: Any) -> list[str]:
        return [
            (await keys.create(store, "acme", agent_ids=ids, now=1.0))[0] for ids in (None, [AGENT])
        ]

    boss_key, clerks_key = await beside(path, make)
    settings = attrs.evolve(QUICK, cache_ttl=0.1)
    platform = Platform(
        SqliteStore(path, settings),
        None,
        agents=parse_agents([{"id": AGENT}, {"id": "another"}]),
        create_agents=False,
        settings=settings,
    )
    ran: list[str] = []

    async def handler(task: Task) -> Task:
        ran.append(task.id)
        task.result = "OVERWRITTEN"
        return task

    with serving(platform) as url, caller(url, boss_key) as boss:
        configuration = Configuration(
            api_key=boss_key, base_url=url, organization_id="acme", agent_id=AGENT
        )
        async with invoking(handler, configuration) as client:

            async def invoke(body: Any, key: str = clerks_key) -> httpx.Response:
                return await client.post("/invoke", json=body, headers={"x-api-key": key})

            def revoke() -> Awaitable[object]:
                key_id = keys.read_key_id(clerks_key)
                return beside(path, lambda store: keys.revoke(store, key_id, now=2.0))

            yield Office(boss, clerks_key, invoke, ran, revoke)


@pytest.mark.parametrize("state", ["pending", "executing", "held", "completed"])
async def test_a_worker_does_nothing_to_a_task_that_its_callers_key_does_not_reach(
    office: Office, state: str
) -> None:
    made = create(office.boss, "another", worker_id="nobody")
    if state == "held":
        update(office.boss, made, status="executing", worker_id="w2")
    elif state != "pending":
        update(office.boss, made, status=state)
    before = status(office.boss, made)
    of_another = await office.invoke({**before, "agent_id": AGENT})
    unknown = await office.invoke({**before, "agent_id": AGENT, "id": "t-unknown"})
    assert (of_another.status_code, unknown.status_code) == (404, 404)
    assert of_another.text.replace(made["id"], "t-unknown") == unknown.text
    assert status(office.boss, made) == before
    assert office.ran == []


async def test_a_worker_runs_its_own_agents_tasks_for_a_key_that_reaches_them(
    office: Office,
) -> None:
    made = create(office.boss, AGENT, worker_id="nobody")
    answer = await office.invoke(made)
    assert (answer.status_code, answer.json()["result"]) == (200, "OVERWRITTEN")
    theirs = create(office.boss, "another", worker_id="nobody")
    boss_key = office.boss.headers["x-api-key"]
    refused = await office.invoke({**theirs, "agent_id": AGENT}, boss_key)
    assert refused.json() == {"detail": "the task is another agent's", "path": "$.id"}
    assert refused.status_code == 400
    assert status(office.boss, theirs) == theirs
    # For a key that reaches everything, what is not there is only unknown.
    assert (await office.invoke({**theirs, "agent_id": AGENT, "id": "x"}, boss_key)).is_success
    assert office.ran == [made["id"], "x"]


async def test_a_task_that_another_worker_executes_is_refused_to_those_who_may_see_it(
    office: Office,
) -> None:
    made = create(office.boss, AGENT, worker_id="w2")
    update(office.boss, made, status="executing", worker_id="w2")
    before = status(office.boss, made)
    answer = await office.invoke(before)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "worker w2 has the task, in attempt 1",
    )
    assert status(office.boss, made) == before
    assert office.ran == []


async def test_a_key_that_is_revoked_opens_a_worker_no_longer_than_the_platform(
    office: Office,
) -> None:
    assert (await office.invoke(create(office.boss, AGENT, worker_id="nobody"))).is_success
    await office.revoke()
    made = create(office.boss, AGENT, worker_id="nobody")
    with caller(str(office.boss.base_url), office.clerks_key) as clerk:
        eventually(lambda: clerk.get("/agents/list").status_code == 401, "it is refused")
    answer = await office.invoke(made)
    assert answer.status_code == 403
    assert len(office.ran) == 1


async def test_what_a_handler_asks_about_an_unknown_task_is_asked_with_its_callers_key() -> None:
    seen: list[str | None] = []

    def unknown(connection: Connection) -> None:
        seen.append(connection.header("x-api-key"))
        connection.answer(b'{"detail": "there is no task"}', 404, "connection: close")

    async def handler(task: Task) -> Task:
        with pytest.raises(NotFoundError):
            await task.areload()
        return task

    with RawServer(unknown, unknown) as server:
        configuration = server.configuration()
        transport = Transport(configuration, Pool(configuration))
        context = WorkerContext(
            inspect_handler(handler), transport, HandlerThreads(1), digest_activity
        )
        attempts = RunningAttempts(Capacity(transport, AGENT, 1))
        invocations = DirectInvocations(AGENT, context, attempts, lambda: "w")
        task = loads(json.dumps(unknown_task()).encode(), Task)
        await invocations.run(await invocations.admit(task, Caller("its-callers")))
        await transport.aclose()
    assert seen == ["its-callers", "its-callers"]

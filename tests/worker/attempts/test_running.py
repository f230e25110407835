"""Attempts in their slots: which are known, and which are handed back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.raw_server import Connection, RawServer, Script
from xpander_client import Task
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker.attempts.activity_digest import digest_activity
from xpander_client.worker.attempts.attempt import Attempt, WorkerContext
from xpander_client.worker.attempts.handler import inspect_handler
from xpander_client.worker.attempts.running import RunningAttempts
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.channel.capacity import Capacity

OFFER = {
    "id": "t1",
    "agent_id": "sales",
    "organization_id": "org",
    "input": {"text": "sum up"},
    "created_at": "2026-01-02T03:04:05Z",
    "status": "executing",
    "execution_attempts": 2,
}


def answering(status: int = 200, **fields: Any) -> Script:
    body = json.dumps({**OFFER, **fields}).encode()
    return lambda connection: connection.answer(body, status, "connection: close")


def sent(connection: Connection) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(connection.request.partition("\r\n\r\n")[2])
    return body


class Bench:
    """A worker's attempts at a task, on a platform of scripts."""

    def __init__(self, server: RawServer) -> None:
        self.ran = 0
        self.transport = Transport(configuration := server.configuration(), Pool(configuration))
        self.capacity = Capacity(self.transport, "sales", 1)
        self.attempts = RunningAttempts(self.capacity)

        async def handler(task: Task) -> Task:
            self.ran += 1
            task.result = "r"
            return task

        self._context = WorkerContext(
            inspect_handler(handler), self.transport, HandlerThreads(1), digest_activity
        )

    def begun(self) -> Attempt:
        body = json.dumps(OFFER).encode()
        return Attempt("t1", 2, body, self._context, is_begun=True)


@asynccontextmanager
async def bench(server: RawServer) -> AsyncIterator[Bench]:
    made = Bench(server)
    yield made
    await made.capacity.aclose()
    await made.transport.aclose()


async def test_a_task_that_is_begun_costs_one_request_and_is_known_afterwards() -> None:
    with RawServer(answering(status=200, result="r")) as server:
        async with bench(server) as at:
            assert not at.attempts.has("t1", 2)
            assert (await at.attempts.start(at.begun())).task is not None
            # It may be sent again, by a platform that does not know that it arrived.
            assert at.attempts.has("t1", 2)
            assert not at.attempts.has("t1", 3)
            assert not at.attempts.has("t1")
    [end] = map(sent, server.connections)
    assert (end["status"], end["execution_attempts"]) == ("completed", 2)
    assert at.ran == 1


async def test_what_is_begun_and_gets_no_slot_is_handed_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("xpander_client.worker.attempts.running._PATIENCE", 0.01)
    with RawServer(answering(status=200)) as server:
        async with bench(server) as at:
            await at.capacity.take()
            ended = await at.attempts.start(at.begun())
            assert (ended.task, ended.failure) == (None, "no slot was free for it")
    assert [sent(each) for each in server.connections] == [
        {"status": "pending", "execution_attempts": 2}
    ]
    assert at.ran == 0


async def test_what_may_have_been_handed_back_begins_with_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("xpander_client.worker.attempts.running._PATIENCE", 0.01)
    tried = asyncio.Event()
    loop = asyncio.get_running_loop()

    def lost(connection: Connection) -> None:
        connection.answer(b"{}", 400, "connection: close")
        loop.call_soon_threadsafe(tried.set)

    with RawServer(lost, answering(status=409)) as server:
        async with bench(server) as at:
            await at.capacity.take()
            running = at.attempts.start(at.begun())
            await tried.wait()
            monkeypatch.setattr("xpander_client.worker.attempts.running._PATIENCE", 10.0)
            at.capacity.free()
            assert (await running).task is None
    assert [sent(each)["status"] for each in server.connections][-1] == "executing"
    assert at.ran == 0


async def test_what_waits_for_a_slot_when_the_worker_ends_is_handed_back() -> None:
    with RawServer(answering(status=200)) as server:
        async with bench(server) as at:
            await at.capacity.take()
            at.attempts.start(at.begun())
            await asyncio.sleep(0)
            await at.attempts.wind_down(10.0)
    assert [sent(each)["status"] for each in server.connections] == ["pending"]


@pytest.mark.parametrize("turns", range(4))
async def test_what_gets_its_slot_as_the_worker_ends_is_run_or_handed_back(turns: int) -> None:
    with RawServer(*[answering(status=200, result="r")] * 2) as server:
        async with bench(server) as at:
            await at.capacity.take()
            at.attempts.start(at.begun())
            for _ in range(5):
                await asyncio.sleep(0)
            at.capacity.free()
            for _ in range(turns):
                await asyncio.sleep(0)
            await at.attempts.wind_down(10.0)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)
    [end] = [sent(each)["status"] for each in server.connections]
    assert end == ("completed" if at.ran else "pending")


async def test_an_attempt_whose_number_is_not_known_yet_is_any() -> None:
    with RawServer() as server:
        async with bench(server) as at:
            await at.capacity.take()
            claimed = Attempt("t1", None, b"{}", at._context)
            running = at.attempts.start(claimed)
            assert at.attempts.has("t1", 7)
            running.cancel()

"""`POST /invoke`: a task that reaches the worker directly is run like one that was sent to it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.worker.conftest import AGENT
from tests.worker.events import chunk
from tests.worker.test_worker import Said, create, working
from xpander_client import Configuration, Task, Tasks, TaskUpdateEvent, TaskUpdateEventType
from xpander_client.core.serialization import dumps
from xpander_client.platform import LocalPlatform
from xpander_client.transport import Transport
from xpander_client.worker import Worker
from xpander_client.worker.attempts import attempt
from xpander_client.worker.attempts.activity_digest import digest_activity
from xpander_client.worker.attempts.attempt import WorkerContext
from xpander_client.worker.attempts.handler import HandlerFunction, inspect_handler
from xpander_client.worker.attempts.running import RunningAttempts
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.channel.capacity import Capacity
from xpander_client.worker.direct import DirectInvocations
from xpander_client.worker.http import Caller


@pytest.fixture(autouse=True)
def _free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPANDER_STREAMING_PORT", "0")


@asynccontextmanager
async def invoking(
    handler: HandlerFunction, configuration: Configuration, **options: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a worker that serves `POST /invoke`."""
    async with Worker(handler, configuration, http=True, **options) as worker:
        await worker.registered()
        assert worker.url is not None
        headers = {"x-api-key": configuration.required("api_key")}
        async with httpx.AsyncClient(
            base_url=worker.url, headers=headers, timeout=20, verify=False
        ) as client:
            yield client


async def task_for_nobody(configuration: Configuration, **more: Any) -> Task:
    """A task that the platform sends to no worker."""
    return await create(Tasks(configuration), worker_id="nobody", events_streaming=True, **more)


def unknown_task(task_id: str = "task-of-nobody") -> dict[str, Any]:
    return {
        "id": task_id,
        "agent_id": AGENT,
        "organization_id": "local",
        "input": {"text": "do it"},
        "created_at": "2026-01-02T03:04:05Z",
    }


async def events_of(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line[6:])


async def regular(task: Task) -> Task:
    task.result = f"{task.input.text}, {task.status}"
    return task


async def streaming(task: Task) -> AsyncIterator[TaskUpdateEvent]:
    yield chunk(task, "one")
    task.result = "done"


async def test_the_platform_sees_an_invoked_task_executing_and_then_its_result(
    configuration: Configuration,
) -> None:
    async with invoking(regular, configuration) as client:
        task = await task_for_nobody(configuration)
        answer = await client.post("/invoke", content=dumps(task))
    assert answer.status_code == 200
    assert answer.json()["result"] == "do it, executing"
    statuses = [event.data.status async for event in task.aevents() if isinstance(event.data, Task)]
    assert statuses == ["pending", "executing", "completed"]
    await task.areload()
    assert task.result == "do it, executing"


async def test_a_handler_that_raises_is_a_500_and_the_task_ends_as_error(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        raise ValueError("no such region")

    async with invoking(handler, configuration) as client:
        task = await task_for_nobody(configuration)
        answer = await client.post("/invoke", content=dumps(task))
    assert (answer.status_code, answer.json()) == (500, {"error": "no such region"})
    await task.areload()
    assert (task.status, task.result) == ("error", "no such region")


async def test_a_streaming_handler_that_raises_ends_the_stream_with_the_failed_task(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "one")
        raise ValueError("no such region")

    async with invoking(handler, configuration) as client:
        task = await task_for_nobody(configuration)
        async with client.stream("POST", "/invoke", content=dumps(task)) as answer:
            events = [event async for event in events_of(answer)]
    assert [event["type"] for event in events] == ["chunk", "task_finished"]
    assert events[-1]["data"]["status"] == "error"
    assert events[-1]["data"]["result"] == "no such region"


@pytest.mark.parametrize("kind", ["sync", "async", "streaming"])
async def test_a_task_that_its_caller_stops_at_the_platform_ends_its_handler(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(attempt, "_LOOK_EVERY", 0.05)
    begun, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def wait_long() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def in_a_thread(task: Task) -> Task:
        loop.call_soon_threadsafe(begun.set)
        for _ in range(2_000):
            if task.is_stop_requested:
                loop.call_soon_threadsafe(ended.set)
                break
            time.sleep(0.01)
        return task

    async def on_the_loop(task: Task) -> Task:
        await wait_long()
        return task

    async def in_events(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        await wait_long()
        yield chunk(task, "never")

    handlers: dict[str, HandlerFunction] = {
        "sync": in_a_thread,
        "async": on_the_loop,
        "streaming": in_events,
    }
    async with invoking(handlers[kind], configuration, max_sync_workers=1) as client:
        task = await task_for_nobody(configuration)
        answering = asyncio.create_task(client.post("/invoke", content=dumps(task)))
        await asyncio.wait_for(begun.wait(), 20)
        await task.astop()
        await asyncio.wait_for(ended.wait(), 20)
        answer = await answering
        assert "it was stopped" in answer.text
        assert answer.status_code == (200 if kind == "streaming" else 500)
    await task.areload()
    assert (task.status, task.result) == ("stopped", None)


@pytest.mark.parametrize("handler", [regular, streaming])
async def test_a_task_that_the_platform_does_not_know_is_run_and_told_to_nobody(
    configuration: Configuration, handler: HandlerFunction, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "xpander_client"):
        async with invoking(handler, configuration) as client:
            answer = await client.post("/invoke", json=unknown_task())
    assert caplog.text.count("the platform does not know the task") == 1
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert answer.status_code == 200
    assert "completed" in answer.text
    assert await Tasks(configuration).alist(agent_id=AGENT) == []


@pytest.mark.parametrize("handler", [regular, streaming])
async def test_a_task_that_is_finished_or_somebody_elses_is_refused_and_not_run(
    configuration: Configuration, handler: HandlerFunction
) -> None:
    async with invoking(handler, configuration) as client:
        task = await task_for_nobody(configuration)
        await Tasks(configuration).astop(task_id=task.id)
        answer = await client.post("/invoke", content=dumps(task))
        assert answer.status_code == 409
        assert "stopped" in answer.json()["detail"]
        late = await task_for_nobody(configuration)
        late.execution_attempts = 7
        answer = await client.post("/invoke", content=dumps(late))
        assert answer.status_code == 409


async def test_an_invoked_task_is_the_workers_under_an_attempt(
    configuration: Configuration,
) -> None:
    released = asyncio.Event()

    async def handler(task: Task) -> Task:
        await released.wait()
        return task

    async with (
        invoking(handler, configuration) as client,
        httpx.AsyncClient(
            base_url=configuration.base_url, headers=client.headers, verify=False
        ) as platform,
    ):
        task = await task_for_nobody(configuration)
        answering = asyncio.create_task(client.post("/invoke", content=dumps(task)))
        async for event in task.aevents():
            if isinstance(event.data, Task) and event.data.status == "executing":
                assert event.data.execution_attempts == 1
                break
        # So nobody else can take it meanwhile.
        claim = {"status": "executing", "worker_id": "another", "run_locally": True}
        refused = await platform.patch(f"/agent-execution/{task.id}/update", json=claim)
        assert refused.status_code == 409
        released.set()
        assert (await answering).json()["execution_attempts"] == 1


async def test_what_is_run_of_a_known_task_is_what_the_platform_has_of_it(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        task.result = f"{task.input.text}, {task.memory_thread_id}, {task.parent_execution}"
        return task

    async with invoking(handler, configuration) as client:
        body = json.loads(dumps(await task_for_nobody(configuration)))
        body |= {"input": {"text": "else"}, "memory_thread_id": "m", "parent_execution": "p"}
        answer = await client.post("/invoke", json=body)
    assert answer.json()["result"] == "do it, None, None"


async def test_a_task_that_runs_in_the_worker_already_is_refused(
    configuration: Configuration,
) -> None:
    started, released = asyncio.Event(), asyncio.Event()

    async def handler(task: Task) -> Task:
        started.set()
        await released.wait()
        return task

    async with invoking(handler, configuration) as client:
        body = dumps(await task_for_nobody(configuration))
        first = asyncio.create_task(client.post("/invoke", content=body))
        await asyncio.wait_for(started.wait(), 10)
        assert (await client.post("/invoke", content=body)).status_code == 409
        released.set()
        assert (await first).status_code == 200


async def test_a_platform_that_is_away_is_a_503_and_the_handler_does_not_run(
    configuration: Configuration, platform: LocalPlatform
) -> None:
    ran = False

    async def handler(task: Task) -> Task:
        nonlocal ran
        ran = True
        return task

    async with invoking(handler, configuration, max_retries=1) as client:
        # The key is known from here on.
        assert (await client.post("/invoke", json=unknown_task())).status_code == 200
        ran = False
        await asyncio.to_thread(platform.close)
        answer = await client.post("/invoke", json=unknown_task())
    assert answer.status_code == 503
    assert not ran


async def test_chunks_arrive_at_the_caller_while_the_handler_runs(
    configuration: Configuration,
) -> None:
    seen = asyncio.Event()

    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        for word in ("one", "two"):
            yield chunk(task, word)
            await asyncio.wait_for(seen.wait(), 10)
            seen.clear()

    words = []
    async with invoking(handler, configuration) as client:
        task = await task_for_nobody(configuration)
        async with client.stream("POST", "/invoke", content=dumps(task)) as answer:
            async for event in events_of(answer):
                if event["type"] == "chunk":
                    words.append(event["data"])
                    seen.set()
    assert words == ["one", "two"]
    # And at the platform.
    pushed = [
        event.data async for event in task.aevents() if event.type == TaskUpdateEventType.Chunk
    ]
    assert pushed == words


async def test_a_caller_that_goes_away_ends_the_handler_and_the_task_is_stopped(
    configuration: Configuration,
) -> None:
    ended = asyncio.Event()

    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        try:
            while True:
                yield chunk(task, "tick")
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with invoking(handler, configuration) as client:
        task = await task_for_nobody(configuration)
        async with client.stream("POST", "/invoke", content=dumps(task)) as answer:
            async for _ in events_of(answer):
                break
        await asyncio.wait_for(ended.wait(), 10)
        await task.await_finished(timeout=10)
    assert task.status == "stopped"


async def test_a_caller_that_goes_away_before_there_is_a_slot_leaves_the_task_as_it_was(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "never")

    transport = Transport.of(configuration)
    capacity = Capacity(transport, AGENT, 1)
    context = WorkerContext(inspect_handler(handler), transport, HandlerThreads(1), digest_activity)
    invocations = DirectInvocations(AGENT, context, RunningAttempts(capacity), lambda: "w")
    task = await task_for_nobody(configuration)
    admitted = await invocations.admit(task, Caller(configuration.required("api_key")))
    await capacity.take()  # the only slot
    first = asyncio.create_task(anext(invocations.stream(admitted)))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not first.done()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await task.areload()
    assert task.status == "pending"


async def test_invoked_tasks_take_slots_like_any_other(configuration: Configuration) -> None:
    running = most = 0

    async def handler(task: Task) -> Task:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return task

    async with invoking(handler, configuration, max_sync_workers=2) as client:
        answers = await asyncio.gather(
            *(client.post("/invoke", json=unknown_task(f"task-{n}")) for n in range(10))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert most == 2


async def test_a_worker_that_is_stopped_lets_an_invoked_task_end(
    configuration: Configuration,
) -> None:
    started = asyncio.Event()

    async def handler(task: Task) -> Task:
        started.set()
        await asyncio.sleep(0.3)
        task.result = "in time"
        return task

    async with invoking(handler, configuration) as client:
        asked = asyncio.create_task(client.post("/invoke", json=unknown_task()))
        await asyncio.wait_for(started.wait(), 10)
        # Leaving the block closes the client as well: the answer has to come before.
        answer = await asked
    assert answer.json()["result"] == "in time"


async def test_the_server_is_up_before_the_platform_is(
    configuration: Configuration, platform: LocalPlatform
) -> None:
    await asyncio.to_thread(platform.close)
    with Said("not listening") as said:
        async with Worker(regular, configuration, http=True) as worker:
            await said.wait()
            async with httpx.AsyncClient(verify=False) as client:
                answer = await client.get(f"{worker.url}/health")
    assert answer.json() == {"status": "ok"}


async def test_a_port_that_is_taken_is_one_warning_and_the_worker_works(
    configuration: Configuration,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("XPANDER_STREAMING_PORT", str(taken.getsockname()[1]))
        with caplog.at_level(logging.WARNING, "xpander_client"):
            async with working(regular, configuration, http=True) as tasks:
                task = await create(tasks)
                assert (await task.await_finished(timeout=20)).status == "completed"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "is taken" in caplog.text


@pytest.fixture
def without_the_extra(configuration: Configuration) -> Iterator[None]:
    """As if `[worker]` was not installed; the platform runs already."""
    hidden = (
        "starlette",
        "uvicorn",
        "xpander_client.runtime.serving",
        "xpander_client.worker.http.app",
    )
    kept = {
        name: module
        for name, module in sys.modules.items()
        if name.startswith(hidden) and not name.startswith("xpander_client.worker.http.i")
    }
    for name in kept:
        del sys.modules[name]
    sys.modules["starlette"] = sys.modules["uvicorn"] = None  # type: ignore[assignment]  # hides them
    yield
    del sys.modules["starlette"], sys.modules["uvicorn"]
    sys.modules.update(kept)


@pytest.mark.usefixtures("without_the_extra")
async def test_without_the_extra_one_warning_says_what_to_install_and_the_worker_works(
    configuration: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "xpander_client"):
        async with working(regular, configuration, http=True) as tasks:
            task = await create(tasks)
            assert (await task.await_finished(timeout=20)).status == "completed"
    (record,) = caplog.records
    assert 'pip install "xpander-client[worker]"' in record.message


async def test_a_closed_generator_leaves_nothing_behind(configuration: Configuration) -> None:
    closed = asyncio.Event()

    async def handler(task: Task) -> AsyncGenerator[TaskUpdateEvent, None]:
        try:
            yield chunk(task, "one")
            await asyncio.sleep(3600)
        finally:
            closed.set()

    async with invoking(handler, configuration) as client:
        async with client.stream("POST", "/invoke", json=unknown_task()) as answer:
            assert [event["data"] async for event in _first(answer)] == ["one"]
        await asyncio.wait_for(closed.wait(), 10)


async def _first(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for event in events_of(answer):
        yield event
        return

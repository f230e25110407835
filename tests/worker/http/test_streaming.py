"""Streaming handlers over HTTP: their events as they come, and callers that go away."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import httpx
import pytest

from tests.worker.http.conftest import (
    TASK,
    Runs,
    Streaming,
    event,
    finished,
    raw_invocation,
    serving,
)
from xpander_client import Task, TaskUpdateEvent
from xpander_client.core.sse import ServerSentEvent, SseParser
from xpander_client.platform import LocalPlatform
from xpander_client.worker.http import InvocationFailed, InvocationRefused

Events = AsyncGenerator[TaskUpdateEvent, None]
BODY = json.dumps(TASK).encode()


async def events_of(response: httpx.Response) -> AsyncIterator[dict[str, object]]:
    parser = SseParser()
    async for chunk in response.aiter_raw():
        for frame in parser.push(chunk):
            yield json.loads(frame.data)


def said(body: bytes) -> list[ServerSentEvent]:
    return SseParser().push(body)


async def test_each_event_arrives_as_soon_as_it_is_yielded(platform: LocalPlatform) -> None:
    arrived = asyncio.Event()

    async def speak(task: Task) -> Events:
        for text in ("one", "two"):
            yield event(task, text)
            await asyncio.wait_for(arrived.wait(), 20)
            arrived.clear()
        task.result = "one two"
        yield finished(task)

    async with (
        serving(Runs(streaming=speak), platform) as client,
        client.stream("POST", "/invoke", content=BODY) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        got = []
        async for one in events_of(response):
            got.append(one)
            arrived.set()
    assert [one["type"] for one in got] == ["chunk", "chunk", "task_finished"]
    assert [one["data"] for one in got[:2]] == ["one", "two"]
    assert set(got[0]) == {"type", "task_id", "organization_id", "time", "data"}
    data = got[2]["data"]
    assert isinstance(data, dict)
    assert (data["id"], data["result"]) == ("task-1", "one two")


async def test_each_event_is_one_line_whatever_is_in_it(platform: LocalPlatform) -> None:
    text = "a\nb\r\nc\u2028d\u2029e\u0085f \U0001f600 größe"

    async def speak(task: Task) -> Events:
        yield event(task, text)
        yield event(task, None)
        yield finished(task)

    async with serving(Runs(streaming=speak), platform) as client:
        body = (await client.post("/invoke", content=BODY)).content
    lines = body.decode().splitlines()
    assert [line[:6] for line in lines] == ["data: ", "", "data: ", "", "data: ", ""]
    assert json.loads(lines[0][6:])["data"] == text
    assert json.loads(lines[2][6:])["data"] is None


async def test_a_silent_handler_is_heard_to_be_there(platform: LocalPlatform) -> None:
    heard = asyncio.Event()

    async def think(task: Task) -> Events:
        await asyncio.wait_for(heard.wait(), 20)
        yield finished(task)

    async with (
        serving(Runs(streaming=think), platform) as client,
        client.stream("POST", "/invoke", content=BODY) as response,
    ):
        body = b""
        async for chunk in response.aiter_raw():
            body += chunk
            heard.set()
    assert body.startswith(b":")
    assert [json.loads(frame.data)["type"] for frame in said(body)] == ["task_finished"]


class Watched:
    """A handler that says when it has begun, how it ended, and when it was cleaned up."""

    def __init__(self, yielding: bool = False, stubborn: bool = False) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.how: list[str] = []
        self.said = 0
        self._yielding = yielding
        self._stubborn = stubborn

    async def __call__(self, task: Task) -> Events:
        try:
            while True:
                self.begun.set()
                if self._yielding:
                    yield event(task, "x" * 1000)
                    self.said += 1
                else:
                    await self._sleep()
                    yield event(task, "awake")
        except BaseException as error:
            self.how.append(type(error).__name__)
            raise
        finally:
            # As the worker, which tells the platform then.
            await asyncio.sleep(0)
            self.ended.set()

    async def _sleep(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not self._stubborn:
                raise


@pytest.mark.parametrize(
    ("handler", "how"),
    [
        (Watched, ["CancelledError"]),
        (lambda: Watched(stubborn=True), ["GeneratorExit"]),
        (lambda: Watched(yielding=True), None),
    ],
    ids=["silent", "deaf to being cancelled", "talking"],
)
@pytest.mark.parametrize("with_reset", [False, True], ids=["closed", "reset"])
async def test_a_caller_that_goes_away_ends_the_handler(
    platform: LocalPlatform,
    caplog: pytest.LogCaptureFixture,
    handler: Callable[[], Watched],
    how: list[str] | None,
    with_reset: bool,
) -> None:
    watched = handler()
    async with serving(Runs(streaming=watched), platform) as client:
        connection = await asyncio.to_thread(raw_invocation, client, BODY)
        await asyncio.wait_for(watched.begun.wait(), 20)
        if with_reset:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()
        await asyncio.wait_for(watched.ended.wait(), 20)
    assert len(watched.how) == 1
    assert how is None or watched.how == how
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_a_caller_that_goes_away_while_its_answer_is_stuck_ends_the_handler(
    platform: LocalPlatform,
) -> None:
    watched = Watched(yielding=True)
    async with serving(Runs(streaming=watched), platform) as client:
        connection = await asyncio.to_thread(raw_invocation, client, BODY)
        await asyncio.to_thread(connection.recv, 1000)
        # Nobody reads, so at some time all that buffers is full.
        said = -1
        while said != watched.said:
            said = watched.said
            await asyncio.sleep(0.2)
        connection.close()
        await asyncio.wait_for(watched.ended.wait(), 20)


async def test_a_caller_that_leaves_with_the_last_event_disturbs_nothing(
    platform: LocalPlatform,
) -> None:
    left, ended = asyncio.Event(), asyncio.Event()

    async def speak(task: Task) -> Events:
        yield finished(task)
        await asyncio.wait_for(left.wait(), 20)
        ended.set()

    async with serving(Runs(streaming=speak), platform) as client:
        async with client.stream("POST", "/invoke", content=BODY) as response:
            async for one in events_of(response):
                assert one["type"] == "task_finished"
                break
        assert (await client.get("/health")).status_code == 200
        left.set()
        await asyncio.wait_for(ended.wait(), 20)


def saying(*texts: str, then: Exception) -> Streaming:
    """A handler that fails after some chunks."""

    async def handler(task: Task) -> Events:
        for text in texts:
            yield event(task, text)
        raise then

    return handler


@pytest.mark.parametrize("texts", [(), ("one",)])
async def test_a_failure_ends_the_stream_with_a_task_that_says_so(
    platform: LocalPlatform, texts: tuple[str, ...]
) -> None:
    handler = saying(*texts, then=InvocationFailed("no such region"))
    async with serving(Runs(streaming=handler), platform) as client:
        answer = await client.post("/invoke", content=BODY)
    assert answer.status_code == 200
    last = json.loads(said(answer.content)[-1].data)
    assert (last["type"], last["task_id"]) == ("task_finished", "task-1")
    assert last["data"]["status"] == "error"
    assert last["data"]["result"] == "no such region"


async def test_a_task_that_the_worker_refuses_has_the_workers_status(
    platform: LocalPlatform,
) -> None:
    handler = saying(then=InvocationRefused(409, "the task is over"))
    async with serving(Runs(streaming=handler), platform) as client:
        answer = await client.post("/invoke", content=BODY)
    assert (answer.status_code, answer.json()) == (409, {"detail": "the task is over"})


async def test_a_fault_of_the_worker_breaks_the_stream_off_and_is_logged(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    handler = saying("one", then=KeyError("inner workings"))
    async with serving(Runs(streaming=handler), platform) as client:
        got = b""

        async def read() -> None:
            nonlocal got
            async with client.stream("POST", "/invoke", content=BODY) as response:
                async for chunk in response.aiter_raw():
                    got += chunk

        with pytest.raises(httpx.RemoteProtocolError):
            await read()
    assert [json.loads(frame.data)["data"] for frame in said(got)] == ["one"]
    assert b"inner workings" not in got
    assert "inner workings" in caplog.text


async def test_an_event_that_has_no_json_form_is_told_as_well_as_may_be(
    platform: LocalPlatform,
) -> None:
    async def speak(task: Task) -> Events:
        yield event(task, {"files": {b"a.csv"}})
        yield finished(task)

    async with serving(Runs(streaming=speak), platform) as client:
        answer = await client.post("/invoke", content=BODY)
    first, _ = said(answer.content)
    assert json.loads(first.data)["data"] == {"files": ["a.csv"]}


async def test_a_handler_that_never_waits_lets_others_be_served(platform: LocalPlatform) -> None:
    answered = asyncio.Event()

    async def talk(task: Task) -> Events:
        while not answered.is_set():
            yield event(task, "")
        yield finished(task)

    async with serving(Runs(streaming=talk), platform) as client:
        talking = asyncio.create_task(client.post("/invoke", content=BODY))
        assert (await client.get("/health")).status_code == 200
        answered.set()
        assert (await talking).status_code == 200


async def test_nothing_is_streamed_without_a_key_or_a_task(platform: LocalPlatform) -> None:
    async with serving(runs := Runs(streaming=saying(then=KeyError())), platform) as client:
        refused = await client.post("/invoke", content=BODY, headers={"x-api-key": "another"})
        broken = await client.post("/invoke", content=b"{}")
    assert (refused.status_code, broken.status_code) == (403, 400)
    assert runs.tasks == []

from __future__ import annotations

import contextlib
import datetime
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from xpander_client import Configuration, Task, TaskUpdateEvent, TaskUpdateEventType
from xpander_client.platform import LocalPlatform
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker.http import Caller, Invocation, InvokeServer

AGENT = "agent-under-test"

TASK = {
    "id": "task-1",
    "agent_id": AGENT,
    "organization_id": "local",
    "created_at": "2026-01-02T03:04:05Z",
    "input": {"text": "sum up"},
}

Regular = Callable[[Task], Awaitable[Task]]
Streaming = Callable[[Task], AsyncGenerator[TaskUpdateEvent, None]]


class Runs:
    """What a worker is to the server, with a handler that does just what a test wants."""

    agent_id = AGENT

    def __init__(self, regular: Regular | None = None, streaming: Streaming | None = None) -> None:
        self.is_streaming = streaming is not None
        self.tasks: list[Task] = []
        self._regular = regular
        self._streaming = streaming

    async def admit(self, task: Task, caller: Caller) -> Invocation:
        return Invocation(task, caller)

    async def run(self, invocation: Invocation) -> Task:
        assert self._regular is not None
        self.tasks.append(invocation.task)
        return await self._regular(invocation.task)

    def stream(self, invocation: Invocation) -> AsyncGenerator[TaskUpdateEvent, None]:
        assert self._streaming is not None
        self.tasks.append(invocation.task)
        return self._streaming(invocation.task)


def event(
    task: Task, data: Any, kind: TaskUpdateEventType = TaskUpdateEventType.Chunk
) -> TaskUpdateEvent:
    return TaskUpdateEvent(
        type=kind,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.datetime.now(datetime.UTC),
        data=data,
    )


def finished(task: Task) -> TaskUpdateEvent:
    return event(task, task, TaskUpdateEventType.TaskFinished)


@pytest.fixture(scope="module")
def platform() -> Iterator[LocalPlatform]:
    with LocalPlatform(agents=[{"id": AGENT, "name": "Under test"}]) as platform:
        yield platform


@pytest.fixture(autouse=True)
def free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPANDER_STREAMING_PORT", "0")
    monkeypatch.delenv("XPANDER_STREAMING_HOST", raising=False)


@contextlib.asynccontextmanager
async def transport_of(configuration: Configuration) -> AsyncIterator[Transport]:
    transport = Transport(configuration, Pool(configuration))
    try:
        yield transport
    finally:
        await transport.aclose()


@contextlib.asynccontextmanager
async def serving(runs: Runs, platform: LocalPlatform) -> AsyncIterator[httpx.AsyncClient]:
    """A client, with the platform's key, of a server for `runs`."""
    async with transport_of(platform.configuration) as transport:
        server = InvokeServer(runs, transport)
        url = await server.start()
        assert url is not None
        headers = {"x-api-key": platform.api_key}
        try:
            async with httpx.AsyncClient(
                base_url=url, headers=headers, timeout=30, verify=False
            ) as client:
                yield client
        finally:
            await server.stop(0.5)


def raw_invocation(client: httpx.AsyncClient, body: bytes) -> socket.socket:
    """A connection over which an invocation was sent, and nothing was read yet."""
    assert client.base_url.port is not None
    connection = socket.create_connection((client.base_url.host, client.base_url.port), 10)
    head = (
        "POST /invoke HTTP/1.1\r\nhost: worker\r\n"
        f"x-api-key: {client.headers['x-api-key']}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection

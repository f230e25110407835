"""Where the server listens, how it ends, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.worker.http.conftest import TASK, Runs, event, finished, transport_of
from xpander_client import ConfigurationError, Task, TaskUpdateEvent
from xpander_client.platform import LocalPlatform
from xpander_client.worker.http import InvokeServer

ROOT = Path(__file__).resolve().parents[3]
BODY = json.dumps(TASK).encode()


async def unchanged(task: Task) -> Task:
    return task


class Started:
    """A server and its client, ended by the test or in the end."""

    def __init__(self, runs: Runs, platform: LocalPlatform) -> None:
        self._runs = runs
        self._platform = platform

    async def __aenter__(self) -> tuple[InvokeServer, httpx.AsyncClient]:
        self._transport = transport_of(self._platform.configuration)
        self._server = InvokeServer(self._runs, await self._transport.__aenter__())
        url = await self._server.start()
        assert url is not None
        headers = {"x-api-key": self._platform.api_key}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=30, verify=False)
        return self._server, self._client

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()
        await self._server.stop(0)
        await self._transport.__aexit__(None, None, None)


async def test_a_free_port_on_loopback_is_taken_and_logged(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "xpander_client.worker")
    async with Started(Runs(unchanged), platform) as (_, client):
        assert client.base_url.host == "127.0.0.1"
        assert client.base_url.port not in (None, 0)
        assert str(client.base_url) in caplog.text


async def test_a_port_that_is_taken_is_one_warning_and_no_server(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Started(Runs(unchanged), platform) as (_, client):
        port = str(client.base_url.port)
        monkeypatch.setenv("XPANDER_STREAMING_PORT", port)
        async with transport_of(platform.configuration) as transport:
            second = InvokeServer(Runs(unchanged), transport)
            assert await second.start() is None
            await second.stop()
        assert (await client.get("/health")).status_code == 200
    (warning,) = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert port in warning.getMessage()
    assert "XPANDER_STREAMING_PORT" in warning.getMessage()


@pytest.mark.parametrize("port", ["", "http", "-1", "65536", "0000070000", "1.5", "٣"])
async def test_a_port_that_is_none_is_one_clear_error(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("XPANDER_STREAMING_PORT", port)
    async with transport_of(platform.configuration) as transport:
        with pytest.raises(ConfigurationError, match="XPANDER_STREAMING_PORT") as raised:
            await InvokeServer(Runs(unchanged), transport).start()
    assert repr(port) in str(raised.value)


@pytest.mark.parametrize("host", ["", " ", "203.0.113.1", "a" * 70 + "ä"])
async def test_a_host_that_cannot_be_used_is_one_clear_error(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("XPANDER_STREAMING_HOST", host)
    async with transport_of(platform.configuration) as transport:
        with pytest.raises(ConfigurationError):
            await InvokeServer(Runs(unchanged), transport).start()


async def test_the_host_can_be_set(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not socket.has_ipv6:
        return
    monkeypatch.setenv("XPANDER_STREAMING_HOST", "::1")
    async with Started(Runs(unchanged), platform) as (_, client):
        assert client.base_url.host == "::1"
        assert (await client.get("/health")).status_code == 200


async def test_signals_and_the_loggers_of_the_process_stay_as_they_are(
    platform: LocalPlatform,
) -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    access = logging.getLogger("uvicorn.access")
    before = (access.propagate, access.level, signal.getsignal(signal.SIGTERM))
    access.addHandler(handler)
    try:
        async with Started(Runs(unchanged), platform) as (_, client):
            assert (await client.get("/health")).status_code == 200
            assert handler in access.handlers
            now = (access.propagate, access.level, signal.getsignal(signal.SIGTERM))
            assert now == before
    finally:
        access.removeHandler(handler)
    assert lines == []


async def test_stopping_waits_for_what_runs(platform: LocalPlatform) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(task: Task) -> Task:
        begun.set()
        await go_on.wait()
        task.result = "done"
        return task

    async with Started(Runs(slow), platform) as (server, client):
        running = asyncio.create_task(client.post("/invoke", content=BODY))
        await asyncio.wait_for(begun.wait(), 20)
        stopping = asyncio.create_task(server.stop(20))
        await asyncio.sleep(0)
        assert not stopping.done()
        go_on.set()
        answer = await running
        assert (answer.status_code, answer.json()["result"]) == (200, "done")
        await stopping
        with pytest.raises(httpx.ConnectError):
            await client.get("/health")
        await server.stop()


async def test_a_task_that_arrives_while_it_stops_is_refused(platform: LocalPlatform) -> None:
    async with Started(runs := Runs(unchanged), platform) as (server, client):
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        head = f"POST /invoke HTTP/1.1\r\nhost: x\r\nx-api-key: {platform.api_key}\r\n"
        writer.write(f"{head}expect: 100-continue\r\n".encode())
        writer.write(f"content-length: {len(BODY)}\r\n\r\n".encode())
        # The server asks for the body when it has checked the key.
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        stopping = asyncio.create_task(server.stop(20))
        await asyncio.sleep(0)
        writer.write(BODY)
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 503 ")
        await stopping
        writer.close()
        await writer.wait_closed()
    assert runs.tasks == []


async def test_what_runs_longer_than_the_grace_is_cancelled_and_told(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    begun, cleaned_up = asyncio.Event(), asyncio.Event()

    async def endless(task: Task) -> Task:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned_up.set()
        return task

    async with Started(Runs(endless), platform) as (server, client):
        running = asyncio.create_task(client.post("/invoke", content=BODY))
        await asyncio.wait_for(begun.wait(), 20)
        await server.stop(0)
        assert cleaned_up.is_set()
        answer = await running
        assert (answer.status_code, answer.json()) == (503, {"detail": "the worker is stopping"})
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_a_stream_that_runs_longer_than_the_grace_ends_in_order(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    cleaned_up = asyncio.Event()

    async def endless(task: Task) -> AsyncGenerator[TaskUpdateEvent, None]:
        try:
            yield event(task, "one")
            await asyncio.Event().wait()
            yield finished(task)
        finally:
            await asyncio.sleep(0)
            cleaned_up.set()

    async with Started(Runs(streaming=endless), platform) as (server, client):
        body = b""
        async with client.stream("POST", "/invoke", content=BODY) as response:
            async for chunk in response.aiter_raw():
                body += chunk
                if b"one" in body:
                    await server.stop(0)
                    assert cleaned_up.is_set()
        assert b"task_finished" not in body
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_connections_that_nobody_closes_do_not_keep_it_from_ending(
    platform: LocalPlatform,
) -> None:
    async def talk(task: Task) -> AsyncGenerator[TaskUpdateEvent, None]:
        while True:
            yield event(task, "x" * 10_000)

    async with Started(Runs(streaming=talk), platform) as (server, client):
        assert client.base_url.port is not None
        address = (client.base_url.host, client.base_url.port)
        head = f"POST /invoke HTTP/1.1\r\nhost: x\r\nx-api-key: {platform.api_key}\r\n"
        with (
            socket.create_connection(address) as idle,
            socket.create_connection(address) as in_its_headers,
            socket.create_connection(address) as in_its_body,
            socket.create_connection(address) as reading_nothing,
        ):
            in_its_headers.sendall(head.encode())
            in_its_body.sendall(head.encode() + b"content-length: 100\r\n\r\nhalf of it")
            reading_nothing.sendall(f"{head}content-length: {len(BODY)}\r\n\r\n".encode() + BODY)
            await asyncio.to_thread(reading_nothing.recv, 100)
            assert (await client.get("/health")).status_code == 200
            await asyncio.wait_for(server.stop(0), 20)
            del idle


def test_without_the_extra_the_error_says_what_to_install() -> None:
    for missing in ("starlette", "uvicorn"):
        code = f"""
import asyncio, sys

sys.modules[{missing!r}] = None
from xpander_client import Configuration, ConfigurationError
from xpander_client.transport import Transport
from xpander_client.worker.http import InvokeServer

class Runs:
    agent_id = "agent"
    is_streaming = False

server = InvokeServer(Runs(), Transport.of(Configuration("key", "http://127.0.0.1:9", "org")))
try:
    asyncio.run(server.start())
except ConfigurationError as error:
    assert isinstance(error.__cause__, ModuleNotFoundError)
    print(error)
"""
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert missing in done.stdout
        assert 'pip install "xpander-client[worker]"' in done.stdout


def test_what_serves_is_loaded_when_the_first_caller_comes() -> None:
    code = """
import asyncio, sys
from urllib.parse import urlsplit
from xpander_client import Configuration
from xpander_client.transport import Transport
from xpander_client.worker.http import InvokeServer

class Runs:
    agent_id = "agent"
    is_streaming = False

async def main():
    configuration = Configuration("key", "http://127.0.0.1:9", "org")
    server = InvokeServer(Runs(), Transport.of(configuration))
    address = urlsplit(await server.start())
    print({"uvicorn", "starlette", "httptools", "click"} & sys.modules.keys())
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /health HTTP/1.1\\r\\nhost: 127.0.0.1\\r\\n\\r\\n")
    print(await reader.readline())
    writer.close()
    await server.stop()

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=ROOT,
        env={**os.environ, "XPANDER_STREAMING_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines() == ["set()", repr(b"HTTP/1.1 200 OK\r\n")]


@pytest.mark.parametrize("called", [False, True])
async def test_a_server_that_is_stopped_before_it_serves_listens_no_more(
    platform: LocalPlatform, called: bool
) -> None:
    async with transport_of(platform.configuration) as transport:
        server = InvokeServer(Runs(unchanged), transport)
        url = await server.start()
        assert url is not None
        address = urlsplit(url).hostname or "", urlsplit(url).port or 0
        with socket.create_connection(address, 10):
            if called:
                await asyncio.sleep(0)  # it begins to load what serves
            await server.stop()
            await server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 10)


async def test_callers_are_refused_where_what_serves_can_not_be_loaded(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "xpander_client.worker.http.app", None)
    async with Started(Runs(unchanged), platform) as (_, client):
        for _ in range(2):
            with pytest.raises(httpx.NetworkError):
                await client.get("/health", timeout=10)
    [told] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert told.message == "POST /invoke is served no more"

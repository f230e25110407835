"""Connections: shared by those who need the same, one set for each loop, never lost, closed."""

import asyncio
import gc
import random
import subprocess
import sys
import threading
import warnings
from typing import Any

import pytest

from tests.raw_server import Connection, RawServer
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.core.requests import Replay, RequestSpec, StreamSpec
from xpander_client.core.sse import ServerSentEvent
from xpander_client.transport import Transport, pool
from xpander_client.transport.httpx_wire import Httpx
from xpander_client.transport.pool import Pool

GET = RequestSpec(
    operation="Tasks.get", method="GET", path="/t/1", template="/t/{id}", replay=Replay.ALWAYS
)

pytestmark = pytest.mark.usefixtures("http")


def keeping(connection: Connection) -> None:
    """Answer every request that comes on the connection."""
    connection.answer(b"{}")
    while connection.sock.recv(65536):
        connection.answer(b"{}")


def test_equal_configurations_share_their_connections() -> None:
    with RawServer(keeping) as server:
        for _ in range(5):
            Transport.of(server.configuration()).call(GET, dict[str, Any])
        assert len(server.connections) == 1
        Transport.of(server.configuration()).close()


def test_a_pool_that_was_closed_opens_new_connections_when_it_is_used_again() -> None:
    with RawServer(keeping, keeping) as server:
        there = Transport.of(server.configuration())
        there.call(GET, dict[str, Any])
        there.close()
        there.call(GET, dict[str, Any])
        there.close()
        assert len(server.connections) == 2


async def test_cookies_are_neither_kept_nor_sent() -> None:
    asked: list[bytes] = []

    def setting(connection: Connection) -> None:
        for _ in range(2):
            connection.answer(b"{}", 200, "set-cookie: session=1; path=/")
            asked.append(connection.sock.recv(65536))

    with RawServer(setting, setting) as server:
        there = Transport.of(server.configuration())
        for _ in range(2):
            await asyncio.to_thread(there.call, GET, dict[str, Any])
            await there.acall(GET, dict[str, Any])
        for wire in (
            there.pool.connections("calls").wire,
            (await there.pool.async_connections("calls")).wire,
        ):
            assert not isinstance(wire, Httpx) or not wire.client.cookies
        await there.aclose()
        there.close()
    seconds = [request for request in asked if request]
    assert len(seconds) == 2
    assert not any(b"cookie" in request.lower() for request in seconds)


def test_threads_that_come_at_once_share_one_wire() -> None:
    there = Pool(Configuration("key", "http://threads.test"), shared=True)
    barrier = threading.Barrier(8)
    wires: list[object] = []

    def use() -> None:
        barrier.wait()
        wires.append(there.connections("calls").wire)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wires) == 8
    assert len({id(wire) for wire in wires}) == 1


def test_each_loop_has_its_own_connections_and_closes_them_when_it_ends() -> None:
    closed = [threading.Event(), threading.Event()]

    def watching(connection: Connection) -> None:
        keeping(connection)
        closed[server.connections.index(connection)].set()

    with RawServer(watching, watching) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        there = Transport.of(server.configuration())

        async def twice() -> None:
            await there.acall(GET, dict[str, Any])
            await there.acall(GET, dict[str, Any])

        asyncio.run(twice())
        assert closed[0].wait(5.0)
        asyncio.run(twice())
        assert closed[1].wait(5.0)
        gc.collect()
        assert len(server.connections) == 2


def test_plain_http_needs_no_certificates() -> None:
    code = (
        "import ssl\n"
        "ssl.SSLContext.load_verify_locations = None\n"
        "from xpander_client.configuration import Configuration\n"
        "from xpander_client.transport.pool import Pool\n"
        "Pool(Configuration('key', 'http://a.test')).connections('calls')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.slow
async def test_cancelled_calls_cost_the_pool_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pool._PLACES, "calls", 10)
    served = 0
    serving: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        while await reader.read(65536):
            await asyncio.sleep(random.uniform(0.0, 0.02))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            served += 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    there = Transport.of(
        Configuration("key", url, timeout=5.0, connect_timeout=2.0, retry=RetryPolicy(attempts=1))
    )
    loop = asyncio.get_running_loop()
    until = loop.time() + 5.0
    cancelled = 0

    async def churn() -> None:
        nonlocal cancelled
        while loop.time() < until:
            call = asyncio.ensure_future(there.acall(GET, dict[str, Any]))
            await asyncio.sleep(random.uniform(0.0, 0.03))
            cancelled += call.cancel()
            await asyncio.wait([call])

    await asyncio.gather(*(churn() for _ in range(20)))
    assert cancelled > 100
    assert served > 100
    for _ in range(20):
        assert (await there.acall(GET, dict[str, Any])).status_code == 200
    await there.aclose()
    server.close()
    await asyncio.gather(*serving)


async def test_cancelled_streams_cost_the_pool_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pool._PLACES, "calls", 5)
    serving: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        request = await reader.read(65536)
        if b"/events" in request:
            await asyncio.sleep(random.uniform(0.0, 0.02))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: x\n\n")
            await reader.read()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    there = Transport.of(Configuration("key", url, "org", timeout=5.0))
    spec = StreamSpec(operation="x", method="GET", path="/events", template="/events")

    async def follow() -> None:
        def data(frame: ServerSentEvent) -> str:
            return frame.data

        async for _ in there.astream(spec, data, lambda _: False):
            pass

    for _ in range(40):
        following = asyncio.ensure_future(follow())
        await asyncio.sleep(random.uniform(0.0, 0.04))
        following.cancel()
        await asyncio.wait([following])
    for _ in range(10):
        assert (await there.acall(GET, dict[str, Any])).status_code == 200
    await there.aclose()
    server.close()
    await asyncio.gather(*serving)

"""Readers that are slow, many, or all back at once: the server keeps no more for them."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.faults.clients import until
from tests.faults.engines import Engine, rounds
from tests.faults.tally import Tally
from xpander_client.chaos.processes import Process
from xpander_client.chaos.server import environment
from xpander_client.chaos.stage import SERVER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MB = 1024 * 1024
PAYLOAD = "x" * 500


class Serving:
    """A server process, its memory, and a task whose events are read."""

    def __init__(self, process: Process, http: httpx.AsyncClient) -> None:
        self.http = http
        self.address = urlsplit(process.told["url"])
        self.task_id = ""
        self.pushed = 1
        self._process = psutil.Process(process.pid)

    @property
    def memory(self) -> int:
        """The resident set, in bytes."""
        size: int = self._process.memory_info().rss
        return size

    async def create(self) -> None:
        body = {"input": {"text": "x"}, "events_streaming": True}
        answer = await self.http.post("/agent-execution/a", json=body)
        self.task_id = answer.json()["id"]

    async def push(self, many: int) -> None:
        """Add so many events to the task."""
        while many:
            some = min(many, 1_000)
            events = [
                {
                    "type": "chunk",
                    "task_id": self.task_id,
                    "organization_id": "o",
                    "time": "2026-01-02T03:04:05Z",
                    "data": PAYLOAD,
                }
            ] * some
            path = f"/agent-execution/{self.task_id}/events/push"
            assert (await self.http.post(path, json=events)).status_code == 200
            self.pushed += some
            many -= some

    async def stop(self) -> None:
        await self.http.delete(f"/agent-execution/{self.task_id}")
        self.pushed += 1


@contextlib.asynccontextmanager
async def serving(engine: Engine, folder: Path) -> AsyncIterator[Serving]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    process = await Process.start(
        SERVER, log=folder / "log", environment=environment(engine.address, "k", "o")
    )
    try:
        async with httpx.AsyncClient(
            base_url=process.told["url"], headers={"x-api-key": "k"}, timeout=60, verify=False
        ) as http:
            served = Serving(process, http)
            await served.create()
            yield served
    finally:
        await process.end()


class Reader:
    """Follows the task on a socket of its own, from where it was."""

    def __init__(self, serving: Serving) -> None:
        self.last = 0
        self.ended = False
        self._serving = serving
        self._reading: asyncio.Task[None] | None = None

    async def connect(self, *, pause: float = 0.0) -> None:
        """Begin to read; with a pause, one byte after each."""
        host, port = self._serving.address.hostname, self._serving.address.port
        connection = socket.socket()
        if pause:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (host, port))
        reader, writer = await asyncio.open_connection(sock=connection, limit=4096)
        writer.write(
            f"GET /agent-execution/{self._serving.task_id}/events HTTP/1.1\r\nhost: x\r\n"
            f"x-api-key: k\r\nlast-event-id: {self.last}\r\n\r\n".encode()
        )
        self._reading = asyncio.create_task(self._read(reader, writer, pause))

    async def leave(self) -> None:
        """Break off."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float
    ) -> None:
        try:
            if pause:
                while True:
                    await reader.read(1)
                    await asyncio.sleep(pause)
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    number = int(line[4:])
                    assert number == self.last + 1, f"{number} after {self.last}"
                    self.last = number
                self.ended = self.ended or b'"task_finished"' in line[:60]
                if self.ended and line == b"\n":
                    return
        finally:
            writer.transport.abort()

    def failed(self) -> bool:
        done = self._reading is not None and self._reading.done()
        return bool(done and not self.ended)


async def test_slow_readers_cost_a_position_and_no_queue(
    engine: Engine, tmp_path: Path, tally: Tally
) -> None:
    with tally.of("7 readers of 1 byte a second", engine.name) as count:
        async with serving(engine, tmp_path) as served:
            slow = [Reader(served) for _ in range(10)]
            for reader in slow:
                await reader.connect(pause=1.0)
            fast = Reader(served)
            await fast.connect()
            sizes = []
            for _ in range(2):
                await served.push(15_000)
                await until(lambda: fast.last == served.pushed, "the fast one is there")
                sizes.append(served.memory)
            # 7.5 MB were added, which ten queues would have ten times.
            assert sizes[1] - sizes[0] < 20 * MB
            for reader in slow:
                await reader.leave()
                await reader.connect()
            await served.stop()
            everybody = [fast, *slow]
            await until(lambda: all(reader.ended for reader in everybody), "all have everything")
            assert {reader.last for reader in everybody} == {served.pushed}
            count.round(served.pushed)


async def test_a_thousand_readers_that_all_come_back_at_once_cost_no_more_each_time(
    engine: Engine, tmp_path: Path, tally: Tally
) -> None:
    with tally.of("7 1,000 readers, all reconnect at once", engine.name) as count:
        async with serving(engine, tmp_path) as served:
            await served.push(20)
            readers = [Reader(served) for _ in range(1_000)]
            bare = served.memory
            sizes = []
            for _ in range(rounds(3)):
                await asyncio.gather(*(reader.connect() for reader in readers))
                await served.push(5)
                await until(
                    lambda: all(reader.last == served.pushed for reader in readers),
                    "all of them have everything",
                )
                sizes.append(served.memory)
                await asyncio.gather(*(reader.leave() for reader in readers))
                count.round(5 * len(readers))
            assert sizes[0] - bare < 100 * MB  # 100 KB each
            assert sizes[-1] - sizes[0] < 16 * MB
            await asyncio.gather(*(reader.connect() for reader in readers))
            await served.stop()
            await until(lambda: all(reader.ended for reader in readers), "all see the end")
            assert not any(reader.failed() for reader in readers)

"""The network does to connections what its mode says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xpander_client.chaos.proxy import Mode, Network


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    writer.close()


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    """A network with somebody behind it who repeats each line."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Network(server.sockets[0].getsockname()[:2], delay=0.3) as network:
        yield network


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, line: bytes) -> None:
        self.writer.write(line + b"\n")

    async def hear(self, patience: float = 20.0) -> bytes:
        async with asyncio.timeout(patience):
            return (await self.reader.readline()).rstrip()


@contextlib.asynccontextmanager
async def calling(network: Network) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()


async def test_what_is_said_passes_in_both_directions(network: Network) -> None:
    async with calling(network) as caller:
        lines = [b"one", b"x" * 60_000, b"two"]
        for line in lines:
            caller.say(line)
            assert await caller.hear() == line
        assert network.carried == 2 * sum(len(line) + 1 for line in lines)
        caller.writer.write_eof()
        assert await caller.hear() == b""


async def test_nothing_comes_out_of_a_black_hole_until_it_is_mended(network: Network) -> None:
    async with calling(network) as caller:
        caller.say(b"before")
        assert await caller.hear() == b"before"
        network.set(Mode.BLACK_HOLE)
        caller.say(b"during")
        with pytest.raises(TimeoutError):
            await caller.hear(patience=0.2)
        async with calling(network) as another:
            another.say(b"another")
            with pytest.raises(TimeoutError):
                await another.hear(patience=0.1)
            network.set(Mode.PASS)
            assert await another.hear() == b"another"
        assert await caller.hear() == b"during"


async def test_a_reset_ends_the_connections_that_are_there_and_the_new_ones(
    network: Network,
) -> None:
    async with calling(network) as caller:
        caller.say(b"before")
        assert await caller.hear() == b"before"
        network.set(Mode.RESET)
        with pytest.raises(ConnectionResetError):
            await caller.hear()
    with pytest.raises(ConnectionResetError):
        async with calling(network) as caller:
            await caller.hear()
    network.set(Mode.PASS)
    async with calling(network) as caller:
        caller.say(b"after")
        assert await caller.hear() == b"after"
        network.reset()
        with pytest.raises(ConnectionResetError):
            await caller.hear()


async def test_a_slow_network_keeps_the_order(network: Network) -> None:
    network.set(Mode.DELAY)
    loop = asyncio.get_running_loop()
    async with calling(network) as caller:
        began = loop.time()
        caller.say(b"one")
        caller.say(b"two")
        assert [await caller.hear(), await caller.hear()] == [b"one", b"two"]
        assert loop.time() - began >= 0.6  # there and back


async def test_half_open_connections_hear_nothing_but_are_heard(network: Network) -> None:
    async with calling(network) as caller:
        caller.say(b"before")
        assert await caller.hear() == b"before"
        network.set(Mode.HALF_OPEN)
        carried = network.carried
        caller.say(b"during")
        with pytest.raises(TimeoutError):
            await caller.hear(patience=0.2)
        assert network.carried == carried + len(b"during\n")
        network.set(Mode.PASS)
        assert await caller.hear() == b"during"


async def test_it_goes_to_another_place_when_told_to_also_by_a_path(
    network: Network, tmp_path: Path
) -> None:
    server = await asyncio.start_unix_server(echo, tmp_path / "socket")
    async with server:
        network.upstream = str(tmp_path / "socket")
        async with calling(network) as caller:
            caller.say(b"there")
            assert await caller.hear() == b"there"
    network.upstream = str(tmp_path / "nobody")
    with pytest.raises(ConnectionResetError):
        async with calling(network) as caller:
            await caller.hear()

"""A network that can be broken: between a server and its database, or anybody and a server."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import struct
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024
_RST = struct.pack("ii", 1, 0)

Upstream = tuple[str, int] | str
"""A host and a port, or the path of a socket."""


class Mode(enum.Enum):
    """What the network does to those who talk through it."""

    PASS = "pass"
    """It works."""
    BLACK_HOLE = "black hole"
    """Nothing arrives, and nobody is told. What was sent meanwhile arrives when it works again."""
    RESET = "reset"
    """All connections are reset, new ones at once."""
    DELAY = "delay"
    """Everything comes `delay` seconds late, in order."""
    HALF_OPEN = "half-open"
    """What is sent to the server arrives there, but nothing comes back."""


class Network:
    """Passes TCP connections on to `upstream`, as far as its mode lets it.

    As an async context manager it listens on a port of its own on loopback. `upstream` may be set
    anew at any time: the next connections go there. While nobody listens there, connections are
    reset.

    Example:
        >>> network = Network(("127.0.0.1", 5432))
        >>> network.set(Mode.DELAY)
        >>> network.mode
        <Mode.DELAY: 'delay'>
    """

    def __init__(self, upstream: Upstream, *, delay: float = 2.0) -> None:
        self.upstream = upstream
        self.delay = delay
        self.port = 0
        self.carried = 0
        self._mode = Mode.PASS
        self._works = asyncio.Event()
        self._works.set()
        self._answers = asyncio.Event()
        self._answers.set()
        self._server: asyncio.Server | None = None
        self._lines: set[_Relay] = set()

    @property
    def mode(self) -> Mode:
        """What it does at present."""
        return self._mode

    def set(self, mode: Mode) -> None:
        """Break the network, or mend it."""
        self._mode = mode
        for event, stands in (
            (self._works, mode is Mode.BLACK_HOLE),
            (self._answers, mode in (Mode.BLACK_HOLE, Mode.HALF_OPEN)),
        ):
            if stands:
                event.clear()
            else:
                event.set()
        if mode is Mode.RESET:
            self.reset()

    def reset(self) -> None:
        """Reset all connections that there are."""
        for line in list(self._lines):
            line.reset()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        lines = list(self._lines)
        self.reset()
        await asyncio.gather(*(line.on_end() for line in lines))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Relay(self, reader, writer)
        self._lines.add(line)
        await line.on_end()
        self._lines.discard(line)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await self._works.wait()
        if self._mode is Mode.RESET:
            raise ConnectionResetError
        if isinstance(self.upstream, str):
            return await asyncio.open_unix_connection(self.upstream, limit=_CHUNK)
        host, port = self.upstream
        return await asyncio.open_connection(host, port, limit=_CHUNK)


class _Relay:
    """One connection with its two ends."""

    def __init__(
        self, network: Network, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._network = network
        self._ends = [writer]
        self._carrying = asyncio.create_task(self._carry(reader, writer))

    def reset(self) -> None:
        """Send a reset to both ends."""
        self._carrying.cancel()

    async def on_end(self) -> None:
        """Wait until both ends have said all, or the connection was reset. Never raises."""
        await asyncio.wait({self._carrying})
        broken = self._carrying.cancelled() or self._carrying.exception() is not None
        for writer in self._ends:
            if broken:
                _reset(writer)
            else:
                writer.close()

    async def _carry(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        network = self._network
        back, far = await network._connect()
        self._ends.append(far)
        there, here = _Way(network._works, far), _Way(network._answers, near)
        parts = [
            asyncio.create_task(part)
            for part in (
                there.take(reader, network),
                there.deliver(network),
                here.take(back, network),
                here.deliver(network),
            )
        ]
        try:
            await asyncio.gather(*parts)
        finally:
            for part in parts:
                part.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    writer.transport.abort()


class _Way:
    """One direction of a connection."""

    def __init__(self, gate: asyncio.Event, writer: asyncio.StreamWriter) -> None:
        self._gate = gate
        self._writer = writer
        self._late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(16)

    async def take(self, reader: asyncio.StreamReader, network: Network) -> None:
        """Take what is sent, each piece with the time at which it is due."""
        now = asyncio.get_running_loop().time
        while True:
            data = await reader.read(_CHUNK)
            wait = network.delay if network.mode is Mode.DELAY else 0.0
            await self._late.put((now() + wait, data))
            if not data:
                return

    async def deliver(self, network: Network) -> None:
        """Hand over what is due, and at last that nothing more comes."""
        now = asyncio.get_running_loop().time
        while True:
            due, data = await self._late.get()
            if due > now():
                await asyncio.sleep(due - now())
            await self._gate.wait()
            if not data:
                with contextlib.suppress(OSError):
                    self._writer.write_eof()
                return
            network.carried += len(data)
            self._writer.write(data)
            await self._writer.drain()

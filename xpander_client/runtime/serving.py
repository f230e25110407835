"""An ASGI app, served inside an event loop that others use as well.

Needs `uvicorn` and `httptools`, which come with the extras `[worker]` and `[platform]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn

from xpander_client.runtime.connections import Connections, HttpConnection
from xpander_client.runtime.hosts import is_loopback
from xpander_client.runtime.listening import BACKLOG

try:
    import resource
except ModuleNotFoundError:  # on Windows
    resource = None  # type: ignore[assignment]

_DESCRIPTORS = 1 << 20
"""What Linux allows a process at the most, unless it is told otherwise."""

_LOOK_INTERVAL = 0.005
"""How often a server that stops looks whether all is done, in seconds."""


def raise_descriptor_limit() -> None:
    """Let this process have as many connections and files open as the system lets it."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
        with contextlib.suppress(OSError, ValueError):  # some systems have a limit of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _connection_limit() -> int:
    """Compute how many connections this process can have, and still open its files."""
    descriptors = _DESCRIPTORS
    if resource is not None:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            descriptors = min(soft, _DESCRIPTORS)
    return descriptors - min(256, descriptors // 4)


async def _let_protocols_begin() -> None:
    # asyncio's loop begins a task, the task makes the transport, and that calls the protocol.
    for _ in range(3):
        await asyncio.sleep(0)


def _do_nothing() -> None:
    pass


class EmbeddedServer(uvicorn.Server):
    """Serves until `stop` is called. Signals and loggers stay as whoever owns the loop has them.

    `on_started` is called when requests are answered, `on_stopping` when no more connections are
    to be taken. Requests that run then get `grace` seconds, or as long as it takes without.
    """

    def __init__(
        self,
        app: Any,
        *,
        grace: int | None = None,
        on_started: Callable[[], None] = _do_nothing,
        on_stopping: Callable[[], None] = _do_nothing,
    ) -> None:
        self._places = Connections(_connection_limit())
        config = uvicorn.Config(
            app,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            # Longer than clients keep idle connections: a server that closes first breaks requests
            # that are already on their way.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=grace,
        )
        config.load()
        make: Any = partial(HttpConnection, self._places)
        config.http_protocol_class = make
        super().__init__(config)
        self.on_started = on_started
        self._on_stopping = on_stopping
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Make `serve` return; the second call makes it hurry."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._stopping.set()

    def abort(self) -> None:
        """Drop the connections that are left, whatever is on its way in them."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen as the library does, and say so when requests are answered."""
        self._places.private = all(is_loopback(each.getsockname()[0]) for each in sockets or ())
        await super().startup(sockets=sockets)
        self.on_started()

    async def on_tick(self, counter: int) -> bool:
        """Do what the library does, and once a second end connections that take too long."""
        if counter % 10 == 0:
            self._places.expire(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def main_loop(self) -> None:
        """Serve until told to stop.

        The library would sleep on for up to a tenth of a second, 50 ms on average: a platform that
        a test uses, with this and `shutdown`, closes within 10 ms instead of 180.
        """
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % 864000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, then wait for what runs, for the grace at the longest.

        The library does the same with pauses of a tenth of a second, one of them at least, and
        leaves the connections of readers that take nothing.
        """
        self._on_stopping()
        for listener in sockets or ():
            with contextlib.suppress(NotImplementedError):  # on Windows
                asyncio.get_running_loop().remove_reader(listener)
        # A connection that was taken just now is not among those below yet: asyncio's loop would
        # lose it if the server were closed before that, uvloop takes more until it is.
        await _let_protocols_begin()
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        await _let_protocols_begin()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                # What the library keeps tells nobody when it is empty.
                while self._is_busy() and not self.force_exit:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_INTERVAL)
        except TimeoutError:
            for task in list(self.server_state.tasks):
                task.cancel()
            # A reader that takes nothing would keep its connection for as long as it likes.
            self.abort()

    def _is_busy(self) -> bool:
        return bool(self.server_state.connections or self.server_state.tasks)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the loop; the library would take them for itself."""
        yield

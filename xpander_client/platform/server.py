"""The HTTP server that a platform runs in."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn

from ..errors import ConfigurationError
from .app import Platform

__all__ = ["Server", "bind", "is_loopback", "run_loop"]

FORBIDDEN_PORT = 8085
"""The official client sends its event streams elsewhere when it sees this port on loopback."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        ConfigurationError: the port is taken, or may not be used.
    """
    if port == FORBIDDEN_PORT:
        raise ConfigurationError(
            f"port {FORBIDDEN_PORT} can't be used: the official client takes it for another service"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            if listener.getsockname()[1] != FORBIDDEN_PORT:
                # From here on connections queue up, even before anybody answers them.
                listener.listen(2048)
                listener.setblocking(False)
                return listener
        except OSError as error:
            listener.close()
            raise ConfigurationError(f"{host}:{port} can't be listened on: {error}") from error
        listener.close()


class Server:
    """Serves a platform on a socket until told to stop."""

    def __init__(self, platform: Platform, listener: socket.socket) -> None:
        self._platform = platform
        self._listener = listener
        config = uvicorn.Config(
            platform.app,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=2048,
            # Longer than clients keep idle connections: a server that closes first breaks requests
            # that are already on their way.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=max(1, round(platform.settings.shutdown_limit)),
        )
        self._server = _Uvicorn(config, platform.end_streams)

    @property
    def url(self) -> str:
        """The address, as clients write it."""
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """Make `serve` return; the second call makes it hurry."""
        self._server.force_exit = self._server.should_exit
        self._server.should_exit = True
        self._server.stopping.set()

    async def serve(self, ready: Callable[[], None]) -> None:
        """Serve; `ready` is called when requests are answered.

        Raises:
            ConfigurationError: the platform's store can't be used.
        """
        try:
            await self._platform.start()
            try:
                self._server.on_started = ready
                await self._server.serve(sockets=[self._listener])
            finally:
                await self._platform.stop()
        finally:
            self._listener.close()


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams
        self.on_started: Callable[[], None] = lambda: None
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        # As in the library, but it doesn't sleep when it is told to stop.
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % 864000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), 0.1)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Streams end by themselves then, instead of being cut off when the time is over.
        self._end_streams()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the platform, not to the library."""
        yield


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the fastest event loop that is installed."""
    try:
        import uvloop
    except ImportError:
        factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)

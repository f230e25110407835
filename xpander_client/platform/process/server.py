"""The HTTP server that a platform runs in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from xpander_client.errors import ConfigurationError
from xpander_client.runtime import listening, serving
from xpander_client.runtime.loops import new_event_loop, rare_collections

if TYPE_CHECKING:
    from xpander_client.platform.app import Platform


_FORBIDDEN_PORT = 8085
"""The official client sends its event streams elsewhere when it sees this port on loopback."""


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes a free one.

    Raises:
        ConfigurationError: the port is taken, or may not be used.
    """
    if port == _FORBIDDEN_PORT:
        raise ConfigurationError(
            f"port {_FORBIDDEN_PORT} can't be used: "
            "the official client takes it for another service"
        )
    while True:
        try:
            listener = listening.bind(host, port)
        except OSError as error:
            raise ConfigurationError(f"{host}:{port} can't be listened on: {error}") from error
        if listener.getsockname()[1] != _FORBIDDEN_PORT:
            return listener
        listener.close()


class Server:
    """Serves a platform on a socket until told to stop."""

    def __init__(self, platform: Platform, listener: socket.socket) -> None:
        self._platform = platform
        self._listener = listener
        self._server = serving.EmbeddedServer(
            platform.app,
            grace=max(1, round(platform.settings.shutdown_limit)),
            # Streams end by themselves then, instead of being cut off when the time is over.
            on_stopping=platform.end_streams,
        )

    @property
    def url(self) -> str:
        """The address, as clients write it."""
        return listening.format_url(self._listener)

    def stop(self) -> None:
        """Make `serve` return; the second call makes it hurry."""
        self._server.stop()

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


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine as the main work of a process."""
    with rare_collections(), asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main)

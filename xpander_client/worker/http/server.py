"""Where a worker is reached over HTTP, and the server that answers there."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from xpander_client.errors import ConfigurationError
from xpander_client.extras import require
from xpander_client.runtime.listening import bind, format_url
from xpander_client.transport import Transport
from xpander_client.worker.http.invocation import Invocations
from xpander_client.worker.http.keys import KeyCheck

if TYPE_CHECKING:
    from xpander_client.runtime.serving import EmbeddedServer
    from xpander_client.worker.http.app import InvokeApp


_logger = logging.getLogger("xpander_client.worker")

_HOST = "127.0.0.1"
_PORT = 59321

_LAST_MOMENT = 2.0
"""Seconds that cancelled requests get to clean up, and then connections to close."""


class InvokeServer:
    """Serves `POST /invoke` and `GET /health` from the event loop that it is started in.

    The address is loopback and port 59321, unless `XPANDER_STREAMING_HOST` and
    `XPANDER_STREAMING_PORT` say otherwise; port 0 takes a free one. `XPANDER_ALLOWED_HOSTS` are
    names that it has besides, with commas between. Keys are checked over
    `transport`, which stays the caller's to close, after `stop`.

    A thread of its own would keep `/health` answering while a handler blocks the loop. But that
    worker can run no task, which is what whoever watches it wants to know; its leases are kept by
    the heartbeat, and handlers that block belong in sync functions, which have threads.
    """

    def __init__(self, invocations: Invocations, transport: Transport) -> None:
        self._invocations = invocations
        self._keys = KeyCheck(transport, invocations.agent_id)
        self._listener: socket.socket | None = None
        self._app: InvokeApp | None = None
        self._server: EmbeddedServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> str | None:
        """Begin to listen, and return the URL, or None where the port is taken, which is logged.

        What serves is loaded when the first caller comes: it takes as much memory as the rest of
        the package, and few workers are ever called.

        Raises:
            ConfigurationError: host or port can't be used, or `[worker]` is not installed; the
                cause is then a `ModuleNotFoundError`.
        """
        host, port = _address()
        require("starlette", "uvicorn", "httptools", extra="worker", purpose="POST /invoke")
        try:
            self._listener = bind(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                _logger.warning(
                    "port %d is taken, so there is no POST /invoke; XPANDER_STREAMING_PORT sets "
                    "another one",
                    port,
                )
                return None
            raise ConfigurationError(
                f"POST /invoke can't be served on {host}:{port}: {error}"
            ) from error
        url = format_url(self._listener)
        try:
            asyncio.get_running_loop().add_reader(self._listener, self._begin, self._listener)
        except NotImplementedError:  # on Windows
            self._begin(self._listener)
        _logger.info("POST /invoke is served on %s, and described on %s/docs", url, url)
        return url

    async def stop(self, grace: float = 5.0) -> None:
        """Take no more requests; those that run get `grace` seconds and are cancelled then.

        A regular handler's caller is then told 503, an event stream ends without `task_finished`.
        """
        if self._listener is None:
            return
        serving, server, app = self._serving, self._server, self._app
        if serving is not None:
            if server is not None and app is not None:
                await _end(serving, server, app, grace)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        elif self._listener.fileno() >= 0:
            _stop_waiting(self._listener)
        self._listener.close()
        await self._keys.aclose()

    def _begin(self, listener: socket.socket) -> None:
        _stop_waiting(listener)
        self._serving = asyncio.create_task(self._serve(listener))
        self._serving.add_done_callback(partial(_end_listening, listener))

    async def _serve(self, listener: socket.socket) -> None:
        # On a thread: it takes longer than the loop's other work should wait.
        await asyncio.to_thread(import_module, "xpander_client.worker.http.app")
        from xpander_client.runtime.serving import EmbeddedServer
        from xpander_client.worker.http.app import InvokeApp

        self._app = InvokeApp(self._invocations, self._keys, allowed_hosts=_list_allowed_hosts())
        self._server = EmbeddedServer(self._app)
        await self._server.serve(sockets=[listener])


async def _end(
    serving: asyncio.Task[None], server: EmbeddedServer, app: InvokeApp, grace: float
) -> None:
    app.close()
    server.stop()
    await asyncio.wait({serving}, timeout=grace)
    if not serving.done():
        app.cancel()
        await asyncio.wait({serving}, timeout=_LAST_MOMENT)
    if not serving.done():
        server.abort()
        server.stop()
        await asyncio.wait({serving}, timeout=_LAST_MOMENT)


def _stop_waiting(listener: socket.socket) -> None:
    with contextlib.suppress(NotImplementedError):  # on Windows
        asyncio.get_running_loop().remove_reader(listener)


def _address() -> tuple[str, int]:
    host = os.environ.get("XPANDER_STREAMING_HOST", _HOST).strip()
    if not host:
        # To the system this would mean all addresses.
        raise ConfigurationError(
            "XPANDER_STREAMING_HOST is empty: unset it for loopback, or set it to an address"
        )
    text = os.environ.get("XPANDER_STREAMING_PORT", str(_PORT)).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise ConfigurationError(
            f"XPANDER_STREAMING_PORT must be a port, from 0 (a free one) to 65535, not {text!r}"
        )
    return host, int(text)


def _list_allowed_hosts() -> frozenset[str]:
    names = os.environ.get("XPANDER_ALLOWED_HOSTS", "").lower().split(",")
    return frozenset(filter(None, map(str.strip, names)))


def _end_listening(listener: socket.socket, serving: asyncio.Task[None]) -> None:
    # Where it could not be served, callers would wait for an answer until they give up.
    listener.close()
    if not serving.cancelled() and (error := serving.exception()) is not None:
        _logger.error("POST /invoke is served no more", exc_info=error)

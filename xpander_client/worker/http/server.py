"""Where a worker is reached over HTTP, and the server that answers there."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from typing import TYPE_CHECKING

from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
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
        self._app: InvokeApp | None = None
        self._server: EmbeddedServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> str | None:
        """Begin to serve, and return the URL, or None where the port is taken, which is logged.

        Raises:
            ConfigurationError: host or port can't be used, or `[worker]` is not installed; the
                cause is then a `ModuleNotFoundError`.
        """
        host, port = _address()
        try:
            from xpander_client.runtime.serving import EmbeddedServer, bind, format_url
            from xpander_client.worker.http.app import InvokeApp
        except ModuleNotFoundError as error:
            raise missing(error, "worker", "POST /invoke") from error
        try:
            listener = bind(host, port)
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
        url = format_url(listener)
        self._app = InvokeApp(self._invocations, self._keys, allowed_hosts=_list_allowed_hosts())
        started = asyncio.Event()
        self._server = EmbeddedServer(self._app, on_started=started.set)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        self._serving.add_done_callback(_report)
        # A server that is stopped before it has begun would leave its socket open.
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({waiting, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        _logger.info("POST /invoke is served on %s, and described on %s/docs", url, url)
        return url

    async def stop(self, grace: float = 5.0) -> None:
        """Take no more requests; those that run get `grace` seconds and are cancelled then.

        A regular handler's caller is then told 503, an event stream ends without `task_finished`.
        """
        serving, server, app = self._serving, self._server, self._app
        if serving is None or server is None or app is None:
            return
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
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await self._keys.aclose()


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


def _report(serving: asyncio.Task[None]) -> None:
    if not serving.cancelled() and (error := serving.exception()) is not None:
        _logger.error("POST /invoke is served no more", exc_info=error)

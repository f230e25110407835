"""One of the processes that `serve` starts: a platform on a socket that its supervisor holds.

The two talk over a socket pair: one line says what to do, one line answers when it serves or can't.
Then nothing is said, and the end of the connection is the end of the supervisor.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import orjson

from xpander_client.errors import ConfigurationError

if TYPE_CHECKING:
    from xpander_client.platform.stores.base.store import Store


LOG_FORMAT = "%(asctime)s %(levelname)s [%(process)d] %(name)s: %(message)s"

T = TypeVar("T")

_logger = logging.getLogger(__name__)


@attrs.frozen
class Orders:
    """What a child is to do: `listener` is the number of the listening socket's descriptor.

    It isn't said on its command line, which others can read: `store` may hold a password.
    """

    listener: int
    store: str = attrs.field(repr=False)
    settings: dict[str, Any]
    log_level: str


@attrs.frozen
class ChildReport:
    """What became of a child: it serves, or `error` says why it can't.

    `has_keys` tells whether there is a key that opens anything of what is served.
    """

    error: str | None = None
    has_keys: bool = True


def line(said: Orders | ChildReport) -> bytes:
    """Write what one says to the other, as it is sent.

    Example:
        >>> read(ChildReport, line(ChildReport("no such host")))
        ChildReport(error='no such host', has_keys=True)
    """
    return orjson.dumps(attrs.asdict(said), option=orjson.OPT_APPEND_NEWLINE)


def read(kind: type[T], line: bytes) -> T | None:
    """Read what the other said; None if it ended without a word."""
    return kind(**orjson.loads(line)) if line else None


def main() -> None:
    """Serve until SIGTERM, or until the supervisor is gone."""
    with socket.socket(fileno=int(sys.argv[1])) as supervisor:
        with supervisor.makefile("rb") as lines:
            orders = read(Orders, lines.readline())
        if orders is None:
            return
        logging.basicConfig(level=orders.log_level.upper(), format=LOG_FORMAT)
        serves = threading.Event()
        try:
            # What follows may take a while, or fail: the log is there now.
            from xpander_client.platform.process.server import run_loop
            from xpander_client.runtime.serving import raise_descriptor_limit

            raise_descriptor_limit()
            run_loop(_serve(orders, supervisor, serves))
        except Exception as error:
            if serves.is_set():
                raise
            _logger.info("this process can't serve", exc_info=error)
            _report(supervisor, ChildReport(_reason(error)))
            sys.exit(1)


def _reason(error: Exception) -> str:
    from xpander_client.platform.foundation.errors import HttpError

    if isinstance(error, HttpError):
        return error.detail
    if isinstance(error, ConfigurationError):
        return str(error)
    return f"{type(error).__name__}: {error}"


async def _serve(orders: Orders, supervisor: socket.socket, serves: threading.Event) -> None:
    from xpander_client.platform.app import Platform
    from xpander_client.platform.foundation.settings import Settings
    from xpander_client.platform.process.server import Server
    from xpander_client.platform.stores.addresses import store_at

    settings = Settings(**orders.settings)
    store = store_at(orders.store, settings)
    platform = Platform(store, None, create_agents=False, settings=settings)
    server = Server(platform, socket.socket(fileno=orders.listener))
    loop = asyncio.get_running_loop()

    def on_orphaned() -> None:
        loop.remove_reader(supervisor)
        # Nobody is left to end a process that doesn't come to its end.
        signal.alarm(1 + math.ceil(2 * settings.shutdown_limit))
        server.stop()

    async def answering() -> None:
        serves.set()
        _report(supervisor, ChildReport(has_keys=await _has_keys(store)))

    supervisor.setblocking(False)
    loop.add_reader(supervisor, on_orphaned)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    telling: set[asyncio.Task[None]] = set()
    await server.serve(lambda: telling.add(loop.create_task(answering())))


async def _has_keys(store: Store) -> bool:
    from xpander_client.platform.auth.keys import list_keys
    from xpander_client.platform.foundation.errors import HttpError

    try:
        return bool(await list_keys(store))
    except HttpError:  # nobody knows
        return True


def _report(supervisor: socket.socket, report: ChildReport) -> None:
    with contextlib.suppress(OSError):  # it is gone, and that is noticed elsewhere
        supervisor.sendall(line(report))


if __name__ == "__main__":
    main()

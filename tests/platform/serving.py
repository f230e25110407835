"""A platform on a real socket, in a thread, with what a test wants it to be made of."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import httpx

from xpander_client.platform.app import Platform
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.process.server import Server, bind, run_loop
from xpander_client.platform.rules.records import Document
from xpander_client.platform.stores.sqlite.store import SqliteStore

T = TypeVar("T")


class WatchedStore(SqliteStore):
    """Counts the documents that are read, and can be away."""

    reads = 0
    away = False

    async def doc_get(self, organization_id: str, kind: str, key: str) -> Document | None:
        self.reads += 1
        if self.away:
            raise HttpError(503, "the store can't be reached")
        return await super().doc_get(organization_id, kind, key)


@contextlib.contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """Serves the platform; gives its address."""
    server = Server(platform, bind("127.0.0.1", 0))
    started: Future[asyncio.AbstractEventLoop] = Future()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await server.serve(lambda: started.set_result(loop))

    thread = threading.Thread(target=lambda: run_loop(main()))
    thread.start()
    loop = started.result(20)
    try:
        yield server.url
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join()


def caller(url: str, key: str) -> httpx.Client:
    """A client that has a key."""
    return httpx.Client(
        base_url=url,
        headers={"x-api-key": key},
        timeout=20,
        verify=False,  # no TLS on loopback
    )


async def beside(path: Path, do: Callable[[SqliteStore], Awaitable[T]]) -> T:
    """What comes of work on a store that a platform may have open."""
    store = SqliteStore(path)
    await store.open(exclusive=False)
    try:
        return await do(store)
    finally:
        await store.close()

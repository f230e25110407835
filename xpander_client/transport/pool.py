"""The connections of a configuration: made on first use, shared by equals, closed at exit."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import attrs
import httpx

from xpander_client.configuration import Configuration
from xpander_client.core.call import Platform
from xpander_client.errors import ConfigurationError

from .environment import client_settings

if TYPE_CHECKING:
    import asyncio

__all__ = ["HttpClient", "Pool", "pool_of"]

HttpClient = httpx.Client | httpx.AsyncClient
C = TypeVar("C", httpx.Client, httpx.AsyncClient)

# More idle connections would make each request slower: the pool looks at every one of them.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)


@attrs.frozen
class AsyncHalf:
    """An async client and its places: as many as it may have connections, None if unknown.

    A request waits for its place here, where being cancelled is harmless, and not in httpx, where
    it is not; so no request ever waits there.
    """

    client: httpx.AsyncClient
    places: asyncio.Semaphore | None

    async def take_place(self, timeout: float) -> None:
        """Wait for a place, `timeout` seconds at most; `free_place` gives it back.

        Raises:
            httpx.PoolTimeout: there was none in time.
        """
        if self.places is None:
            return
        if not self.places.locked():
            await self.places.acquire()
            return
        import asyncio  # here and below: it takes long to load, and sync code needs none of it

        try:
            async with asyncio.timeout(timeout):
                await self.places.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("") from None

    def free_place(self) -> None:
        """Give a place back."""
        if self.places is not None:
            self.places.release()


class Pool:
    """The connections that equal configurations share, and what was learned of the platform.

    Sync code has one HTTP client; async code has one for each event loop.
    """

    def __init__(self, configuration: Configuration, given: HttpClient | None = None) -> None:
        self.platform = Platform()
        self.given = given
        self._configuration = configuration
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._async_halves: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncHalf] = (
            WeakKeyDictionary()
        )
        self._closers: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[None]] = (
            WeakKeyDictionary()
        )

    def client(self) -> httpx.Client:
        """The client for sync code.

        Raises:
            ConfigurationError: the caller brought an async client only.
        """
        if self.given is not None:
            if isinstance(self.given, httpx.Client):
                return self.given
            raise ConfigurationError("the given HTTP client is async: use the a… methods")
        client = self._client
        if client is None:
            with self._lock:
                client = self._client
                if client is None:
                    client = self._client = _without_cookies(httpx.Client(**self._settings()))
        return client

    async def async_half(self) -> AsyncHalf:
        """The client for async code on the running event loop, and the places it has.

        Raises:
            ConfigurationError: the caller brought a sync client only, or the aiohttp backend is
                configured and not installed.
        """
        if self.given is not None:
            if isinstance(self.given, httpx.AsyncClient):
                return AsyncHalf(self.given, None)
            raise ConfigurationError("the given HTTP client is sync: use the methods without a…")
        import asyncio

        loop = asyncio.get_running_loop()
        half = self._async_halves.get(loop)
        if half is None:
            places = asyncio.Semaphore(_LIMITS.max_connections or sys.maxsize)
            half = self._async_halves[loop] = AsyncHalf(self._new_async_client(), places)
            # A loop that ends closes the async generators that began on it: that is how these
            # connections are closed without anybody being asked to.
            closer = self._closers[loop] = _closing(half.client)
            await anext(closer)
        return half

    def close(self) -> None:
        """Close the sync client's connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the connections that belong to the running loop; the next call opens new ones."""
        import asyncio

        loop = asyncio.get_running_loop()
        self._async_halves.pop(loop, None)
        closer = self._closers.pop(loop, None)
        if closer is not None:
            await closer.aclose()

    def _new_async_client(self) -> httpx.AsyncClient:
        if self._configuration.async_backend == "httpx":
            return _without_cookies(httpx.AsyncClient(**self._settings()))
        try:
            from .aiohttp_client import new_client
        except ImportError:
            raise ConfigurationError(
                'async_backend="aiohttp" needs the extra: pip install "xpander-client[aiohttp]"'
            ) from None
        return _without_cookies(new_client(**self._settings("aiohttp")))

    def _settings(self, backend: str = "httpx") -> dict[str, Any]:
        addresses = self._configuration.addresses
        return {"limits": _LIMITS, **client_settings(addresses, backend)}


def _without_cookies(client: C) -> C:
    """The client, without a look at each answer for cookies that no request would carry."""
    client.cookies.extract_cookies = _nothing  # type: ignore[method-assign]
    return client


def _nothing(response: httpx.Response) -> None: ...


async def _closing(client: httpx.AsyncClient) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await client.aclose()


_pools: dict[Configuration, Pool] = {}
_lock = threading.Lock()


def pool_of(configuration: Configuration) -> Pool:
    """The pool that all equal configurations of this process share."""
    with _lock:
        pool = _pools.get(configuration)
        if pool is None:
            pool = _pools[configuration] = Pool(configuration)
        return pool


@atexit.register
def _close_all() -> None:
    for pool in _pools.values():
        pool.close()


def _forget_all() -> None:
    # A forked child must not speak on its parent's connections, nor close them.
    global _lock
    _lock = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)

"""Connections: made on first use, shared by all who need the same, closed with their last user."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import attrs

from xpander_client.configuration import Configuration
from xpander_client.core.call import PlatformTraits
from xpander_client.transport.environment import DEFAULT_PORTS, proxy_for
from xpander_client.transport.wire import AsyncWire, HttpClient, Wire

if TYPE_CHECKING:
    import asyncio

Use = Literal["calls", "streams"]
"""What connections are for: a stream keeps one for as long as it lasts, and must not keep calls
waiting for it."""

_USES: tuple[Use, ...] = ("calls", "streams")

_PLACES: dict[Use, int | None] = {"calls": 100, "streams": None}
"""So many connections at once; None stands for any number."""

_KEPT = 4
"""So many of the connections made last stay open when nobody holds them: a program that makes its
`Tasks` anew for each call need not connect for each."""


@functools.lru_cache(maxsize=1024)
def _platform_at(base_url: str, organization_id: str | None) -> PlatformTraits:
    """Find what is known of a platform: it outlives the connections that it was learned on."""
    return PlatformTraits()


@functools.lru_cache(maxsize=1024)
def _origin(address: str) -> tuple[str, str, int]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]


@attrs.frozen(eq=False)
class SyncConnections:
    """A wire for sync code. Whoever uses it holds this object: it is closed when nobody does."""

    wire: Wire


@attrs.frozen(eq=False)
class AsyncConnections:
    """A wire for one event loop, closed as one for sync code is."""

    wire: AsyncWire
    loop: asyncio.AbstractEventLoop | None = None
    end: End | None = None


class Pool:
    """One user's hold on connections, and what was learned of the platform.

    Sync code has one wire for calls and one for streams; async code has these for each event loop.
    Pools that are `shared` have them in common where they lead to the same origin by the same kind
    of wire. A pool that is closed, or collected, lets go of them; the last one to do so, when no
    request is under way on them any more, closes them.

    After a fork the child's pools have none: the parent goes on with those that were there. That
    can't be done for a `given` client.
    """

    def __init__(
        self,
        configuration: Configuration,
        given: HttpClient | None = None,
        *,
        shared: bool = False,
    ) -> None:
        where = configuration.base_url, configuration.organization_id
        self.platform = _platform_at(*where) if shared else PlatformTraits()
        self.given = given
        self._configuration = configuration
        self._is_shared = shared
        self._sync: dict[Use, SyncConnections] = {}
        self._async: dict[tuple[asyncio.AbstractEventLoop, Use], AsyncConnections] = {}
        with _lock:
            _users.add(self)

    def connections(self, use: Use) -> SyncConnections:
        """Return the connections for sync code.

        Raises:
            ConfigurationError: the caller brought a client that is async.
        """
        return self._sync.get(use) or self._connect(use)

    async def async_connections(self, use: Use) -> AsyncConnections:
        """Return the connections for async code on the running event loop.

        Raises:
            ConfigurationError: the caller brought a client that is sync.
        """
        import asyncio

        loop = asyncio.get_running_loop()
        return self._async.get((loop, use)) or await self._connect_on(loop, use)

    def close(self) -> None:
        """Let go of the connections of sync code; the next call takes or makes some again."""
        with _lock:
            for use in _USES:
                _keep_no_longer(self._sync.pop(use, None) or self._find_shared(use, None))

    async def aclose(self) -> None:
        """Let go of those that belong to the running loop; the next call takes or makes some."""
        import asyncio

        loop = asyncio.get_running_loop()
        with _lock:
            ends = [self._let_go(loop, use) for use in _USES]
        for end in ends:
            if end is not None and end.is_due:
                await end.wait()

    def forget(self, is_over: Callable[[asyncio.AbstractEventLoop], bool] | None = None) -> None:
        """Let go of what belongs to loops that are over; without `is_over` of everything."""
        if is_over is None:
            self._sync, self._async = {}, {}
        else:
            self._async = {at: one for at, one in self._async.items() if not is_over(at[0])}

    def _let_go(self, loop: asyncio.AbstractEventLoop, use: Use) -> End | None:
        left: AsyncConnections | None = self._async.pop((loop, use), None)
        left = left or self._find_shared(use, loop)
        _keep_no_longer(left)
        return None if left is None else left.end

    def _connect(self, use: Use) -> SyncConnections:
        if self.given is not None:
            return self._over_given
        connect = self._load_connect()
        with _lock:
            found = self._sync.get(use) or self._find_shared(use, None)
            if found is None:
                wire = connect(self._configuration.addresses, _PLACES[use])
                found = SyncConnections(wire)
                weakref.finalize(found, _close, wire, os.getpid()).atexit = False
                self._share(found, use, None)
            self._sync[use] = found
        return found

    async def _connect_on(self, loop: asyncio.AbstractEventLoop, use: Use) -> AsyncConnections:
        if self.given is not None:
            return self._async_over_given
        aconnect = self._load_aconnect()
        until_end: AsyncGenerator[None] | None = None
        with _lock:
            _forget_loops(lambda loop: loop.is_closed())
            found: AsyncConnections | None = self._find_shared(use, loop)
            if found is None:
                wire = aconnect(self._configuration.addresses, _PLACES[use])
                end = End(wire)
                until_end = _close_after(loop, end)
                found = AsyncConnections(wire, loop, end)
                closing = weakref.finalize(found, _close_on, loop, end, until_end, os.getpid())
                closing.atexit = False
                self._share(found, use, loop)
            self._async[loop, use] = found
        if until_end is not None:
            await anext(until_end)
        return found

    @functools.cached_property
    def _over_given(self) -> SyncConnections:
        from xpander_client.transport.httpx_wire import use_given

        return SyncConnections(use_given(self.given))

    @functools.cached_property
    def _async_over_given(self) -> AsyncConnections:
        from xpander_client.transport.async_httpx_wire import ause_given

        return AsyncConnections(ause_given(self.given))

    # Not with the lock, which another thread may wait for that is importing the same.

    def _load_connect(self) -> Callable[[tuple[str, ...], int | None], Wire]:
        if self._is_direct():
            from xpander_client.transport.direct_wire import connect

            return connect
        from xpander_client.transport import httpx_clients

        return httpx_clients.connect

    def _load_aconnect(self) -> Callable[[tuple[str, ...], int | None], AsyncWire]:
        if self._is_direct():
            from xpander_client.transport.async_direct_wire import aconnect

            return aconnect
        from xpander_client.transport import httpx_clients

        return httpx_clients.aconnect

    def _key(self, use: Use, loop: asyncio.AbstractEventLoop | None) -> tuple[object, ...]:
        origins = tuple(
            (_origin(address), proxy_for(address)) for address in self._configuration.addresses
        )
        # A loop by its id, which is its own as long as there are connections that hold it.
        return origins, self._is_direct(), None if loop is None else id(loop), use

    def _is_direct(self) -> bool:
        """Tell whether connections need no HTTP library, which they do for a proxy."""
        configuration = self._configuration
        return configuration.http == "direct" and not any(map(proxy_for, configuration.addresses))

    def _find_shared(self, use: Use, loop: asyncio.AbstractEventLoop | None) -> Any:
        return _pools.get(self._key(use, loop)) if self._is_shared else None

    def _share(
        self,
        made: SyncConnections | AsyncConnections,
        use: Use,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        if self._is_shared:
            _pools[self._key(use, loop)] = made
            _kept.append(made)


class End:
    """The end of an async wire: it is closed once, on its loop."""

    def __init__(self, wire: AsyncWire) -> None:
        self.is_due = False
        self._wire = wire
        self._closing: asyncio.Task[None] | None = None

    def begin(self, until_end: object = None) -> None:
        """Begin to close it, in a task that keeps `until_end` until that is done."""
        import asyncio

        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(until_end))
            # A loop that ends cancels the tasks that it knows, and connections would stay open; for
            # this one it waits, with what closes the wire at the loop's end.
            asyncio._unregister_task(self._closing)

    async def wait(self) -> None:
        """Wait until it is closed."""
        import asyncio

        self.begin()
        if self._closing is not None and not self._closing.done():
            await asyncio.wait({self._closing})

    async def _close(self, until_end: object) -> None:
        await self._wire.aclose()


async def _close_after(loop: asyncio.AbstractEventLoop, end: End) -> AsyncGenerator[None]:
    # A loop that ends closes the async generators that began on it: that is how its connections
    # are closed without anybody being asked to.
    try:
        yield
    finally:
        with _lock:
            _forget_loops(lambda other: other is loop)
        await end.wait()


def _close(wire: Wire, process: int) -> None:
    if os.getpid() == process:  # else a thread of the parent may have its lock for ever
        wire.close()


def _close_on(
    loop: asyncio.AbstractEventLoop, end: End, until_end: AsyncGenerator[None], process: int
) -> None:
    if os.getpid() != process:
        _inherited.append(until_end)
        return
    end.is_due = True
    with contextlib.suppress(RuntimeError):  # the loop is closed
        # With what would close it at the loop's end: that then waits for this to be done.
        loop.call_soon_threadsafe(end.begin, until_end)


# A collected object may close its pool while this very thread has the lock.
_lock = threading.RLock()
_users: weakref.WeakSet[Pool] = weakref.WeakSet()
_pools: weakref.WeakValueDictionary[tuple[object, ...], SyncConnections | AsyncConnections] = (
    weakref.WeakValueDictionary()
)
_kept: deque[SyncConnections | AsyncConnections] = deque(maxlen=_KEPT)
# To close these would take the parent's connections out of the parent's event loop.
_inherited: list[object] = []


def _keep_no_longer(connections: SyncConnections | AsyncConnections | None) -> None:
    if connections is not None and connections in _kept:
        _kept.remove(connections)


def _forget_loops(is_over: Callable[[asyncio.AbstractEventLoop], bool]) -> None:
    for pool in list(_users):
        pool.forget(is_over)
    for one in list(_kept):
        if isinstance(one, AsyncConnections) and one.loop is not None and is_over(one.loop):
            _kept.remove(one)


@atexit.register
def _close_all() -> None:
    _kept.clear()
    for pool in list(_users):
        pool.close()


def _forget_all() -> None:
    # A forked child must not speak on its parent's connections, nor close them; what a thread of
    # the parent was about to do with them never ends.
    global _lock, _users, _pools
    _lock = threading.RLock()
    _pools = weakref.WeakValueDictionary()
    _kept.clear()
    _users = weakref.WeakSet(list(_users))
    for pool in _users:
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)

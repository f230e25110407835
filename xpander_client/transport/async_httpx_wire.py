"""The wire over httpx, or httpx2, for an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from xpander_client.core.answer import Answer, Headers
from xpander_client.core.call import Prepared
from xpander_client.errors import ConfigurationError
from xpander_client.runtime.shielding import shield
from xpander_client.transport.httpx_wire import Httpx
from xpander_client.transport.wire import Timeouts

if TYPE_CHECKING:
    import httpx

R = TypeVar("R")


class AsyncHttpxWire(Httpx["httpx.AsyncClient"]):
    """A wire for one event loop, with `places` connections at once; any number if None.

    A request waits for its place here, where being cancelled is harmless, and not in httpx, where
    it is not; so no request ever waits there.
    """

    def __init__(
        self, client: httpx.AsyncClient, places: int | None = None, *, is_given: bool = False
    ) -> None:
        super().__init__(client, is_given=is_given)
        self._places = None if places is None else asyncio.Semaphore(places)

    async def fetch(
        self, request: Prepared, timeouts: Timeouts, is_late: Callable[[], bool]
    ) -> Answer:
        """See `AsyncWire.fetch`."""
        try:
            made = self.make_request(request, timeouts)
            await self._take_place(timeouts["pool"])
            return await _unbroken(self._receive(made, is_late))
        except self.errors as error:
            raise self.make_error(error, request.url) from None

    async def open(self, request: Prepared, timeouts: Timeouts) -> AsyncHttpxOpening:
        """See `AsyncWire.open`."""
        try:
            made = self.make_request(request, timeouts, is_stream=True)
            await self._take_place(timeouts["pool"])
            response = await _unbroken(self._send(made), self.leave)
        except self.errors as error:
            raise self.make_error(error, request.url) from None
        return AsyncHttpxOpening(self, response, request.url)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.client.aclose()

    async def leave(self, response: httpx.Response) -> None:
        """Let go of an answer's connection, and give its place back."""
        try:
            await response.aclose()
        finally:
            self._free_place()

    async def _receive(self, request: httpx.Request, is_late: Callable[[], bool]) -> Answer:
        response = await self._send(request)
        try:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if is_late():
                    raise self.make_late_error()
            return Answer(response.status_code, Headers(response.headers.raw), bytes(body))
        finally:
            await self.leave(response)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            # A given client may follow redirects, to wherever they lead, with the key.
            return await self.client.send(request, stream=True, follow_redirects=False)
        except BaseException:
            self._free_place()
            raise

    async def _take_place(self, timeout: float) -> None:
        if self._places is None:
            return
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(timeout):
                await self._places.acquire()
        except TimeoutError:
            raise self.library.PoolTimeout("") from None

    def _free_place(self) -> None:
        if self._places is not None:
            self._places.release()


class AsyncHttpxOpening:
    """See `AsyncOpening`."""

    def __init__(self, wire: AsyncHttpxWire, response: httpx.Response, url: str) -> None:
        self.status_code = response.status_code
        self.headers = Headers(response.headers.raw)
        # A stream is asked for as it is, so it seldom has to be decoded. Mocks answer all at once.
        is_plain = "content-encoding" not in self.headers and not response.is_stream_consumed
        self._parts: AsyncIterator[bytes] = (
            response.aiter_raw() if is_plain else response.aiter_bytes()
        )
        self._response = response
        self._wire = wire
        self._url = url

    async def read(self) -> bytes | None:
        """See `AsyncOpening.read`."""
        try:
            return await anext(self._parts, None)
        except self._wire.errors as error:
            raise self._wire.make_error(error, self._url) from None

    async def aclose(self) -> None:
        """See `AsyncOpening.aclose`."""
        await self._wire.leave(self._response)


def ause_given(client: Any) -> AsyncHttpxWire:
    """Make a wire over a client that the caller brought.

    Raises:
        ConfigurationError: it is sync.
    """
    wire = AsyncHttpxWire(client, is_given=True)
    if not isinstance(client, wire.library.AsyncClient):
        raise ConfigurationError("the given HTTP client is sync: use the methods without a…")
    return wire


async def _unbroken(
    sending: Coroutine[Any, Any, R], discard: Callable[[R], Coroutine[Any, Any, None]] | None = None
) -> R:
    """Send a request so that being cancelled does not cost the pool a connection.

    httpx loses the connection of a request that is cancelled while it is sent. So the request,
    which has its place, runs to its end in a task of its own, within its time limits, and its
    connection goes back to the pool; `discard` gets what nobody waits for any more.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await shield(task)
    except asyncio.CancelledError:

        def on_end(task: asyncio.Future[R]) -> None:
            if not task.cancelled() and task.exception() is None and discard is not None:
                discarding = asyncio.ensure_future(discard(task.result()))
                _discarding.add(discarding)
                discarding.add_done_callback(_discarding.discard)

        task.add_done_callback(on_end)
        raise


# asyncio itself holds its tasks weakly.
_discarding: set[asyncio.Future[None]] = set()

"""The direct wire of an event loop, over asyncio's protocols. It reads as the same text as
`direct_wire`.

No request has a task: the loop hands what comes to its connection, which wakes whoever waits.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from xpander_client.core.answer import Answer, Headers
from xpander_client.core.call import Prepared
from xpander_client.transport.direct.answers import AnswerError, AnswerParser, CutOffError
from xpander_client.transport.direct.codings import CodingError
from xpander_client.transport.direct.idle import Idle, is_readable
from xpander_client.transport.direct.requests import Origin, RequestError, compose
from xpander_client.transport.direct_faults import (
    fail_connect,
    fail_late,
    fail_place,
    fail_read,
    fail_request,
    fail_send,
)
from xpander_client.transport.environment import load_tls_context
from xpander_client.transport.wire import Timeouts, WireError

_LINGER = 1.0
"""Seconds for the answer to a call that was cancelled, which has its connection used again, and
closes none while the server writes."""

_HIGH = 262144
"""So many bytes of a stream may wait for whoever reads it; no more are taken then."""


def aconnect(addresses: tuple[str, ...], places: int | None) -> AsyncDirectWire:
    """Make a wire to these addresses, with so many connections at once; any number if None.

    Raises:
        ConfigurationError: the environment names certificates that can't be used.
    """
    if any(address.startswith("https:") for address in addresses):
        load_tls_context()
    return AsyncDirectWire(places)


class AsyncDirectWire:
    """A wire of one event loop, with places for so many connections at once; any number if None."""

    def __init__(self, places: int | None) -> None:
        self._places = None if places is None else asyncio.Semaphore(places)
        self._idle: Idle[_Connection] = Idle()
        self._connections: set[_Connection] = set()
        self._is_closed = False

    async def fetch(
        self, request: Prepared, timeouts: Timeouts, is_late: Callable[[], bool]
    ) -> Answer:
        """See `AsyncWire.fetch`."""
        connection, data = await self._take(request, timeouts)
        try:
            answer = connection.send(data, request.method, timeouts, is_late)
            while not answer.is_complete:
                await connection.receive()
            return Answer(answer.status_code, answer.headers, answer.take())
        except CodingError as error:
            raise fail_read(error) from None
        except asyncio.CancelledError:
            connection.linger()
            raise
        finally:
            self.give_back(connection)

    async def open(self, request: Prepared, timeouts: Timeouts) -> AsyncDirectOpening:
        """See `AsyncWire.open`."""
        connection, data = await self._take(request, timeouts)
        try:
            answer = connection.send(data, request.method, timeouts)
            while not answer.status_code:
                await connection.receive()
            return AsyncDirectOpening(self, connection, answer)
        except asyncio.CancelledError:
            connection.linger()
            self.give_back(connection)
            raise
        except BaseException:
            self.give_back(connection)
            raise

    async def aclose(self) -> None:
        """Close all connections."""
        self._is_closed = True
        for connection in self._connections:
            connection.close()
        if self._connections:
            await asyncio.wait([connection.lost for connection in self._connections])

    async def _take(self, request: Prepared, timeouts: Timeouts) -> tuple[_Connection, bytes]:
        try:
            origin, data = compose(request)
        except RequestError as error:
            raise fail_request(error) from None
        if self._places is not None:
            if self._places.locked():
                await _wait_for_place(self._places, timeouts["pool"])
            else:
                await self._places.acquire()
        connection = self._idle.take(origin)
        return connection or await self._connect(origin, timeouts["connect"]), data

    async def _connect(self, origin: Origin, seconds: float) -> _Connection:
        try:
            async with asyncio.timeout(seconds):
                return await self._try_addresses(origin, seconds)
        except (OSError, UnicodeError) as error:
            self.give_back(None)
            raise fail_connect(error, origin.header) from None
        except BaseException:
            self.give_back(None)
            raise

    async def _try_addresses(self, origin: Origin, seconds: float) -> _Connection:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        addresses = await _look_up(origin)
        for left in range(len(addresses), 0, -1):
            settings: dict[str, Any] = {}
            if origin.is_secure:
                settings = {"ssl": load_tls_context(), "server_hostname": origin.host}
            try:
                # One that leads nowhere leaves time to those behind it. asyncio's race of addresses
                # loses sockets when it is cancelled.
                async with asyncio.timeout_at(loop.time() + (until - loop.time()) / left):
                    _, connection = await loop.create_connection(
                        lambda: _Connection(self, origin, loop),
                        addresses[-left],
                        origin.port,
                        **settings,
                    )
                self._add(connection)
                return connection
            except OSError:
                if left == 1:
                    raise
        raise OSError("the host has no address")

    def _add(self, connection: _Connection) -> None:
        # Not when the loop says that it is made: where making it is cancelled just then, uvloop
        # closes it without a word, and its loss would be waited for in vain.
        if not connection.lost.done():
            self._connections.add(connection)
        if self._is_closed:
            connection.close()

    def give_back(self, connection: _Connection | None) -> None:
        """Give a place back, and its connection."""
        if self._places is not None:
            self._places.release()
        if connection is not None:
            self.keep(connection)

    def keep(self, connection: _Connection) -> None:
        """Keep a connection if it can be used again, also for the end of its answer."""
        if self._is_closed:
            connection.close()
        elif connection.is_reusable:
            self._idle.keep(connection)
        elif not connection.lingers:
            connection.close()

    def drop(self, connection: _Connection) -> None:
        """Forget a connection that was lost."""
        self._connections.discard(connection)
        self._idle.drop(connection)


async def _wait_for_place(places: asyncio.Semaphore, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await places.acquire()
    except TimeoutError:
        raise fail_place() from None


async def _look_up(origin: Origin) -> list[str]:
    look_up = partial(socket.getaddrinfo, origin.host, origin.port, type=socket.SOCK_STREAM)
    try:
        found = look_up(flags=socket.AI_NUMERICHOST)  # which needs no thread, as names do
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class AsyncDirectOpening:
    """See `AsyncOpening`."""

    def __init__(
        self, wire: AsyncDirectWire, connection: _Connection, answer: AnswerParser
    ) -> None:
        self.status_code = answer.status_code
        self.headers: Headers = answer.headers
        self._wire = wire
        self._connection: _Connection | None = connection
        self._answer = answer

    async def read(self) -> bytes | None:
        """See `AsyncOpening.read`."""
        try:
            while not (data := self._answer.take()):
                if self._answer.is_complete or self._connection is None:
                    return None
                await self._connection.receive()
            return data
        except CodingError as error:
            raise fail_read(error) from None

    async def aclose(self) -> None:
        """See `AsyncOpening.aclose`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._wire.give_back(connection)


class _Connection(asyncio.Protocol):
    """A connection, and the answer that comes on it."""

    def __init__(
        self, wire: AsyncDirectWire, origin: Origin, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.origin = origin
        self.lost: asyncio.Future[None] = loop.create_future()
        self.lingers = False
        self._wire = wire
        self._loop = loop
        self._answer: AnswerParser | None = None
        self._fault: WireError | None = None
        self._is_late: Callable[[], bool] | None = None
        self._timeouts: Timeouts = {}
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._untaken = 0
        self._is_sending = False

    @property
    def is_reusable(self) -> bool:
        """Whether another request can be sent on it."""
        answer = self._answer
        return (
            answer is not None
            and answer.is_complete
            and answer.keeps_connection
            and not self._transport.is_closing()
            and not self._transport.get_write_buffer_size()
        )

    def send(
        self,
        data: bytes,
        method: str,
        timeouts: Timeouts,
        is_late: Callable[[], bool] | None = None,
    ) -> AnswerParser:
        """Send a request, and return what its answer comes to.

        With `is_late`, nobody is woken before all of the answer is there.

        Raises:
            WireError: the server closed the connection as soon as it was made.
        """
        if self._transport.is_closing():
            raise fail_connect(ConnectionResetError("closed at once"), self.origin.header)
        self._answer = answer = AnswerParser(method)
        self._is_late = is_late
        self._timeouts = timeouts
        self._untaken = 0
        self._transport.write(data)
        return answer

    async def receive(self) -> None:
        """Wait for what comes next of the answer.

        Raises:
            WireError: nothing does, or nothing that can be read.
        """
        if self._fault is None:
            if self._untaken > _HIGH:
                self._transport.resume_reading()
            self._untaken = 0
            self._is_sending = self._transport.get_write_buffer_size() > 0
            self._limit(self._timeouts["write" if self._is_sending else "read"])
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._fault is not None:
            raise self._fault

    def linger(self) -> None:
        """Wait a little for the end of an answer that nobody wants any more."""
        if self._answer is not None and not self._answer.is_complete and self._fault is None:
            self.lingers = True
            self._is_sending = False
            self._limit(min(_LINGER, self._timeouts["read"]))

    def has_ended(self) -> bool:
        """Tell whether the server has closed it, or sent what nobody asked for."""
        return self._transport.is_closing() or is_readable(self._socket)

    def close(self) -> None:
        """Close it, without what is not yet sent."""
        self.lingers = False
        self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        """Called by the loop."""
        self._transport: asyncio.Transport = transport
        self._socket = transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        answer = self._answer
        if answer is None or answer.is_complete:
            self.close()  # nobody asked for it
            return
        try:
            is_complete = answer.receive(data)
        except AnswerError as error:
            self._fail(fail_read(error))
            return
        if is_complete or self._is_late is None:
            self._untaken += len(data)
            if self._untaken > _HIGH and not is_complete:
                self._transport.pause_reading()
            self._wake()
        elif self._is_late():
            self._fail(fail_late())
        elif not self.lingers:
            self._limit(self._timeouts["read"])

    def eof_received(self) -> None:
        """Called by the loop."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._end(exc)
        if self._timer is not None:
            self._timer.cancel()
        self._wire.drop(self)
        self.lost.set_result(None)

    def _end(self, cause: Exception | None) -> None:
        answer = self._answer
        if answer is None or answer.is_complete or self._fault is not None:
            return
        try:
            if cause is None:
                answer.end()
                self._wake()
        except CutOffError as error:
            cause = error
        if cause is not None:
            self._fail(fail_read(cause))

    def _fail(self, error: WireError) -> None:
        self._fault = error
        self._wake()
        self.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        elif self.lingers:
            self.lingers = False
            self._wire.keep(self)

    # A timer of a connection stays when what it was for is over: most are never needed.

    def _limit(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        if self._waiter is None and not self.lingers:
            return
        if self._deadline > self._loop.time():
            self._timer = self._loop.call_at(self._deadline, self._on_time)
        elif self._transport.get_write_buffer_size():
            self._fail(fail_send(TimeoutError()))
        elif self._is_sending:
            self._is_sending = False
            self._limit(self._timeouts["read"])
        else:
            self._fail(fail_read(TimeoutError()))

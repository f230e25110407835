"""The direct wire for sync code, over blocking sockets. It reads as the same text as
`async_direct_wire`.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable

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
from xpander_client.transport.wire import Timeouts

_FAULTS = (AnswerError, CutOffError, OSError)

_AT_ONCE = 65536
"""So many bytes are read at once."""


def connect(addresses: tuple[str, ...], places: int | None) -> DirectWire:
    """Make a wire to these addresses, with so many connections at once; any number if None.

    Raises:
        ConfigurationError: the environment names certificates that can't be used.
    """
    if any(address.startswith("https:") for address in addresses):
        load_tls_context()
    return DirectWire(places)


class DirectWire:
    """A wire for sync code, with places for so many connections at once; any number if None."""

    def __init__(self, places: int | None) -> None:
        self._lock = threading.Lock()
        self._is_freed = threading.Condition(self._lock)
        self._free = sys.maxsize if places is None else places
        self._waiting = 0
        self._idle: Idle[_Connection] = Idle()
        self._is_closed = False

    def fetch(self, request: Prepared, timeouts: Timeouts, is_late: Callable[[], bool]) -> Answer:
        """See `Wire.fetch`."""
        connection, data = self._take(request, timeouts)
        try:
            answer = connection.send(data, request.method, timeouts)
            while not answer.is_complete:
                connection.receive()
                if is_late() and not answer.is_complete:
                    raise fail_late()
            return Answer(answer.status_code, answer.headers, answer.take())
        except CodingError as error:
            raise fail_read(error) from None
        finally:
            self.give_back(connection)

    def open(self, request: Prepared, timeouts: Timeouts) -> DirectOpening:
        """See `Wire.open`."""
        connection, data = self._take(request, timeouts)
        try:
            answer = connection.send(data, request.method, timeouts)
            while not answer.status_code:
                connection.receive()
            return DirectOpening(self, connection, answer)
        except BaseException:
            self.give_back(connection)
            raise

    def close(self) -> None:
        """Close all connections; those that are in use when they are given back."""
        with self._lock:
            self._is_closed = True
            self._idle.close()

    def _take(self, request: Prepared, timeouts: Timeouts) -> tuple[_Connection, bytes]:
        try:
            origin, data = compose(request)
        except RequestError as error:
            raise fail_request(error) from None
        with self._lock:
            if not self._free:
                self._waiting += 1
                try:
                    if not self._is_freed.wait_for(lambda: self._free, timeouts["pool"]):
                        raise fail_place()
                finally:
                    self._waiting -= 1
            self._free -= 1
            connection = self._idle.take(origin)
        try:
            return connection or _Connection(origin, timeouts["connect"]), data
        except BaseException:
            self.give_back(None)
            raise

    def give_back(self, connection: _Connection | None) -> None:
        """Give a place back, and its connection, which is kept if it can be used again."""
        with self._lock:
            self._free += 1
            if self._waiting:
                self._is_freed.notify()
            if connection is not None and connection.is_reusable and not self._is_closed:
                self._idle.keep(connection)
                return
        if connection is not None:
            connection.close()


class DirectOpening:
    """See `Opening`."""

    def __init__(self, wire: DirectWire, connection: _Connection, answer: AnswerParser) -> None:
        self.status_code = answer.status_code
        self.headers: Headers = answer.headers
        self._wire = wire
        self._connection: _Connection | None = connection
        self._answer = answer

    def read(self) -> bytes | None:
        """See `Opening.read`."""
        try:
            while not (data := self._answer.take()):
                if self._answer.is_complete or self._connection is None:
                    return None
                self._connection.receive()
            return data
        except CodingError as error:
            raise fail_read(error) from None

    def close(self) -> None:
        """See `Opening.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._wire.give_back(connection)


class _Connection:
    """A connection, and the answer that comes on it."""

    def __init__(self, origin: Origin, seconds: float) -> None:
        self.origin = origin
        self._answer: AnswerParser | None = None
        self._broken: OSError | None = None
        try:
            self._sock = _connect(origin, seconds)
        except (OSError, UnicodeError) as error:
            raise fail_connect(error, origin.header) from None

    @property
    def is_reusable(self) -> bool:
        """Whether another request can be sent on it."""
        answer = self._answer
        is_over = answer is not None and answer.is_complete and answer.keeps_connection
        return is_over and self._broken is None

    def send(self, data: bytes, method: str, timeouts: Timeouts) -> AnswerParser:
        """Send a request, and return what its answer comes to.

        Raises:
            WireError: it could not be sent in time.
        """
        self._answer = answer = AnswerParser(method)
        self._sock.settimeout(timeouts["write"])
        try:
            self._sock.sendall(data)
        except TimeoutError as error:
            raise fail_send(error) from None
        except OSError as error:
            # A server may break off because it has answered: that it does not want the rest.
            self._broken = error
        self._sock.settimeout(timeouts["read"])
        return answer

    def receive(self) -> None:
        """Take what comes next of the answer.

        Raises:
            WireError: nothing does, or nothing that can be read.
        """
        answer = self._answer
        assert answer is not None
        try:
            data = self._sock.recv(_AT_ONCE)
            if data:
                answer.receive(data)
            else:
                answer.end()
        except _FAULTS as error:
            if self._broken is not None and not answer.has_begun:
                raise fail_send(self._broken) from None
            raise fail_read(error) from None

    def has_ended(self) -> bool:
        """Tell whether the server has closed it, or sent what nobody asked for."""
        return is_readable(self._sock)

    def close(self) -> None:
        """Close it."""
        self._sock.close()


def _connect(origin: Origin, seconds: float) -> socket.socket:
    until = time.monotonic() + seconds
    # As bytes, because of a text Python would load the tables of IDNA.
    host = origin.host.encode()
    addresses = socket.getaddrinfo(host, origin.port, type=socket.SOCK_STREAM)
    for left in range(len(addresses), 0, -1):
        # One that leads nowhere leaves time to those behind it.
        family, kind, protocol, _, address = addresses[-left]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.001, (until - time.monotonic()) / left))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            if origin.is_secure:
                return load_tls_context().wrap_socket(sock, server_hostname=origin.host)
            return sock
        except BaseException as error:
            sock.close()
            if left == 1 or not isinstance(error, OSError):
                raise
    raise OSError("the host has no address")

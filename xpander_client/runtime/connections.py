"""HTTP/1.1, and what a connection may cost the server before its caller has shown a key.

Needs `uvicorn` and `httptools`, which come with the extras `[worker]` and `[platform]`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections import defaultdict, deque
from itertools import islice
from typing import Any
from urllib.parse import unquote

import httptools
import orjson
from uvicorn.config import Config
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from xpander_client.runtime.exchange import STATUS_LINES, Exchange
from xpander_client.runtime.hosts import PRIVATE

ABORT = "xpander.abort"
"""What an app finds among a request's `extensions`: a function that drops the connection at once,
whatever is on its way in it. The server's own way to close waits until the reader has taken that.
"""

RECOGNIZE = "xpander.recognize"
"""Another one: a function that an app calls when the caller has shown a key. It returns whether
there is room for one more of those.
"""

HEAD_LIMIT = 64 * 1024
"""How large a request's head may be, in bytes; its target, too."""

HEADERS_LIMIT = 256
"""How many headers a request may have. Each takes more memory here than it has bytes."""

HEADS_LIMIT = 16 * 1024 * 1024
"""How many bytes of heads that have not come to their end are kept for all callers together."""

HEAD_TIME = 10.0
"""Seconds from a connection's beginning, or a later head's, to the end of the head."""

BODY_TIME = 60.0
"""After so many seconds in which nothing of a body came, the rest is not waited for."""

_DRAIN_LIMIT = 16 * 1024 * 1024
DRAIN_TIME = 10.0
"""How much is read of a stranger, in bytes and seconds, that nobody wants any more: a caller that
still sends does not see an answer after which the connection is closed at once."""

_TRANSFER = b"transfer-encoding"

_ASGI = {"version": "3.0", "spec_version": "2.3"}

_PIECE = 16 * 1024
"""How much is parsed at a time. Requests in it that have to wait for their turn are kept parsed."""

_logger = logging.getLogger(__name__)


class Connections:
    """The connections of a server, `limit` at the most.

    A quarter of them, but no more than 4,096, is for strangers: callers that have not shown a key
    yet. Half of that is for those of one address. A stranger that comes when these places are taken
    gets the place of the one that has waited longest for something to happen.
    """

    def __init__(self, limit: int) -> None:
        self._strangers_limit = min(limit // 4, 4096)
        self._address_limit = self._strangers_limit // 2
        self._known_limit = limit - self._strangers_limit
        self._known: set[HttpConnection] = set()
        # In the order in which they came.
        self._strangers: dict[HttpConnection, None] = {}
        self._by_address: defaultdict[bytes, dict[HttpConnection, None]] = defaultdict(dict)
        self.heads = 0
        """Bytes of heads that have not come to their end."""
        self.private = False
        """Whether only this machine can reach the server."""
        self._defaults: list[tuple[bytes, bytes]] = []
        self._default_lines = b""

    def encode_defaults(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return the lines of the headers that each answer has; a server makes them each second."""
        if headers is not self._defaults:
            self._defaults = headers
            self._default_lines = b"".join(b"%b: %b\r\n" % each for each in headers)
        return self._default_lines

    def admit(self, connection: HttpConnection) -> bool:
        """Take in a stranger; False: all places are taken by those that are served just now."""
        there = self._by_address[connection.address]
        for crowd, limit in (
            (there, self._address_limit),
            (self._strangers, self._strangers_limit),
        ):
            if len(crowd) >= limit:
                waiting = next((each for each in islice(crowd, 32) if each.is_waiting), None)
                if waiting is None:
                    return False
                self.remove(waiting)
                waiting.transport.abort()
        # The last of an address may just have gone, and the place for them with it.
        self._by_address[connection.address][connection] = None
        self._strangers[connection] = None
        return True

    def recognize(self, connection: HttpConnection) -> bool:
        """Note that the caller has shown a key; False: there is no place for one more of these."""
        if self.knows(connection):
            return True
        if len(self._known) >= self._known_limit:
            return False
        self.remove(connection)
        self._known.add(connection)
        return True

    def knows(self, connection: HttpConnection) -> bool:
        """Tell whether the caller has shown a key."""
        return connection in self._known

    def remove(self, connection: HttpConnection) -> None:
        """Give its place to others."""
        self._known.discard(connection)
        if connection in self._strangers:
            del self._strangers[connection]
            there = self._by_address[connection.address]
            del there[connection]
            if not there:
                del self._by_address[connection.address]

    def expire(self, now: float) -> None:
        """End those that are at the end of their time."""
        for connection in (*self._strangers, *self._known):
            connection.expire(now)


class _RefusedHead(Exception):
    """A head that is refused as it is read: with a status, for a reason."""


class HttpConnection(asyncio.Protocol):
    """One connection, with an end to all that a caller can begin.

    A request's head has a size and a time, and one that can't be understood is refused without a
    word in the log, which strangers could fill otherwise. A body that goes on after the answer is
    read for a while and then cut off. Asking for another protocol is asking in vain.

    The arguments are those that uvicorn's server makes protocols with.
    """

    def __init__(
        self,
        places: Connections,
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.address = b""
        self.transport: asyncio.Transport
        self._app: Any = config.loaded_app  # uvicorn has types of its own for all of ASGI
        self._keep_alive_time = config.timeout_keep_alive
        self._loop = _loop or asyncio.get_running_loop()
        self._state = server_state
        self._places = places
        self._parser: Any = httptools.HttpRequestParser(self)
        # What follows a request with "connection: close" is not a fault of that one.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._client: tuple[str, int] | None = None
        self._server: tuple[str, int | None] | None = None
        self._scheme = "http"
        self._extensions: dict[str, Any] = {}
        self._deadline: float | None = None
        self._in_head = self._in_body = self._is_idle = self._is_over = False
        self._unparsed = 0  # bytes since the piece in which a head, or a part of a body, was
        self._head = 0  # bytes of the head that has not come to its end
        self._drained = 0
        self._later = b""
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._current: Exchange | None = None  # that is answered now
        self._exchange: Exchange | None = None  # the latest
        self._waiting: deque[Exchange] = deque()  # for the answers before theirs
        self._is_reading_paused = False
        self._writable: asyncio.Event | None = None  # while what was written waits to be taken

    @property
    def is_waiting(self) -> bool:
        """Whether the caller has asked for nothing that is not answered."""
        return self._exchange is None or self._exchange.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is a place."""
        self._state.connections.add(self)  # type: ignore[arg-type]
        self.transport = transport
        self._server = get_local_addr(transport)
        self._client = get_remote_addr(transport)
        self._scheme = "https" if is_ssl(transport) else "http"
        self.address = _find_address(self._client)
        self._extensions = {
            ABORT: transport.abort,
            RECOGNIZE: self._recognize,
            PRIVATE: self._places.private,
        }
        self._deadline = self._loop.time() + HEAD_TIME
        if not self._places.admit(self):
            self._refuse(503, "there are too many connections")
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the connection's place to others."""
        self._state.connections.discard(self)
        for exchange in (self._current, self._exchange):
            if exchange is not None:
                exchange.disconnect()
        self.resume_writing()
        if exc is None:
            self.transport.close()
        self._parser = None  # which knows this object
        self._places.remove(self)
        self._end_head()

    def data_received(self, data: bytes) -> None:
        """Parse what came, or keep it where the caller is ahead of the answers."""
        if self._is_over:
            self._drain(len(data))
        elif self._waiting:
            self._later += data
            self.pause_reading()
        else:
            self._parse(data)

    def pause_writing(self) -> None:
        """Take note that the reader is slower than what is written."""
        if self._writable is None:
            self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        """Take note that the reader has taken most of what was written."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def shutdown(self) -> None:
        """Close the connection when what was asked for is answered."""
        if self.is_waiting:
            self.transport.close()
        else:
            assert self._exchange is not None
            self._exchange.keep_alive = False

    def expire(self, now: float) -> None:
        """End what has taken too long."""
        if self._deadline is None or now < self._deadline or self._is_reading_paused:
            return
        if self._in_body or self._is_over:
            self.transport.close()
        elif self.is_waiting:
            if self._in_head:
                self._refuse(408, f"the request's head was not there within {HEAD_TIME:g} s")
            self.transport.close()

    # What the parser finds ----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._url = b""
        self._headers = []
        self._in_head = True
        self._unparsed = self._drained = 0
        if self._is_idle:
            self._is_idle = False
            self._deadline = None

    def on_url(self, url: bytes) -> None:
        """Keep a part of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Check a head that is complete, and hand it to the app."""
        parser, headers = self._parser, self._headers
        version = parser.get_http_version()
        names = [name for name, _ in headers]
        hosts = names.count(b"host")
        if self._unparsed + _PIECE > HEAD_LIMIT or len(names) > HEADERS_LIMIT:
            self._check_size()
        if version not in ("1.1", "1.0"):
            raise _RefusedHead(505, "this server speaks HTTP/1.1")
        if hosts > 1 or (version == "1.1" and hosts == 0):
            raise _RefusedHead(400, f"a request has one Host header, not {hosts}")
        if parser.should_upgrade() and (b"content-length" in names or _TRANSFER in names):
            # The parser would take the body for the next request.
            raise _RefusedHead(400, "a request with a body can't ask for another protocol")
        if self._url.startswith(b"/") and b"#" not in self._url:
            raw_path, _, query = self._url.partition(b"?")
        else:
            target = httptools.parse_url(self._url)
            raw_path, query = target.path, target.query or b""
        path = raw_path.decode("ascii")
        exchange = Exchange(
            self,
            {
                "type": "http",
                "asgi": _ASGI,
                "http_version": version,
                "server": self._server,
                "client": self._client,
                "scheme": self._scheme,
                "method": parser.get_method().decode("ascii"),
                "root_path": "",
                "path": unquote(path) if "%" in path else path,
                "raw_path": raw_path,
                "query_string": query,
                "headers": headers,
                "extensions": self._extensions,
            },
            keep_alive=version == "1.1" and parser.should_keep_alive(),
            expects_continue=version == "1.1"
            and b"expect" in names
            and (b"expect", b"100-continue") in [(name, value.lower()) for name, value in headers],
        )
        is_first = self.is_waiting
        self._exchange = exchange
        if is_first:
            self._begin(exchange)
        else:
            self.pause_reading()
            self._waiting.append(exchange)
        self._end_head()
        self._in_body = True
        self._unparsed = 0
        self._deadline = None

    def on_body(self, body: bytes) -> None:
        """Hand on a part of a body, unless nobody wants it any more."""
        self._unparsed = 0
        assert self._exchange is not None
        if not self._exchange.response_complete:
            self._exchange.take_body(body)
        elif not self._places.knows(self):
            self._drain(len(body))

    def on_message_complete(self) -> None:
        """End a request, all of which is there."""
        self._in_body = False
        self._deadline = None
        assert self._exchange is not None
        if not self._exchange.response_complete:
            self._exchange.end_body()
        else:
            self._wait_for_next()

    # What an exchange asks of its connection ----------------------------------------------------

    @property
    def is_writable(self) -> bool:
        """Whether the reader has taken what was written, but for little of it."""
        return self._writable is None

    async def drain(self) -> None:
        """Wait until it has."""
        if self._writable is not None:
            await self._writable.wait()

    def pause_reading(self) -> None:
        """Read no more, until what was read is taken."""
        if not self._is_reading_paused:
            self._is_reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading, unless there is something yet that was not parsed."""
        if self._is_reading_paused and not self._later:
            self._is_reading_paused = False
            self.transport.resume_reading()

    def get_default_lines(self) -> bytes:
        """Return the lines that the head of each answer has."""
        return self._places.encode_defaults(self._state.default_headers)

    def finish(self, exchange: Exchange) -> None:
        """Go on with the next request, as one is answered."""
        if self.transport.is_closing():
            return
        if self._waiting:
            self._begin(self._waiting.popleft())
        elif self._in_body:
            if not self._places.knows(self):
                self._deadline = self._loop.time() + DRAIN_TIME
            exchange.body = bytearray()
        elif not self._in_head:
            self._wait_for_next()
        if self._later and not self._waiting:
            data, self._later = self._later, b""
            self._parse(data)
        self.resume_reading()

    # --------------------------------------------------------------------------------------------

    def _recognize(self) -> bool:
        return self._places.recognize(self)

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        exchange.begin(self._app, self._loop, self._state.tasks)

    def _wait_for_next(self) -> None:
        """Wait for the next request; hold nothing of the last one meanwhile."""
        self._current = self._exchange = None
        self._headers = []
        self._is_idle = True
        self._deadline = self._loop.time() + self._keep_alive_time

    def _parse(self, data: bytes) -> None:
        left = memoryview(data)
        while left and not self._is_over:
            piece = left[:_PIECE]
            used = len(piece)
            self._unparsed += used
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                used = upgrade.args[0]  # and the next request follows, as if it had not asked
            except httptools.HttpParserError as error:
                reason = error.__context__
                if isinstance(reason, _RefusedHead):
                    self._refuse(*reason.args)
                else:
                    _logger.debug("no HTTP from %s: %s", self._client, error)
                    self._refuse(400, "this is no HTTP request")
                return
            if self._unparsed > HEAD_LIMIT or len(self._headers) > HEADERS_LIMIT:
                self._refuse(*_too_large().args)
                return
            left = left[used:]
            if self._waiting and left:
                self._later = bytes(left)
                return
        if self._in_head:
            self._wait_for_head(len(data))
        elif self._in_body and not self._is_answered_stranger():
            self._deadline = self._loop.time() + BODY_TIME

    def _wait_for_head(self, size: int) -> None:
        """Keep a part of a head for a while, as long as there is room for it."""
        if self._deadline is None:
            self._deadline = self._loop.time() + HEAD_TIME
        self._head += size
        self._places.heads += size
        if self._places.heads > HEADS_LIMIT:
            self._refuse(503, "there are too many requests that have not come to their end")

    def _check_size(self) -> None:
        size = len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        if len(self._url) > HEAD_LIMIT:
            raise _RefusedHead(414, f"the request's target is larger than {HEAD_LIMIT} bytes")
        if size > HEAD_LIMIT or len(self._headers) > HEADERS_LIMIT:
            raise _too_large()

    def _is_answered_stranger(self) -> bool:
        exchange = self._exchange
        is_answered = exchange is None or exchange.response_complete
        return is_answered and not self._places.knows(self)

    def _end_head(self) -> None:
        self._in_head = False
        self._places.heads -= self._head
        self._head = 0

    def _refuse(self, status: int, detail: str) -> None:
        """Understand no more of what comes; answer so, once what came before is answered."""
        self._is_over = True
        self._deadline = self._loop.time() + DRAIN_TIME
        exchange = self._exchange
        if self._in_body and exchange is not None:
            may_answer = not (self._waiting or exchange.response_started)
        else:
            may_answer = self.is_waiting
        if may_answer:
            body = orjson.dumps({"detail": detail})
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n"
            self.transport.write(b"%b%b\r\n%b" % (STATUS_LINES[status], head % len(body), body))
            self.transport.write_eof()
        elif self._in_body or exchange is None:
            self.transport.close()
        else:
            exchange.keep_alive = False

    def _drain(self, size: int) -> None:
        self._drained += size
        if self._drained > _DRAIN_LIMIT:
            self.transport.close()


def _too_large() -> _RefusedHead:
    return _RefusedHead(
        431,
        f"the request's head is larger than {HEAD_LIMIT} bytes, or has more than {HEADERS_LIMIT} "
        "headers",
    )


def _find_address(client: tuple[str, int] | None) -> bytes:
    """Find what the connections of one caller have in common.

    IPv6 gives networks to whoever asks.
    """
    if client is None:
        return b""
    if ":" not in client[0]:
        return client[0].encode()
    address = ipaddress.IPv6Address(client[0])
    return address.packed[:8] if address.ipv4_mapped is None else address.ipv4_mapped.packed

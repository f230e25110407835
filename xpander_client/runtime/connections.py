"""What a connection may cost the server before its caller has shown a key.

Needs `uvicorn` and `httptools`, which come with the extras `[worker]` and `[platform]`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections import defaultdict
from itertools import islice
from typing import Any

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

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


class _UntilClosed(RequestResponseCycle):
    """An answer to HTTP/1.0, which has no chunks: the end of the connection is its end."""

    async def send(self, message: Any) -> None:
        self.chunked_encoding = False
        self.expected_content_length = len(message.get("body", b""))
        await super().send(message)


class _RefusedHead(Exception):
    """A head that is refused as it is read: with a status, for a reason."""


class HttpConnection(HttpToolsProtocol):
    """One connection, with an end to all that a caller can begin.

    A request's head has a size and a time, and one that can't be understood is refused without a
    word in the log, which strangers could fill otherwise. A body that goes on after the answer is
    read for a while and then cut off. Asking for another protocol is asking in vain.
    """

    def __init__(self, places: Connections, **arguments: Any) -> None:
        super().__init__(**arguments)
        # For the server to say so would take the handlers from a logger that the process shares.
        self.access_log = False
        self.address = b""
        self.headers = []
        self._places = places
        self._extensions: dict[str, Any] = {}
        self._deadline: float | None = None
        self._in_head = self._in_body = self._is_over = False
        self._unparsed = 0  # bytes since the piece in which a head, or a part of a body, was
        self._head = 0  # bytes of the head that has not come to its end
        self._drained = 0
        self._later = b""

    @property
    def is_waiting(self) -> bool:
        """Whether the caller has asked for nothing that is not answered."""
        return bool(getattr(self.cycle, "response_complete", True))

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is a place."""
        super().connection_made(transport)
        self.address = _find_address(self.client)
        self._extensions = {
            ABORT: transport.abort,
            RECOGNIZE: self._recognize,
            PRIVATE: self._places.private,
        }
        self._deadline = self.loop.time() + HEAD_TIME
        if not self._places.admit(self):
            self._refuse(503, "there are too many connections")
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the connection's place to others."""
        super().connection_lost(exc)
        self._places.remove(self)
        self._end_head()

    def data_received(self, data: bytes) -> None:
        """Parse what came, or keep it where the caller is ahead of the answers."""
        if self._is_over:
            self._drain(len(data))
        elif self._later:
            self._later += data
            self.flow.pause_reading()
        else:
            self._parse(data)

    def expire(self, now: float) -> None:
        """End what has taken too long."""
        if self._deadline is None or now < self._deadline or self.flow.read_paused:
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
        super().on_message_begin()
        self.scope["extensions"] = self._extensions
        self._unset_keepalive_if_required()
        self._in_head = True
        self._unparsed = self._drained = 0

    def on_headers_complete(self) -> None:
        """Check a head that is complete, and hand it to the app."""
        self._unset_keepalive_if_required()
        assert self.parser is not None
        version = self.parser.get_http_version()
        names = [name for name, _ in self.headers]
        hosts = names.count(b"host")
        if self._unparsed + _PIECE > HEAD_LIMIT or len(names) > HEADERS_LIMIT:
            self._check_size()
        if version not in ("1.1", "1.0"):
            raise _RefusedHead(505, "this server speaks HTTP/1.1")
        if hosts > 1 or (version == "1.1" and hosts == 0):
            raise _RefusedHead(400, f"a request has one Host header, not {hosts}")
        if self.parser.should_upgrade() and (b"content-length" in names or _TRANSFER in names):
            # The parser would take the body for the next request.
            raise _RefusedHead(400, "a request with a body can't ask for another protocol")
        super().on_headers_complete()
        self._end_head()
        self._in_body = True
        self._unparsed = 0
        self._deadline = None
        if version == "1.0":
            self.cycle.__class__ = _UntilClosed

    def on_body(self, body: bytes) -> None:
        """Hand on a part of a body, unless nobody wants it any more."""
        self._unparsed = 0
        if self._is_answered_stranger():
            self._drain(len(body))
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request, all of which is there."""
        self._in_body = False
        self._deadline = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, as one is answered."""
        super().on_response_complete()
        if self.transport.is_closing() or not self.cycle.response_complete:
            return
        if self._in_body:
            if not self._places.knows(self):
                self._deadline = self.loop.time() + DRAIN_TIME
            self.cycle.body = bytearray()
        elif not self._in_head:
            # While it waits for the next one it holds nothing of the last.
            self.cycle = self.scope = None  # type: ignore[assignment]
            self.headers = []
        if self._later:
            data, self._later = self._later, b""
            self._parse(data)

    # --------------------------------------------------------------------------------------------

    def _recognize(self) -> bool:
        return self._places.recognize(self)

    def _parse(self, data: bytes) -> None:
        left = memoryview(data)
        while left and not self._is_over:
            piece = left[:_PIECE]
            used = len(piece)
            self._unparsed += used
            assert self.parser is not None
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                used = upgrade.args[0]  # and the next request follows, as if it had not asked
            except httptools.HttpParserError as error:
                reason = error.__context__
                if isinstance(reason, _RefusedHead):
                    self._refuse(*reason.args)
                else:
                    _logger.debug("no HTTP from %s: %s", self.client, error)
                    self._refuse(400, "this is no HTTP request")
                return
            if self._unparsed > HEAD_LIMIT or len(self.headers) > HEADERS_LIMIT:
                self._refuse(*_too_large().args)
                return
            left = left[used:]
            if self.pipeline and left:
                self._later = bytes(left)
                return
        if self._in_head:
            self._wait_for_head(len(data))
        elif self._in_body and not self._is_answered_stranger():
            self._deadline = self.loop.time() + BODY_TIME

    def _wait_for_head(self, size: int) -> None:
        """Keep a part of a head for a while, as long as there is room for it."""
        if self._deadline is None:
            self._deadline = self.loop.time() + HEAD_TIME
        self._head += size
        self._places.heads += size
        if self._places.heads > HEADS_LIMIT:
            self._refuse(503, "there are too many requests that have not come to their end")

    def _check_size(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if len(self.url) > HEAD_LIMIT:
            raise _RefusedHead(414, f"the request's target is larger than {HEAD_LIMIT} bytes")
        if size > HEAD_LIMIT or len(self.headers) > HEADERS_LIMIT:
            raise _too_large()

    def _is_answered_stranger(self) -> bool:
        return self.cycle.response_complete and not self._places.knows(self)

    def _end_head(self) -> None:
        self._in_head = False
        self._places.heads -= self._head
        self._head = 0

    def _refuse(self, status: int, detail: str) -> None:
        """Understand no more of what comes; answer so, once what came before is answered."""
        self._is_over = True
        self._deadline = self.loop.time() + DRAIN_TIME
        if self._in_body:
            may_answer = not (self.pipeline or self.cycle.response_started)
        else:
            may_answer = self.is_waiting
        if may_answer:
            body = orjson.dumps({"detail": detail})
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n"
            self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head % len(body), body))
            self.transport.write_eof()
        elif self._in_body:
            self.transport.close()
        else:
            self.cycle.keep_alive = False

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

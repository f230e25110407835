"""One request and its answer: what an ASGI app is served with."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, Protocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PATIENCE = "patience"
"""In the message with a part of a body: so many seconds it may wait for the reader to take what was
written before. When they are over, `TimeoutError` is raised."""

STATUS_LINES: dict[int, bytes] = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())
    for status in HTTPStatus
}
"""How answers begin, by their status."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_CONTROLS = bytes({*range(32), 127} - {*b"\t\r\n"})

_READ_AHEAD = 64 * 1024
"""How many bytes of a body wait for the app before no more is read of the connection."""

_logger = logging.getLogger(__name__)


class Channel(Protocol):
    """The connection of an exchange, as far as it needs one."""

    transport: asyncio.Transport

    @property
    def is_writable(self) -> bool:
        """Whether the reader has taken what was written, but for little of it."""
        ...

    async def drain(self) -> None:
        """Wait until it has."""
        ...

    def pause_reading(self) -> None:
        """Read no more of the connection."""
        ...

    def resume_reading(self) -> None:
        """Go on reading."""
        ...

    def get_default_lines(self) -> bytes:
        """Return the lines that each answer's head has."""
        ...

    def finish(self, exchange: Exchange) -> None:
        """Take note that the answer is complete."""
        ...


class Exchange:
    """One request and its answer.

    The head of an answer is written with the first part of its body, so that a short answer is one
    write, and wakes its reader once.
    """

    def __init__(
        self,
        channel: Channel,
        scope: Scope,
        *,
        keep_alive: bool,
        expects_continue: bool,
    ) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        self.disconnected = False
        self.body = bytearray()
        """What came of the request's body and was not received by the app."""
        self.more_body = True
        self.response_started = False
        self.response_complete = False
        self._channel = channel
        self._transport = channel.transport
        self._expects_continue = expects_continue
        self._head = b""
        self._is_chunked = False
        self._length: int | None = None  # what is still to come of the answer's body
        self._has_news = False
        self._news: asyncio.Event | None = None
        self._task: asyncio.Task[None]

    # The connection's side ----------------------------------------------------------------------

    def begin(
        self, app: App, loop: asyncio.AbstractEventLoop, tasks: set[asyncio.Task[Any]]
    ) -> None:
        """Have the app answer, in a task that is one of these until it is done."""
        self._task = loop.create_task(self._run(app, tasks))
        tasks.add(self._task)

    async def _run(self, app: App, tasks: set[asyncio.Task[Any]]) -> None:
        try:
            await app(self.scope, self.receive, self.send)
            if not (self.response_complete or self.disconnected):
                _logger.error("the app returned without a complete answer")
                await self._break_off()
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):
                _logger.exception("the app failed")
            await self._break_off()
        finally:
            tasks.discard(self._task)

    def take_body(self, part: bytes) -> None:
        """Keep a part of the request's body for the app."""
        self.body += part
        if len(self.body) > _READ_AHEAD:
            self._channel.pause_reading()
        self.wake()

    def end_body(self) -> None:
        """Take note that the whole body was there."""
        self.more_body = False
        self.wake()

    def disconnect(self) -> None:
        """Take note that the connection is gone."""
        self.disconnected = True
        self.wake()

    def wake(self) -> None:
        """Let the app receive what there is."""
        self._has_news = True
        if self._news is not None:
            self._news.set()

    # The app's side -----------------------------------------------------------------------------

    async def receive(self) -> Message:
        """Return what there is of the body, or wait for more, or for the end."""
        if self._expects_continue and not self._transport.is_closing():
            self._transport.write(_CONTINUE)
            self._expects_continue = False
        if not (self.disconnected or self.response_complete):
            self._channel.resume_reading()
            while not self._has_news:
                if self._news is None:
                    self._news = asyncio.Event()
                self._news.clear()
                await self._news.wait()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        self._has_news = False
        body = bytes(self.body)
        self.body = bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if not (self.disconnected or self._channel.is_writable):
            async with asyncio.timeout(message.get(PATIENCE)):
                await self._channel.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if not self.response_started:
            if kind != "http.response.start":
                raise RuntimeError(f"expected http.response.start, not {kind}")
            self.response_started = True
            self._expects_continue = False
            self._head = self._make_head(message["status"], message.get("headers", ()))
        elif self.response_complete:
            raise RuntimeError(f"{kind} came after the answer's end")
        elif kind != "http.response.body":
            raise RuntimeError(f"expected http.response.body, not {kind}")
        else:
            self._write(message.get("body", b""), message.get("more_body", False))

    def _make_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        has_length = is_chunked = closes = False
        lines = []
        for name, value in headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            match name.lower():
                case b"content-length":
                    has_length = True
                    self._length = int(value)
                case b"transfer-encoding":
                    is_chunked = value.lower() == b"chunked"
                case b"connection":
                    closes = b"close" in [each.strip() for each in value.lower().split(b",")]
        if closes:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.scope["method"] == "HEAD":
            self._length = None
        elif self.scope["http_version"] == "1.0":
            # It has no chunks: the end of the connection is the answer's.
            self._length = None
        elif is_chunked or not (has_length or status in _WITHOUT_BODY):
            self._is_chunked = True
            self._length = None
            if not is_chunked:
                lines.append(b"transfer-encoding: chunked\r\n")
        elif not has_length:
            self._length = 0
        head = b"".join(lines)
        ends = len(lines)
        if (
            head.count(b"\n") != ends
            or head.count(b"\r") != ends
            or len(head.translate(None, _CONTROLS)) != len(head)
        ):
            raise RuntimeError("a header of the answer has a control character")
        return b"%b%b%b\r\n" % (STATUS_LINES[status], self._channel.get_default_lines(), head)

    def _write(self, body: bytes, more_body: bool) -> None:
        head, self._head = self._head, b""
        if self.scope["method"] == "HEAD":
            body = b""
        elif self._is_chunked:
            if body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            if not more_body:
                body += b"0\r\n\r\n"
        elif self._length is not None:
            self._length -= len(body)
            if self._length < 0 or (self._length and not more_body):
                raise RuntimeError("the answer's body is not as long as its head says")
        if head or body:
            self._transport.write(head + body)
        if not more_body:
            self.response_complete = True
            self.wake()
            if not self.keep_alive:
                self._transport.close()
            self._channel.finish(self)

    async def _break_off(self) -> None:
        """Answer that the app failed, or close the connection where the answer has begun."""
        if self.response_started or self.disconnected:
            self._transport.close()
            return
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"21"),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"Internal Server Error"})

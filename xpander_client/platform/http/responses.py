"""What endpoints answer with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson

from xpander_client.runtime.exchange import App, Receive, Scope, Send


class Response:
    """An answer that is there as a whole."""

    media_type: str | None = None

    def __init__(
        self,
        body: bytes = b"",
        status: int = 200,
        *,
        media_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.body = body
        self.status = status
        self.headers: list[tuple[bytes, bytes]] = []
        if status != 204:
            self.headers.append((b"content-length", b"%d" % len(body)))
        kind = media_type or self.media_type
        if kind is not None:
            self.headers.append((b"content-type", kind.encode()))
        if headers:
            self.headers += [(name.encode(), text.encode()) for name, text in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Json(Response):
    """An answer that is JSON already."""

    media_type = "application/json"

    @classmethod
    def of(cls, value: Any, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Json:
        """Make an answer of a value."""
        return cls(orjson.dumps(value), status, headers=headers)


class JsonPieces(Response):
    """JSON that is made while it is sent, for as long as somebody reads it."""

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        super().__init__()
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces."""
        leaving = asyncio.create_task(_wait_for_disconnect(receive))
        headers = [(b"content-type", b"application/json")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async with contextlib.aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    if leaving.done():
                        return
            await send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()


class Streamed(Response):
    """An answer that another room serves."""

    def __init__(self, stream: App) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the other room answer."""
        await self._stream(scope, receive, send)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

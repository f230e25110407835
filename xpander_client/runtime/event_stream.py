"""Answer a request with an event stream, and notice when nobody reads it any more.

Needs `uvicorn` and `httptools`, which come with the extras `[worker]` and `[platform]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

from xpander_client.runtime.connections import ABORT
from xpander_client.runtime.exchange import PATIENCE, Receive, Scope, Send

WRITE_BYTES = 64 * 1024
"""The most that is written at once. A server takes it while less than that waits to be taken by the
reader, so a reader that takes nothing costs about twice this, whatever there is for it."""


class EventStreamAnswer:
    """Sends the parts of an answer, and notices when its reader goes away.

    A reader that takes nothing for `stalled_after` seconds is dropped, and counts as gone.
    `on_gone` is called when the reader closed the connection.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        stalled_after: float,
        on_gone: Callable[[], None] | None = None,
    ) -> None:
        self._abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)
        self._receive = receive
        self._send = send
        self._stalled_after = stalled_after
        self._on_gone = on_gone
        self._listener: asyncio.Task[None] | None = None
        self._has_ended = False
        self.has_begun = False
        self.gone = False
        self.written_at = 0.0
        """When something was written last, on the loop's clock."""

    def listen(self) -> asyncio.Task[None]:
        """Begin to notice when the reader goes away; return the task that ends then."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        return self._listener

    async def begin(self, *headers: tuple[bytes, bytes], data: bytes = b"") -> None:
        """Send the head, with these headers besides those of every event stream, and some events.

        They go out together, so that the reader wakes once.
        """
        self.listen()
        self.has_begun = True
        await self._pass(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),
                    *headers,
                ],
            }
        )
        await self.write(data)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """Send some events.

        With the last of it goes the end of the answer, so that the reader sees it at once and can
        keep the connection.
        """
        for start in range(0, len(data) or 1, WRITE_BYTES):
            more = not (last and start + WRITE_BYTES >= len(data))
            await self._part(data[start : start + WRITE_BYTES], more=more)
        self.written_at = asyncio.get_running_loop().time()

    async def end(self) -> None:
        """End the answer, if it has not ended, and listen no longer."""
        if not self._has_ended:
            await self._part(b"", more=False)
        if self._listener is not None:
            self._listener.cancel()

    async def _part(self, data: bytes, *, more: bool) -> None:
        await self._pass(
            {
                "type": "http.response.body",
                "body": data,
                "more_body": more,
                PATIENCE: self._stalled_after,
            }
        )
        self._has_ended = not more

    async def _pass(self, message: MutableMapping[str, Any]) -> None:
        if self.gone:
            return
        try:
            await self._send(message)
        except TimeoutError:
            self.gone = True
            await self._drop()
        except OSError:
            self.gone = True

    async def _drop(self) -> None:
        """Close the connection without waiting for a reader that may take hours to be told."""
        if self._abort is not None and self._listener is not None:
            self._abort()
            await asyncio.wait([self._listener], timeout=1.0)  # it hears of that

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._on_gone is not None:
            self._on_gone()

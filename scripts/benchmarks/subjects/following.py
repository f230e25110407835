"""A hundred followers of one stream over plain sockets, and how late its events come to them.

A run begins with a new task where the environment names an agent.
"""

from __future__ import annotations

import asyncio
import json
import os
from functools import partial
from typing import cast
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from measured import serve
from stamped import LENGTH, Lateness, push, summary

FOLLOWERS = 100

base = os.environ["XPANDER_BASE_URL"]
netloc = urlsplit(base).netloc
headers = {"x-api-key": os.environ["XPANDER_API_KEY"], "content-type": "application/json"}


class Follower(asyncio.Protocol):
    """Reads one stream; looks at nothing but the stamps, so that it costs little."""

    def __init__(self, path: str, every: int, count: int) -> None:
        self._path = path
        self._last = count - every
        self._rest = b""
        self.lateness = Lateness(every)
        self.began = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the stream."""
        self.transport = cast("asyncio.Transport", transport)
        fields = {"host": netloc, **headers}
        lines = [f"GET {self._path} HTTP/1.1", *(f"{name}: {fields[name]}" for name in fields)]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        """Take the stamps that are whole."""
        if not self.began.done():
            assert data.startswith(b"HTTP/1.1 200"), data
            self.began.set_result(None)
        data = self._rest + data
        at = data.find(b"@")
        while 0 <= at <= len(data) - LENGTH:
            self.lateness.take(data[at : at + LENGTH])
            at = data.find(b"@", at + LENGTH)
        self._rest = data[at:] if at >= 0 else b""
        if self.lateness.next > self._last and not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        if not self.ended.done():
            self.ended.set_exception(exc or EOFError("the stream ended early"))


async def follow(rate: int, every: int, count: int) -> list[float]:
    """All follow while events are pushed; see `stamped.summary` for what comes back."""
    loop = asyncio.get_running_loop()
    events, pushed = await loop.run_in_executor(None, paths)
    followers = [Follower(events, every, count) for _ in range(FOLLOWERS)]
    host, _, port = netloc.partition(":")
    for follower in followers:
        await loop.create_connection(partial(identity, follower), host, int(port))
    await asyncio.gather(*(follower.began for follower in followers))
    await push(base + pushed, rate, count, every)
    await asyncio.wait_for(asyncio.gather(*(each.ended for each in followers)), 120)
    for follower in followers:
        follower.transport.abort()
    return summary([follower.lateness for follower in followers])


def identity(follower: Follower) -> Follower:
    """Return the protocol of a connection that is made for it."""
    return follower


def paths() -> tuple[str, str]:
    """Where to follow, and where to push."""
    if "XPANDER_AGENT_ID" not in os.environ:
        return "/events", "/push"
    url = f"{base}/agent-execution/{os.environ['XPANDER_AGENT_ID']}"
    body = b'{"input": {"text": "Add up the sales by region"}, "events_streaming": true}'
    with urlopen(Request(url, body, headers)) as answer:
        events = f"/agent-execution/{json.load(answer)['id']}/events"
    return events, f"{events}/push"


serve(
    {},
    {
        "calm": lambda count: follow(100, 1, count),
        "busy": lambda count: follow(10_000, 100, count),
    },
)

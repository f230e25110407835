"""Many workers over plain sockets, and a caller who has one task at a time for them."""

from __future__ import annotations

import asyncio
import json
import os
import time

from measured import serve
from plain_caller import FIELDS, Caller, addresses

SLOTS = 64
TOGETHER = 50


class Crowd:
    """So many workers; what they are offered comes into one queue."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._offers: asyncio.Queue[str] = asyncio.Queue()
        self._streams: list[asyncio.Task[None]] = []

    async def gather(self) -> None:
        """Let all of them listen."""
        while len(self._streams) < self._size:
            there = len(self._streams)
            missing = min(TOGETHER, self._size - there)
            opened = [asyncio.Event() for _ in range(missing)]
            self._streams += [
                asyncio.create_task(self._listen(there + number, event))
                for number, event in enumerate(opened)
            ]
            await asyncio.gather(*(event.wait() for event in opened))

    async def _listen(self, number: int, opened: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection(addresses[0].hostname, addresses[0].port)
        agent = os.environ["XPANDER_AGENT_ID"]
        writer.write(
            f"GET /events/{agent}/?slots={SLOTS} HTTP/1.1\r\n{FIELDS}"
            f"x-worker-id: {agent}-{number}\r\n\r\n".encode()
        )
        event = b""
        while line := await reader.readline():
            if line.startswith(b"event: "):
                event = line[7:].strip()
                opened.set()
            elif line.startswith(b"data: ") and event == b"agent-execution":
                self._offers.put_nowait(json.loads(line[6:])["id"])

    async def work(self, count: int) -> list[float]:
        """One task after the other: created, offered to one of them, begun and ended.

        Return the seconds from before the create to the offer, of each.
        """
        await self.gather()
        caller = Caller(*await asyncio.open_connection(addresses[0].hostname, addresses[0].port))
        seconds: list[float] = []
        for _ in range(count):
            started = time.perf_counter()
            await caller.create()
            task_id = await self._offers.get()
            seconds.append(time.perf_counter() - started)
            await caller.update(task_id, status="executing")
            await caller.update(task_id, status="completed", result="done")
        await caller.close()
        return seconds

    async def idle(self, count: int) -> None:
        """Listen for so many seconds."""
        await self.gather()
        await asyncio.sleep(count)

    async def leave(self, count: int) -> None:
        """All of them are gone."""
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)


crowd = Crowd(int(os.environ["XPANDER_CROWD"]))
serve({}, {"work": crowd.work, "idle": crowd.idle, "leave": crowd.leave})

"""The local server that all clients are measured against: `python server.py`.

It answers from memory, without a framework, so that what is measured is the client. The first line
it prints is its port; it ends when its standard input does.

A task is served as JSON, whatever its id, and for each that is created. Its events depend on the
id: `replay` has 20,000 of them ready, `tokens` the same with an HTTP chunk for each, and `slow`
sends one every 0.1 s for 2 s. A create for the agent `breaking` is read, and the connection closed;
`/broken` says how many there were.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from typing import cast

EVENTS = 20_000
EVENT_BYTES = 200
SLOW_SECONDS = 2.0
REPLAY_BLOCK = 64 * 1024
TIME = "2026-01-02T03:04:05.678901+00:00"


def task(task_id: str) -> dict[str, object]:
    """Return a task as the platform answers it, with the fields that a finished one has."""
    return {
        "id": task_id,
        "agent_id": "agent",
        "organization_id": "bench",
        "agent_version": "3",
        "status": "completed",
        "input": {
            "text": "Add up the sales by region",
            "files": ["https://files.example/sales.csv"],
            "user": {"id": "u1", "email": "ada@example.com", "first_name": "Ada"},
        },
        "created_at": TIME,
        "started_at": TIME,
        "finished_at": TIME,
        "result": "North 1, South 2, East 3, West 4",
        "source": "sdk",
        "output_format": "text",
        "events_streaming": True,
        "execution_attempts": 1,
        "title": "Sales by region",
        "think_mode": "default",
        "used_tools": [],
        "duration": 1.25,
    }


def frame(number: int, kind: str, data: object, size: int = 0) -> bytes:
    """One event as it goes over the wire; its JSON is padded to `size` bytes."""
    event = {
        "type": kind,
        "task_id": "9f0c7d4e-6f1a-4d0e-8a55-2f3b6c1d7e90",
        "organization_id": "bench",
        "time": TIME,
        "data": data,
    }
    text = json.dumps(event)
    if len(text) < size:
        event["data"] = f"{data}{'x' * (size - len(text))}"
        text = json.dumps(event)
    return f"id: {number}\ndata: {text}\n\n".encode()


def chunk(payload: bytes) -> bytes:
    """`payload` as one HTTP chunk."""
    return b"%x\r\n%s\r\n" % (len(payload), payload)


LAST_CHUNK = b"0\r\n\r\n"
FINISHED = frame(EVENTS + 1, "task_finished", task("finished"))
FRAMES = [frame(n, "chunk", "", EVENT_BYTES) for n in range(1, EVENTS + 1)]
TOKENS = b"".join(map(chunk, FRAMES)) + chunk(FINISHED) + LAST_CHUNK
_joined = b"".join(FRAMES) + FINISHED
REPLAY = (
    b"".join(
        chunk(_joined[start : start + REPLAY_BLOCK])
        for start in range(0, len(_joined), REPLAY_BLOCK)
    )
    + LAST_CHUNK
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Server(asyncio.Protocol):
    """One connection: answers requests in the order they come."""

    broken = 0  # creates that were read and not answered, on all connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self.transport = cast("asyncio.Transport", transport)
        self.received = b""
        self.streaming: asyncio.Task[None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End a stream that nobody reads any more."""
        if self.streaming:
            self.streaming.cancel()

    def data_received(self, data: bytes) -> None:
        """Answers each request that is complete."""
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end]
            end += 4
            if head.startswith(b"POST"):
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
                end += int(length)
                if len(self.received) < end:
                    return
            self.received = self.received[end:]
            self.answer(head.split(b" ", 2)[1].decode())

    def answer(self, path: str) -> None:
        """Answers a request for `path`."""
        *_, task_id, last = path.split("/")
        if last == "breaking":
            Server.broken += 1
            self.transport.close()
        elif last != "events":
            answer = Server.broken if last == "broken" else task(task_id)
            body = json.dumps(answer).encode()
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                % (len(body), body)
            )
        elif task_id == "slow":
            self.streaming = asyncio.ensure_future(self.stream_slowly())
        else:
            self.transport.write(STREAM_HEAD + (TOKENS if task_id == "tokens" else REPLAY))

    async def stream_slowly(self) -> None:
        """Send the first event now, then one every 0.1 s, for 2 s in all."""
        self.transport.write(STREAM_HEAD)
        count = int(SLOW_SECONDS / 0.1)
        for number in range(1, count + 1):
            self.transport.write(chunk(frame(number, "chunk", "tick")))
            await asyncio.sleep(0.1)
        self.transport.write(chunk(frame(count + 1, "task_finished", task("slow"))) + LAST_CHUNK)


async def serve() -> None:
    """Serve on a free port of the loopback interface until standard input ends."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    server = await loop.create_server(Server, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)

    def wait_for_end_of_input() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    await over.wait()
    server.close()


if __name__ == "__main__":
    if sys.platform == "win32":
        asyncio.run(serve())
    else:
        import uvloop

        uvloop.run(serve())

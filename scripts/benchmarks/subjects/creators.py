"""Callers that create tasks over plain sockets: as little client as can be."""

from __future__ import annotations

import asyncio
import os
import uuid
from urllib.parse import urlsplit

from measured import serve

address = urlsplit(os.environ["XPANDER_BASE_URL"])
BODY = b'{"input": {"text": "Add up the sales by region", "files": []}}'
HEAD = (
    f"POST /agent-execution/{os.environ['XPANDER_AGENT_ID']} HTTP/1.1\r\n"
    f"host: {address.netloc}\r\nx-api-key: {os.environ['XPANDER_API_KEY']}\r\n"
    f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\nidempotency-key: "
).encode()


async def create(callers: int, count: int) -> None:
    """Creates `count` tasks, `callers` at a time, each caller on its own connection."""
    left = iter(range(count))

    async def caller() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for _ in left:
            writer.write(b"%s%s\r\n\r\n%s" % (HEAD, uuid.uuid4().hex.encode(), BODY))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 20"), head
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller() for _ in range(callers)))


serve(
    {},
    {
        "create1": lambda count: create(1, count),
        "create32": lambda count: create(32, count),
    },
)

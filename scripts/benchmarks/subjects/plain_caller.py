"""A caller over plain sockets: as little client as can be, so that the platform is measured.

The environment names one platform, or several of one store.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from urllib.parse import urlsplit

addresses = [urlsplit(each) for each in os.environ["XPANDER_BASE_URL"].split()]
BODY = b'{"input": {"text": "Add up the sales by region", "files": []}}'
FIELDS = f"host: {addresses[0].netloc}\r\nx-api-key: {os.environ['XPANDER_API_KEY']}\r\n"


class Caller:
    """One connection, kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def create(self) -> bytes:
        """Create a task; return its JSON."""
        head = (
            f"POST /agent-execution/{os.environ['XPANDER_AGENT_ID']} HTTP/1.1\r\n{FIELDS}"
            f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n"
            f"idempotency-key: {uuid.uuid4().hex}\r\n\r\n"
        )
        return await self._read_body(await self._ask(head.encode() + BODY))

    async def status(self, task_id: str) -> None:
        """Read a task."""
        request = f"GET /agent-execution/{task_id}/status HTTP/1.1\r\n{FIELDS}\r\n"
        await self._read_body(await self._ask(request.encode()))

    async def update(self, task_id: str, **fields: object) -> None:
        """Set fields of a task, as the worker of its first attempt."""
        body = json.dumps({"execution_attempts": 1, **fields}).encode()
        head = (
            f"PATCH /agent-execution/{task_id}/update HTTP/1.1\r\n{FIELDS}"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        await self._read_body(await self._ask(head.encode() + body))

    async def _ask(self, request: bytes) -> bytes:
        """Send a request; return the head of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 20"), head
        return head

    async def _read_body(self, head: bytes) -> bytes:
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return await self._reader.readexactly(int(length))

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()

"""Passes bytes on to ADDRESS and counts the requests about tasks: `counting_proxy.py ADDRESS`.

The first line it prints is its port.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from urllib.parse import urlsplit

from measured import serve

# Heads begin a packet: each client sends a request after the answer to the one before.
ABOUT_TASKS = re.compile(rb"[A-Z]+ /(?:[^/ ]+/)?agent-execution[/? ]")

target = urlsplit(sys.argv[1])
counted: list[bytes] = []


async def passed(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool
) -> None:
    """Pass on what comes, until it ends."""
    while data := await reader.read(2**16):
        if count and (head := ABOUT_TASKS.match(data)):
            counted.append(head[0])
        writer.write(data)
    writer.close()


async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Connect one more client."""
    far_reader, far_writer = await asyncio.open_connection(target.hostname, target.port)
    await asyncio.gather(
        passed(reader, far_writer, count=True), passed(far_reader, writer, count=False)
    )


async def listen(ready: threading.Event) -> None:
    """Take connections for as long as the process lives."""
    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ready.set()
    await server.serve_forever()


ready = threading.Event()
threading.Thread(target=lambda: asyncio.run(listen(ready)), daemon=True).start()
ready.wait()
serve({"requests": lambda _: float(len(counted))}, {})

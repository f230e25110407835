"""Uvicorn, as the platform is served, with an app that answers all requests with one constant."""

from __future__ import annotations

import json
import socket
import sys
import threading
from typing import Any

import uvicorn

# As long as the answer to a task's status.
BODY = json.dumps({"id": "9f0c7d4e-6f1a-4d0e-8a55-2f3b6c1d7e90", "filler": "x" * 600}).encode()
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(BODY)),
    ],
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer."""
    await send(START)
    await send({"type": "http.response.body", "body": BODY})


listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
configuration = uvicorn.Config(
    app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning"
)
server = uvicorn.Server(configuration)


def end() -> None:
    """End the server when the standard input does."""
    sys.stdin.read()
    server.should_exit = True


port = listening.getsockname()[1]
print(
    json.dumps(
        {
            "XPANDER_API_KEY": "key",
            "XPANDER_BASE_URL": f"http://127.0.0.1:{port}",
            "XPANDER_AGENT_ID": "bench",
        }
    ),
    flush=True,
)
threading.Thread(target=end, daemon=True).start()
configuration.get_loop_factory()
server.run([listening])

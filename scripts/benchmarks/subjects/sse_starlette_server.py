"""A broadcast with sse-starlette, as its documentation has it: a queue for each subscriber.

`POST /push` takes a list of events, `GET /events` streams them. Prints the environment that points
to it, as `serving_platform.py` does; ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from itertools import count
from sys import stdin

import orjson
import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xpander_client.runtime import listening

queues: set[asyncio.Queue[ServerSentEvent]] = set()
numbers = count(1)


async def push(request: Request) -> Response:
    """Hands each event, encoded once, to all who follow."""
    for event in orjson.loads(await request.body()):
        sent = ServerSentEvent(orjson.dumps(event).decode(), id=str(next(numbers)))
        for queue in queues:
            queue.put_nowait(sent)
    return Response()


async def events(request: Request) -> Response:
    """Follows."""
    queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue()

    async def stream() -> AsyncIterator[ServerSentEvent]:
        queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)

    return EventSourceResponse(stream())


if __name__ == "__main__":
    listener = listening.bind("127.0.0.1", 0)
    address = {"XPANDER_BASE_URL": listening.format_url(listener), "XPANDER_API_KEY": "key"}
    print(json.dumps(address), flush=True)
    routes = [Route("/push", push, methods=["POST"]), Route("/events", events)]
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=routes), lifespan="off", log_level="warning", access_log=False
        )
    )

    def end_with_input() -> None:
        stdin.read()
        server.should_exit = server.force_exit = True

    threading.Thread(target=end_with_input, daemon=True).start()
    server.run(sockets=[listener])

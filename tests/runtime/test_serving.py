"""The listening socket."""

import asyncio
import contextlib
import gc
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from xpander_client.runtime.listening import bind
from xpander_client.runtime.serving import EmbeddedServer

PART = b"x" * 65536


def test_what_a_reader_does_not_take_is_not_hidden_in_the_kernel() -> None:
    with bind("127.0.0.1", 0) as listener, socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader.connect(listener.getsockname())
        listener.setblocking(True)
        connection, _ = listener.accept()
        taken = 0
        with connection:
            connection.setblocking(False)
            for _ in range(50):
                with contextlib.suppress(BlockingIOError):
                    for _ in range(64):
                        taken += connection.send(PART)
                time.sleep(0.001)  # the kernel moves what it has
        assert taken < 1024 * 1024


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_connection_that_comes_as_the_server_stops_is_closed_with_the_others(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def stop_as_connections_come(turns: int) -> None:
        listener = bind("127.0.0.1", 0)
        server = EmbeddedServer(_answer)
        started = asyncio.Event()
        server.on_started = started.set
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        callers = [socket.create_connection(listener.getsockname(), 5) for _ in range(8)]
        for _ in range(turns):
            await asyncio.sleep(0)
        server.stop()
        await serving
        for caller in callers:
            with caller, contextlib.suppress(ConnectionError):
                assert caller.recv(1) == b""

    for turns in range(6):
        with contextlib.closing(new_loop()) as loop:
            # What the server left open would be a warning as it is collected.
            loop.run_until_complete(stop_as_connections_come(turns))
        gc.collect()

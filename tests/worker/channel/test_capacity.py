"""The platform is told when a worker is full, and when it is free again, whatever happens."""

import asyncio
import json
import threading

import attrs

from tests.raw_server import Connection, RawServer
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker.channel.capacity import Capacity


async def test_that_it_is_free_again_is_told_until_the_platform_has_heard_it() -> None:
    told: list[bool] = []
    heard_busy = threading.Event()
    heard_free = threading.Event()

    def hear(connection: Connection, status: int, heard: threading.Event | None = None) -> None:
        body = json.loads(connection.request.partition("\r\n\r\n")[2])
        assert body["event"] == "worker-capacity-update"
        told.append(body["data"]["is_busy"])
        connection.answer(b"{}", status, "connection: close")
        if heard is not None:
            heard.set()

    with RawServer(
        lambda connection: hear(connection, 200, heard_busy),
        lambda connection: hear(connection, 503),
        Connection.reset,
        lambda connection: hear(connection, 200, heard_free),
    ) as server:
        configuration = attrs.evolve(server.configuration(), agent_id="sales")
        transport = Transport(configuration, Pool(configuration))
        capacity = Capacity(transport, "sales", 1)
        capacity.on_registered("worker-1")
        await capacity.take()
        assert await asyncio.to_thread(heard_busy.wait, 10)
        assert not await capacity.take(patience=0.001)
        capacity.free()
        assert await asyncio.to_thread(heard_free.wait, 10)
        await capacity.aclose()
        await transport.aclose()
    assert told == [True, False, False]

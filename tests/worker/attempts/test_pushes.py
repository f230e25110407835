"""Events on their way to the platform: in batches that keep up, without slowing the handler."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.raw_server import Connection, RawServer
from xpander_client import TaskUpdateEvent, TaskUpdateEventType
from xpander_client.transport import Transport
from xpander_client.worker.attempts.log import AttemptLog
from xpander_client.worker.attempts.pushes import Pushes


def event(data: Any) -> TaskUpdateEvent:
    return TaskUpdateEvent(
        type=TaskUpdateEventType.Chunk,
        task_id="task-1",
        organization_id="org",
        time=datetime.now(UTC),
        data=data,
    )


def pushes_to(server: RawServer, lost: list[str]) -> tuple[Pushes, Transport]:
    transport = Transport.of(server.configuration())
    return Pushes(transport, "task-1", AttemptLog("task-1", 1), lost.append), transport


def ok(connection: Connection) -> None:
    connection.answer(b"", 200, "idempotency-keys: honored")


def data_of(connection: Connection) -> Sequence[Any]:
    return [event["data"] for event in json.loads(connection.request.partition("\r\n\r\n")[2])]


async def test_what_gathers_while_a_request_is_under_way_goes_with_the_next() -> None:
    asked, released = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        loop.call_soon_threadsafe(asked.set)
        released.wait(10)
        ok(connection)

    with RawServer(slow, ok) as server:
        pushes, transport = pushes_to(server, [])
        await pushes.add(event(0))
        await asyncio.wait_for(asked.wait(), 10)
        for number in range(1, 4):
            await pushes.add(event(number))
        released.set()
        await pushes.flush()
        await transport.aclose()
    assert [data_of(connection) for connection in server.connections] == [[0], [1, 2, 3]]
    assert len(set(server.headers("idempotency-key"))) == 2


async def test_an_event_is_taken_as_it_was_when_it_was_yielded() -> None:
    with RawServer(ok) as server:
        pushes, transport = pushes_to(server, [])
        data = ["before"]
        adding = event(data)
        await pushes.add(adding)
        data[0] = "after"
        await pushes.flush()
        await transport.aclose()
    assert data_of(server.connections[0]) == [["before"]]


async def test_a_request_whose_fate_is_unknown_is_made_again_under_the_same_key() -> None:
    def broken(connection: Connection) -> None:
        connection.reset()

    with RawServer(broken, broken, ok) as server:
        pushes, transport = pushes_to(server, [])
        await pushes.add(event("once"))
        await pushes.flush()
        await transport.aclose()
    assert [data_of(connection) for connection in server.connections] == [["once"]] * 3
    assert len(set(server.headers("idempotency-key"))) == 1


async def test_who_adds_waits_only_when_very_much_waits_to_be_sent() -> None:
    released = threading.Event()

    def slow(connection: Connection) -> None:
        released.wait(20)
        ok(connection)

    with RawServer(slow, *[ok] * 3_000) as server:
        pushes, transport = pushes_to(server, [])
        added = 0

        async def add_all() -> None:
            nonlocal added
            for number in range(3_000):
                await pushes.add(event(number))
                added += 1

        adding = asyncio.create_task(add_all())
        for _ in range(6_000):
            await asyncio.sleep(0)
        assert 1_000 <= added < 1_100
        assert not adding.done()
        released.set()
        await asyncio.wait_for(adding, 20)
        await pushes.flush()
        await transport.aclose()
    sent = [number for connection in server.connections for number in data_of(connection)]
    assert sent == list(range(3_000))


async def test_a_lost_attempt_hears_so_once_and_sends_nothing_more() -> None:
    def conflict(connection: Connection) -> None:
        connection.answer(b'{"detail": "attempt 1 is over"}', 409)

    lost: list[str] = []
    with RawServer(conflict) as server:
        pushes, transport = pushes_to(server, lost)
        await pushes.add(event(1))
        await pushes.flush()
        await pushes.add(event(2))
        await pushes.flush()
        await transport.aclose()
    assert lost == ["attempt 1 is over"]
    assert len(server.connections) == 1


async def test_what_is_closed_takes_nothing_more(caplog: Any) -> None:
    caplog.set_level(logging.WARNING)
    with RawServer() as server:
        pushes, _ = pushes_to(server, [])
        pushes.close()
        await pushes.add(event(1))
        await pushes.flush()
    assert not server.connections

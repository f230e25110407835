"""Users of connections: who lets go of them disturbs nobody, and the last one closes them."""

import asyncio
import contextlib
import gc
import queue
import sys
import threading
import warnings
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from tests.raw_server import Connection, RawServer
from tests.transport.test_pool import GET, keeping
from xpander_client import Agents, Tasks
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.core.requests import StreamSpec
from xpander_client.core.sse import ServerSentEvent
from xpander_client.legacy import XpanderClient
from xpander_client.transport import Transport, pool

pytestmark = pytest.mark.usefixtures("http")

STREAM = StreamSpec(operation="x", method="GET", path="/events", template="/events", resume=False)


@pytest.fixture(autouse=True)
def keep_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody holds is closed at once."""
    monkeypatch.setattr(pool, "_kept", deque[Any](maxlen=0))


class Held:
    """A server that answers each request, or sends each event, when it is told to."""

    def __init__(self, connections: int) -> None:
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.asked = threading.Semaphore(0)
        self.server = RawServer(*[self._serve] * connections)

    def _serve(self, connection: Connection) -> None:
        if "/events" in connection.line:
            connection.stream(b"data: 1\n\n")
            while event := self.answers.get():
                connection.send(event)
            return
        while True:
            self.asked.release()
            connection.answer(self.answers.get())
            if not connection.sock.recv(65536):
                return


@contextlib.contextmanager
def held(connections: int = 1) -> Iterator[tuple[Held, Configuration]]:
    it = Held(connections)
    with it.server as server:
        yield it, server.configuration(attempts=1)


def data(frame: ServerSentEvent) -> str:
    return frame.data


def is_last(item: str) -> bool:
    return item == "last"


def test_who_leaves_a_block_leaves_the_calls_of_others_and_its_own_alone() -> None:
    with held() as (platform, configuration):
        with Tasks(configuration) as leaving:
            answers: list[dict[str, Any]] = []

            def call(there: Transport) -> None:
                answers.append(there.call(GET, dict[str, Any]).parsed)

            calling = threading.Thread(target=call, args=[leaving._transport])
            calling.start()
            platform.asked.acquire()
            with Agents(configuration):
                pass
        platform.answers.put(b'{"a": 1}')
        calling.join()
        assert answers == [{"a": 1}]
        # The last one to let go of it was the call.
        assert platform.server.has_ended(0)


async def test_who_leaves_an_async_block_leaves_the_calls_of_others_and_its_own_alone() -> None:
    with held() as (platform, configuration):
        async with Tasks(configuration) as leaving:
            calling = asyncio.create_task(leaving._transport.acall(GET, dict[str, Any]))
            await asyncio.to_thread(platform.asked.acquire)
            async with Agents(configuration):
                pass
        platform.answers.put(b'{"a": 1}')
        assert (await calling).parsed == {"a": 1}
        # The last one to let go of it was the call.
        assert await asyncio.to_thread(platform.server.has_ended, 0)


def test_a_stream_outlives_the_block_that_it_began_in() -> None:
    with held() as (platform, configuration):
        with Tasks(configuration) as leaving:
            following = leaving._transport.stream(STREAM, data, is_last)
            assert next(following) == "1"
        platform.answers.put(b"data: last\n\n")
        assert list(following) == ["last"]
        platform.answers.put(b"")


async def test_an_async_stream_outlives_the_block_that_it_began_in() -> None:
    with held() as (platform, configuration):
        async with Tasks(configuration) as leaving:
            following = leaving._transport.astream(STREAM, data, is_last)
            assert await anext(following) == "1"
        platform.answers.put(b"data: last\n\n")
        assert [item async for item in following] == ["last"]
        platform.answers.put(b"")


def test_connections_stay_for_who_still_holds_them() -> None:
    with RawServer(keeping) as server:
        stays = Transport.of(server.configuration())
        stays.call(GET, dict[str, Any])
        for _ in range(3):
            with Tasks(server.configuration()) as leaving:
                leaving._transport.call(GET, dict[str, Any])
        stays.call(GET, dict[str, Any])
        assert len(server.connections) == 1
        stays.close()
        assert server.has_ended(0)


async def test_async_connections_stay_for_who_still_holds_them() -> None:
    with RawServer(keeping) as server:
        configuration = server.configuration()
        stays = Transport.of(configuration)
        await stays.acall(GET, dict[str, Any])
        for _ in range(3):
            async with Tasks(configuration) as leaving:
                await leaving._transport.acall(GET, dict[str, Any])
        await stays.acall(GET, dict[str, Any])
        assert len(server.connections) == 1
        await stays.aclose()
        assert await asyncio.to_thread(server.has_ended, 0)


def test_connections_are_shared_whatever_else_differs_between_those_who_call() -> None:
    with RawServer(keeping) as server:
        first = server.configuration()
        callers: list[Transport] = []
        for number in range(3):
            other = attrs.evolve(
                first,
                api_key=f"key-{number}",
                base_url=f"{first.base_url}/path-{number}",
                organization_id=f"organization-{number}",
                agent_id=f"agent-{number}",
                timeout=10.0 + number,
                retry=RetryPolicy(attempts=number + 1),
            )
            callers.append(Transport.of(other))
            callers[-1].call(GET, dict[str, Any])
        assert len(server.connections) == 1
        callers.clear()


def test_what_was_learned_of_one_platform_is_not_taken_for_another_at_its_origin() -> None:
    first = Transport.of(Configuration("key", "http://learned.test/one"))
    first.pool.platform.keys_honored = True
    assert Transport.of(Configuration("other", "http://learned.test/one")).pool.platform == (
        first.pool.platform
    )
    assert not Transport.of(
        Configuration("key", "http://learned.test/two")
    ).pool.platform.keys_honored


def test_connections_of_collected_users_are_closed() -> None:
    with RawServer(keeping) as server:
        there = Transport.of(server.configuration())
        there.call(GET, dict[str, Any])
        del there
        assert server.has_ended(0)


async def test_async_connections_of_collected_users_are_closed() -> None:
    with RawServer(keeping) as server:
        there = Transport.of(server.configuration())
        await there.acall(GET, dict[str, Any])
        del there
        assert await asyncio.to_thread(server.has_ended, 0)


@pytest.mark.parametrize("steps", range(5))
def test_connections_that_a_loops_last_steps_let_go_of_are_closed_before_it_ends(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    with RawServer(*[keeping] * 3) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        configuration = server.configuration()

        async def use() -> None:
            there = Transport.of(configuration)
            await asyncio.gather(*(there.acall(GET, dict[str, Any]) for _ in range(3)))
            del there
            for _ in range(steps):
                await asyncio.sleep(0)

        asyncio.run(use())
        assert all(server.has_ended(number) for number in range(len(server.connections)))
        gc.collect()
    assert not unraisable


def test_of_connections_that_nobody_holds_the_last_ones_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_kept", deque[Any](maxlen=1))
    with RawServer(keeping) as one, RawServer(keeping) as other:
        for server in (one, one, other, other):
            Transport.of(server.configuration()).call(GET, dict[str, Any])
        assert len(one.connections) == len(other.connections) == 1
        assert one.has_ended(0)
        Transport.of(other.configuration()).close()
        assert not pool._kept


def test_a_loop_that_has_ended_leaves_nothing() -> None:
    with RawServer(keeping, keeping) as server:
        there = Transport.of(server.configuration())
        ended: list[weakref.ref[Any]] = []

        async def use() -> None:
            ended.append(weakref.ref(asyncio.get_running_loop()))
            await there.acall(GET, dict[str, Any])

        for _ in range(2):
            asyncio.run(use())
        gc.collect()
        assert [loop() for loop in ended] == [None, None]


def test_a_loop_that_was_closed_without_an_end_is_let_go_of_by_the_next_one() -> None:
    with RawServer(keeping, keeping) as server:
        there = Transport.of(server.configuration())
        loop: asyncio.AbstractEventLoop | None = asyncio.new_event_loop()
        assert loop is not None
        closed = weakref.ref(loop)
        loop.run_until_complete(there.acall(GET, dict[str, Any]))
        loop.close()
        loop = None
        with warnings.catch_warnings():
            # Whoever closes a loop so leaves its sockets to the garbage collection.
            warnings.simplefilter("ignore", ResourceWarning)
            asyncio.run(_use(there))
            gc.collect()
        assert closed() is None


async def _use(there: Transport) -> None:
    await there.acall(GET, dict[str, Any])


def test_a_client_of_the_older_loop_lets_go_of_all_that_it_used() -> None:
    with RawServer(keeping) as server:
        with XpanderClient(configuration=server.configuration()) as client:
            for resource in client._resources:
                resource._transport.call(GET, dict[str, Any])
        assert len(server.connections) == 1
        assert server.has_ended(0)


def lasting(connection: Connection) -> None:
    """Answer calls; keep streams open until the other side closes them."""
    if "/events" in connection.line:
        connection.stream(b"data: 1\n\n")
        connection.sock.recv(1)
    else:
        keeping(connection)


MANY = 2 * (pool._PLACES["calls"] or 0)


def test_any_number_of_streams_leave_room_to_calls() -> None:
    with RawServer(*[lasting] * (MANY + 1)) as server:
        there = Transport.of(server.configuration())
        following = [there.stream(STREAM, data, is_last) for _ in range(MANY)]
        assert [next(each) for each in following] == ["1"] * MANY
        assert there.call(GET, dict[str, Any]).parsed == {}
        for each in following:
            each.close()
        there.close()


async def test_any_number_of_async_streams_leave_room_to_calls() -> None:
    with RawServer(*[lasting] * (MANY + 1)) as server:
        there = Transport.of(server.configuration())
        following = [there.astream(STREAM, data, is_last) for _ in range(MANY)]
        assert await asyncio.gather(*(anext(each) for each in following)) == ["1"] * MANY
        assert (await there.acall(GET, dict[str, Any])).parsed == {}
        for each in following:
            await each.aclose()
        await there.aclose()


def test_open_streams_leave_room_to_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pool._PLACES, "calls", 1)
    with RawServer(*[lasting] * 5) as server:
        there = Transport.of(server.configuration())
        following = [there.stream(STREAM, data, is_last) for _ in range(4)]
        assert [next(each) for each in following] == ["1"] * 4
        assert there.call(GET, dict[str, Any]).parsed == {}
        for each in following:
            each.close()
        there.close()


async def test_open_async_streams_leave_room_to_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pool._PLACES, "calls", 1)
    with RawServer(*[lasting] * 5) as server:
        there = Transport.of(server.configuration())
        following = [there.astream(STREAM, data, is_last) for _ in range(4)]
        assert [await anext(each) for each in following] == ["1"] * 4
        assert (await there.acall(GET, dict[str, Any])).parsed == {}
        for each in following:
            await each.aclose()
        await there.aclose()

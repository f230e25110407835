"""A given HTTP client is used as it was set up."""

import asyncio
import contextlib
import threading
from typing import Any

import httpx
import pytest

from tests.raw_server import Connection, RawServer
from tests.transport.test_calls import GET
from tests.worlds import World
from xpander_client.configuration import Configuration
from xpander_client.core.requests import StreamSpec
from xpander_client.errors import ConfigurationError, NotFoundError, TimeoutExceededError
from xpander_client.transport import Transport

STREAM = StreamSpec(operation="x", method="GET", path="/events", template="/events", resume=False)


HttpClient = httpx.Client | httpx.AsyncClient


def client_of(world: World, **settings: Any) -> HttpClient:
    return httpx.Client(**settings) if world.name == "sync" else httpx.AsyncClient(**settings)


def close(client: HttpClient) -> None:
    if isinstance(client, httpx.Client):
        client.close()
    else:
        asyncio.run(client.aclose())


def limits_of(world: World, client: HttpClient, stream: bool = False) -> dict[str, float]:
    """The time limits that a request through the client has."""
    seen: list[dict[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(404, content=b"{}")

    client._transport = httpx.MockTransport(answer)
    configuration = Configuration(
        "key", "http://a.test", "org", timeout=30.0, connect_timeout=3.0, stream_idle_timeout=20.0
    )
    there = Transport.of(configuration, client)
    with contextlib.suppress(NotFoundError):
        if stream:
            list(world.stream(there, STREAM, lambda frame: frame.data, lambda _: False))
        else:
            world.call(there, GET, dict[str, Any])
    return {name: round(limit, 1) for name, limit in seen[0].items()}


@pytest.mark.parametrize(
    ("own", "call", "stream"),
    [
        ({}, (3.0, 30.0, 30.0), (3.0, 20.0, 3.0)),
        ({"timeout": None}, (3.0, 30.0, 30.0), (3.0, 20.0, 3.0)),
        ({"timeout": 2.0}, (2.0, 2.0, 2.0), (2.0, 20.0, 2.0)),
        ({"timeout": 300.0}, (3.0, 30.0, 30.0), (3.0, 20.0, 3.0)),
        ({"timeout": httpx.Timeout(None, read=4.0)}, (3.0, 4.0, 30.0), (3.0, 20.0, 3.0)),
    ],
)
def test_its_time_limits_hold_where_they_are_shorter(
    world: World,
    own: dict[str, Any],
    call: tuple[float, float, float],
    stream: tuple[float, float, float],
) -> None:
    for expected, is_stream in ((call, False), (stream, True)):
        limits = limits_of(world, client_of(world, **own), is_stream)
        assert (limits["connect"], limits["read"], limits["write"]) == expected


def test_a_call_ends_when_its_time_is_over(world: World) -> None:
    over = threading.Event()
    with RawServer(lambda _: over.wait(10)) as server:  # type: ignore[arg-type]
        client = client_of(world, timeout=0.05)
        there = Transport.of(server.configuration(attempts=1), client)
        with pytest.raises(TimeoutExceededError):
            world.call(there, GET, dict[str, Any])
        over.set()


def test_its_headers_win_and_those_of_httpx_do_not(world: World) -> None:
    def answer(connection: Connection) -> None:
        connection.answer(b"{}", 200, "connection: close")

    with RawServer(answer, answer) as server:
        plain = client_of(world)
        named = client_of(world, headers={"X-Api-Key": "its own", "User-Agent": "mine/1", "x": "y"})
        for client in (plain, named):
            world.call(Transport.of(server.configuration(), client), GET, dict[str, Any])
        assert server.headers("x-api-key") == ["key", "its own"]
        agents = server.headers("user-agent")
        assert agents[0] is not None
        assert agents[0].startswith("xpander-client/")
        assert agents[1] == "mine/1"
        assert server.headers("x") == [None, "y"]
        assert server.headers("accept") == ["application/json"] * 2


def test_one_that_was_closed_is_named(world: World) -> None:
    client = client_of(world)
    close(client)
    there = Transport.of(Configuration("key", "http://a.test"), client)
    with pytest.raises(ConfigurationError, match="the given HTTP client has been closed"):
        world.call(there, GET, dict[str, Any])

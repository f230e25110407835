"""A given HTTP client, of httpx or httpx2, is used as it was set up."""

import contextlib
import importlib
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.raw_server import Connection, RawServer
from tests.transport.test_calls import CREATE, GET
from tests.transport.test_streams import SPEC, closed_after, compressed, decode, is_terminal
from tests.worlds import World
from xpander_client.configuration import Configuration
from xpander_client.core.requests import StreamSpec
from xpander_client.errors import (
    ConfigurationError,
    ConnectionFailedError,
    NotFoundError,
    TimeoutExceededError,
    UnknownOutcomeError,
)
from xpander_client.transport import Transport

STREAM = StreamSpec(operation="x", method="GET", path="/events", template="/events", resume=False)


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


_clients: list[Any] = []


def client_of(world: World, library: Any, **settings: Any) -> Any:
    made = (library.Client if world.name == "sync" else library.AsyncClient)(**settings)
    _clients.append(made)
    return made


@pytest.fixture(autouse=True)
def close_clients(world: World) -> Iterator[None]:
    """Whoever gives a client closes it."""
    yield
    while _clients:
        close(world, _clients.pop())


def close(world: World, client: Any) -> None:
    if world.name == "sync":
        client.close()
    else:
        world.runner.run(client.aclose())


def limits_of(world: World, library: Any, client: Any, stream: bool = False) -> dict[str, float]:
    """The time limits that a request through the client has."""
    seen: list[dict[str, float]] = []

    def answer(request: Any) -> Any:
        seen.append(request.extensions["timeout"])
        return library.Response(404, content=b"{}")

    client._transport = library.MockTransport(answer)
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
        ({"timeout": (None, 4.0, None, None)}, (3.0, 4.0, 30.0), (3.0, 20.0, 3.0)),
    ],
)
def test_its_time_limits_hold_where_they_are_shorter(
    world: World,
    library: Any,
    own: dict[str, Any],
    call: tuple[float, float, float],
    stream: tuple[float, float, float],
) -> None:
    for expected, is_stream in ((call, False), (stream, True)):
        limits = limits_of(world, library, client_of(world, library, **own), is_stream)
        assert (limits["connect"], limits["read"], limits["write"]) == expected


def test_a_call_ends_when_its_time_is_over(world: World, library: Any) -> None:
    over = threading.Event()
    with RawServer(lambda _: over.wait(10)) as server:  # type: ignore[arg-type]
        client = client_of(world, library, timeout=0.05)
        there = Transport.of(server.configuration(attempts=1), client)
        with pytest.raises(TimeoutExceededError):
            world.call(there, GET, dict[str, Any])
        over.set()


def test_its_headers_win_and_those_of_its_library_do_not(world: World, library: Any) -> None:
    def answer(connection: Connection) -> None:
        connection.answer(b"{}", 200, "connection: close")

    with RawServer(answer, answer) as server:
        plain = client_of(world, library)
        own = {"X-Api-Key": "its own", "User-Agent": "mine/1", "x": "y"}
        named = client_of(world, library, headers=own)
        for client in (plain, named):
            world.call(Transport.of(server.configuration(), client), GET, dict[str, Any])
        assert server.headers("x-api-key") == ["key", "its own"]
        agents = server.headers("user-agent")
        assert agents[0] is not None
        assert agents[0].startswith("xpander-client/")
        assert agents[1] == "mine/1"
        assert server.headers("x") == [None, "y"]
        assert server.headers("accept") == ["application/json"] * 2


def test_one_that_was_closed_is_named(world: World, library: Any) -> None:
    client = client_of(world, library)
    close(world, client)
    there = Transport.of(Configuration("key", "http://a.test"), client)
    with pytest.raises(ConfigurationError, match="the given HTTP client has been closed"):
        world.call(there, GET, dict[str, Any])


def test_one_of_the_other_world_is_refused_with_what_to_do(world: World, library: Any) -> None:
    client = library.AsyncClient() if world.name == "sync" else library.Client()
    with pytest.raises(ConfigurationError, match="use the"):
        world.call(Transport.of(Configuration("key", "http://a.test"), client), GET, dict[str, Any])


def test_a_stream_is_followed_through_it(world: World, library: Any) -> None:
    for script in (closed_after(1, 2, 3, 4), compressed("gzip", 31)):
        with RawServer(script) as server:
            there = Transport.of(server.configuration(), client_of(world, library))
            events = world.stream(there, SPEC, decode, is_terminal)
            assert [event.data for event in events] == ["1", "2", "3", "4"]


def lying(library: Any, world: World) -> Any:
    """A transport that says of every lost connection that there was none, as some do."""
    base: Any = library.HTTPTransport if world.name == "sync" else library.AsyncHTTPTransport

    class Lying(base):  # type: ignore[misc]  # Any
        def handle_request(self, request: Any) -> Any:
            try:
                return super().handle_request(request)
            except library.TransportError as error:
                raise library.ConnectTimeout("lost") from error

        async def handle_async_request(self, request: Any) -> Any:
            try:
                return await super().handle_async_request(request)
            except library.TransportError as error:
                raise library.ConnectTimeout("lost") from error

    return Lying()


@pytest.mark.parametrize("is_mounted", [False, True])
def test_a_transport_of_anothers_making_is_not_believed_that_a_create_was_never_sent(
    world: World, library: Any, is_mounted: bool
) -> None:
    with RawServer(*[lambda connection: None] * 3) as server:
        transport = lying(library, world)
        own = {"mounts": {"http://": transport}} if is_mounted else {"transport": transport}
        client = client_of(world, library, **own)
        with pytest.raises(UnknownOutcomeError, match="ConnectTimeout: lost"):
            world.call(Transport.of(server.configuration(), client), CREATE, dict[str, Any])
        assert len(server.lines) == 1


def test_a_transport_of_the_librarys_own_is_believed(world: World, library: Any) -> None:
    with RawServer() as server:
        configuration = server.configuration()
    there = Transport.of(configuration, client_of(world, library))
    with pytest.raises(ConnectionFailedError, match=r"ConnectError.* 3 attempts"):
        world.call(there, CREATE, dict[str, Any])


def test_it_is_used_while_another_thread_imports_the_other_library(
    world: World, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(world, library)
    other = "httpx2" if library.__name__ == "httpx" else "httpx"
    monkeypatch.setitem(sys.modules, other, ModuleType(other))  # of which nothing is there yet
    with RawServer(lambda connection: connection.answer(b"{}")) as server:
        assert (
            world.call(Transport.of(server.configuration(), client), GET, dict[str, Any]).parsed
            == {}
        )


def test_a_class_derived_from_the_librarys_can_be_given(world: World, library: Any) -> None:
    base: Any = library.Client if world.name == "sync" else library.AsyncClient

    class Named(base):  # type: ignore[misc]  # Any
        """What frameworks give to tests."""

    client = Named()
    _clients.append(client)
    with RawServer(lambda connection: connection.answer(b"{}")) as server:
        there = Transport.of(server.configuration(), client)
        assert world.call(there, GET, dict[str, Any]).parsed == {}

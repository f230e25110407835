"""Redirects of calls and streams: the key goes to the origin that it is for, and to no other."""

from typing import Any

import httpx
import pytest

from tests.raw_server import Connection, RawServer, Script
from tests.transport.test_calls import CREATE, GET
from tests.transport.test_streams import SPEC, closed_after, decode, is_terminal
from tests.worlds import World
from xpander_client.errors import ApiStatusError
from xpander_client.transport import Transport

pytestmark = pytest.mark.usefixtures("http")


def to(location: str, status: int = 307) -> Script:
    return lambda connection: connection.answer(
        b"<html>moved</html>", status, f"location: {location}", "connection: close"
    )


def answering(connection: Connection) -> None:
    connection.answer(b'{"id": "1"}', 200, "connection: close")


def transport(server: RawServer) -> Transport:
    return Transport.of(server.configuration())


@pytest.mark.parametrize("status", [307, 308])
def test_a_call_is_made_where_its_origin_says(world: World, status: int) -> None:
    with RawServer(to("/new/t?a=b", status), answering) as server:
        world.call(transport(server), CREATE, dict[str, Any])
    assert server.lines == ["POST /t HTTP/1.1", "POST /new/t?a=b HTTP/1.1"]
    assert [each.request.partition("\r\n\r\n")[2] for each in server.connections] == ['{"a":1}'] * 2
    assert len(set(server.headers("idempotency-key"))) == 1
    assert server.headers("x-api-key") == ["key", "key"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("spec", [GET, CREATE])
def test_no_other_origin_is_asked_and_the_error_names_it(
    world: World, status: int, spec: Any
) -> None:
    with (
        RawServer(answering) as other,
        RawServer(to(f"{other.url}/t?token=secret", status)) as server,
    ):
        with pytest.raises(ApiStatusError, match=f"redirects to {other.url}/t, ") as caught:
            world.call(transport(server), spec, dict[str, Any])
        assert not caught.value.retryable
        assert "may have happened" not in str(caught.value)
        assert "secret" not in str(caught.value)
        assert "<html>" not in str(caught.value)
        assert other.lines == []
        assert len(server.lines) == 1


def test_a_given_client_that_follows_redirects_takes_the_key_nowhere(world: World) -> None:
    new = httpx.Client if world.name == "sync" else httpx.AsyncClient
    with RawServer(answering) as other, RawServer(to(f"{other.url}/t")) as server:
        there = Transport.of(server.configuration(), new(follow_redirects=True))
        with pytest.raises(ApiStatusError, match=other.url):
            world.call(there, GET, dict[str, Any])
        assert other.lines == []


def test_a_circle_is_an_error_that_names_it(world: World) -> None:
    with RawServer(*[to("/t/1")] * 10) as server:
        with pytest.raises(ApiStatusError, match="redirects to /t/1"):
            world.call(transport(server), GET, dict[str, Any])
        assert len(server.lines) == 6


def test_a_stream_is_followed_where_its_origin_says(world: World) -> None:
    with RawServer(to("/new/events"), closed_after(1, 2, 3, 4)) as server:
        there = transport(server)
        found = [event.data for event in world.stream(there, SPEC, decode, is_terminal)]
    assert found == ["1", "2", "3", "4"]
    assert server.lines[1] == "GET /new/events HTTP/1.1"


def test_a_stream_is_not_followed_to_another_origin(world: World) -> None:
    with RawServer(answering) as other, RawServer(to(f"{other.url}/events")) as server:
        with pytest.raises(ApiStatusError, match=f"redirects to {other.url}/events"):
            list(world.stream(transport(server), SPEC, decode, is_terminal))
        assert other.lines == []

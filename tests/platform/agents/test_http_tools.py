"""Where the requests behind tools go, and where they don't."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.api.test_imports import loaded_by
from tests.platform.tool_server import ToolServer, tool_server
from xpander_client.platform.agents.http_operation import Arguments, HttpOperation
from xpander_client.platform.agents.http_tools import HttpTools
from xpander_client.platform.foundation.errors import HttpError

PUBLIC = "weather.example.com"
"""A public name, which has an address of this machine here."""


@pytest.fixture(scope="module")
def server() -> Iterator[ToolServer]:
    with tool_server() as server:
        yield server


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        return resolve("127.0.0.1" if host in (PUBLIC, PUBLIC.encode()) else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@contextlib.asynccontextmanager
async def http_tools() -> AsyncIterator[HttpTools]:
    tools = HttpTools(timeout=10, limit=100_000)
    try:
        yield tools
    finally:
        await tools.close()


def named(server: ToolServer, host: str, **more: Any) -> HttpOperation:
    url = server.url.replace("127.0.0.1", host) + "/text?key=s3cr3t"
    return HttpOperation(method="GET", url=url, **more)


async def test_a_public_name_leads_to_no_private_network(server: ToolServer) -> None:
    async with http_tools() as tools:
        before = len(server.requests)
        for _ in range(2):
            with pytest.raises(HttpError, match="address of a private network") as refused:
                await tools.call("w", named(server, PUBLIC), Arguments())
            assert refused.value.status == 424
            assert "s3cr3t" not in str(refused.value)
        assert len(server.requests) == before


async def test_a_private_network_is_reached_where_the_operator_says_so(server: ToolServer) -> None:
    async with http_tools() as tools:
        for operation in (
            named(server, PUBLIC, private_network=True),
            named(server, "127.0.0.1"),
            named(server, "localhost"),
        ):
            assert await tools.call("w", operation, Arguments()) == '"fünf"'.encode()


async def test_no_proxy_of_the_environment_sees_a_request(
    server: ToolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with http_tools() as tools:
        calls = [tools.call("w", named(server, "127.0.0.1"), Arguments()) for _ in range(3)]
        assert set(await asyncio.gather(*calls)) == {'"fünf"'.encode()}


async def test_a_login_in_the_url_is_sent_and_nothing_of_the_request_is_logged(
    server: ToolServer, caplog: pytest.LogCaptureFixture
) -> None:
    operation = named(server, "ann:p%40ss@127.0.0.1")
    with caplog.at_level("DEBUG"):
        async with http_tools() as tools:
            await tools.call("w", operation, Arguments())
    sent = server.last()
    assert (sent.target, sent.headers["authorization"]) == (
        "/text?key=s3cr3t",
        "Basic YW5uOnBAc3M=",
    )
    assert "s3cr3t" not in caplog.text
    assert "p@ss" not in caplog.text
    assert "YW5u" not in caplog.text


def test_a_platform_loads_no_http_library_before_it_calls_such_a_tool() -> None:
    loaded = loaded_by("import xpander_client.platform.app")
    assert "xpander_client.platform.agents.http_tools" in loaded
    assert not {"httpx", "httpcore"} & loaded

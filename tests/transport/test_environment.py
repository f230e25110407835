"""Proxies and certificates of the environment: used where needed, and named where they can't be."""

import os
import socket
import threading
from typing import Any

import pytest

from tests.raw_server import RawServer
from tests.worlds import World
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.core.requests import Replay, RequestSpec
from xpander_client.errors import ConfigurationError, ConnectionFailedError
from xpander_client.transport import Transport, environment, httpx_clients
from xpander_client.transport.environment import proxy_for

GET = RequestSpec(
    operation="Tasks.get", method="GET", path="/t/1", template="/t/{id}", replay=Replay.ALWAYS
)

pytestmark = pytest.mark.usefixtures("http")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL"):
            monkeypatch.delenv(name)
    environment.load_tls_context.cache_clear()
    yield
    environment.load_tls_context.cache_clear()


def call(world: World, url: str) -> Any:
    there = Transport.of(Configuration("key", url, "org", retry=RetryPolicy(attempts=1)))
    try:
        return world.call(there, GET, dict[str, Any]).parsed
    finally:
        world.run(there, "close")


@pytest.mark.parametrize(
    ("exceptions", "address", "is_direct"),
    [
        ("", "http://platform.test", False),
        ("*", "http://platform.test", True),
        ("platform.test", "http://platform.test", True),
        ("PLATFORM.test", "http://platform.test", True),
        ("other.test, platform.test", "http://platform.test", True),
        ("other.test platform.test", "http://platform.test", True),
        ("test", "http://platform.test", True),
        ("form.test", "http://platform.test", False),
        (".platform.test", "http://platform.test", False),
        (".platform.test", "http://a.platform.test", True),
        ("*.platform.test", "http://a.platform.test", True),
        ("platform.test:80", "http://platform.test", True),
        ("platform.test:81", "http://platform.test", False),
        ("http://platform.test", "http://platform.test", True),
        ("https://platform.test", "http://platform.test", False),
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.1.2.3:8484", "http://10.1.2.3:8484", True),
        ("fd07:b51a:cc66:f0::/64", "http://[fd07:b51a:cc66:f0::1]:8484", True),
        ("fd07::1", "http://[fd07::1]", True),
        ("[fd07::1]", "http://[fd07::1]", True),
        ("[fd07::1]:8484", "http://[fd07::1]:8484", True),
        ("[fd07::2]", "http://[fd07::1]", False),
        ("fd07:b51a:cc66:f0::/64,[::1],::/x,/,:,[", "http://platform.test", False),
    ],
)
def test_no_proxy_excepts_what_it_names_and_is_never_an_error(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, address: str, is_direct: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert (proxy_for(address) is None) == is_direct


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8484",
        "https://127.8.8.8",
        "http://localhost:8484",
        "http://a.localhost",
        "http://[::1]:8484",
        "http://0.0.0.0:8484",
    ],
)
def test_loopback_is_never_asked_for_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.test:3128")
    assert proxy_for(address) is None


def test_a_header_that_whoever_asked_a_cgi_program_has_sent_is_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://evil.test")
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    assert proxy_for("http://platform.test") is None
    monkeypatch.setenv("http_proxy", "http://proxy.test")
    assert str(proxy_for("http://platform.test")) == "http_proxy=http://proxy.test"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_another_host_is_asked_for_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, world: World, variable: str
) -> None:
    with RawServer(lambda connection: connection.answer(b'{"id": "1"}')) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert call(world, "http://platform.test:81") == {"id": "1"}
    assert proxy.lines == ["GET http://platform.test:81/t/1 HTTP/1.1"]


@pytest.mark.parametrize(
    "proxies",
    [
        {"ALL_PROXY": "socks://127.0.0.1:7890/"},
        {"HTTP_PROXY": "http://proxy:port"},
        {"HTTP_PROXY": "http://127.0.0.1:9"},
        {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "[::1],fd07:b51a:cc66:f0::/64"},
        {"SSL_CERT_FILE": "/nonexistent/ca.pem"},
        {"SSLKEYLOGFILE": "/nonexistent/keys"},
    ],
    ids=" ".join,
)
def test_a_platform_on_loopback_needs_nothing_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, world: World, proxies: dict[str, str]
) -> None:
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    with RawServer(lambda connection: connection.answer(b'{"id": "1"}')) as server:
        assert call(world, server.url) == {"id": "1"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", "socks://me:secret@127.0.0.1:7890/"),
        ("ALL_PROXY", "socks5://me:secret@127.0.0.1:7890"),
        ("https_proxy", "http://me:secret@proxy:port"),
        ("HTTPS_PROXY", "http://"),
        ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
        ("SSL_CERT_FILE", os.devnull),
        ("SSL_CERT_DIR", "/nonexistent/certificates"),
        ("SSLKEYLOGFILE", "/nonexistent/keys"),
    ],
)
def test_what_cannot_be_used_is_one_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, world: World, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=variable) as caught:
        call(world, "https://platform.test")
    assert "secret" not in str(caught.value)


def test_of_two_addresses_one_can_be_excepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "agent-controller.xpander.ai")
    addresses = Configuration("key", organization_id="o").addresses
    found = httpx_clients._make_settings(addresses, None)
    assert found["proxy"] == "http://proxy.test:3128"
    assert found["mounts"] == {"all://agent-controller.xpander.ai": None}


async def test_a_client_is_made_with_proxy_and_exceptions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "agent-controller.xpander.ai")
    there = Transport.of(Configuration("key", "https://inbound.xpander.ai", "mounted"))
    await there.pool.async_connections("calls")
    there.pool.connections("calls")
    await there.aclose()
    there.close()


def test_a_redirect_from_http_to_https_is_followed_with_tls(world: World) -> None:
    hellos: list[bytes] = []

    def greeted(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock:
            hellos.append(sock.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        secure = f"https://127.0.0.1:{listener.getsockname()[1]}/t"
        talker = threading.Thread(target=greeted, args=(listener,))
        talker.start()
        moved = f"location: {secure}"
        with RawServer(lambda connection: connection.answer(b"", 308, moved)) as server:
            there = Transport.of(server.configuration(attempts=1))
            with pytest.raises(ConnectionFailedError):
                world.call(there, GET, dict[str, Any])
            world.run(there, "close")
        talker.join(5.0)
    [hello] = hellos
    assert hello.startswith(b"\x16\x03")
    assert b"key" not in hello


def test_a_server_that_speaks_no_http_is_a_failed_connection(world: World) -> None:
    with (
        RawServer(lambda connection: connection.send(b"\x15\x03\x01\0\x02\2\x16")) as server,
        pytest.raises(ConnectionFailedError),
    ):
        world.call(Transport.of(server.configuration(attempts=1)), GET, dict[str, Any])

"""Files that tasks name: what is asked for them, how much is taken, and who is never asked."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any

import pytest

from tests.raw_server import Connection, RawServer, Script
from tests.worlds import World
from xpander_client import Configuration
from xpander_client.core.prompts.download import (
    LISTED,
    Download,
    DownloadError,
    DownloadRules,
    Unavailable,
)
from xpander_client.core.steps import Steps
from xpander_client.transport import Transport, downloads
from xpander_client.transport.drivers import adrive, drive

LOCAL = DownloadRules(names=frozenset({"127.0.0.1", "localhost", "files.test"}))


class Driver:
    """Drives a description in either world."""

    def fetch(self, steps: Steps[Any]) -> Any:
        return drive(steps)

    async def afetch(self, steps: Steps[Any]) -> Any:
        return await adrive(steps)


def fetch(world: World, urls: Sequence[str], rules: DownloadRules = LOCAL) -> list[Any]:
    found = world.run(Driver(), "fetch", downloads.download_all(urls, rules))
    assert [each.url for each in found] == list(urls)
    return list(found)


def file(content: bytes, *headers: str, status: int = 200) -> Script:
    return lambda connection: connection.answer(content, status, "connection: close", *headers)


def to(location: str) -> Script:
    return file(b"", f"location: {location}", status=302)


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let names have these addresses, one answer after the other, and return what was asked."""
    asked: list[str] = []
    left = list(answers)

    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "files.test":
            return look_up(host, port, *args, **kwargs)
        asked.append(str(host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_files_come_with_their_type_in_the_order_in_which_they_are_named(world: World) -> None:
    scripts = [file(str(each).encode(), "content-type: text/csv") for each in range(6)]
    with RawServer(*scripts) as server:
        found = fetch(world, [f"{server.url}/{each}.csv?a=b c" for each in range(6)])
    assert sorted(each.content for each in found) == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert {each.content_type for each in found} == {"text/csv"}
    assert set(server.headers("accept-encoding")) == {"identity"}
    assert server.headers("x-api-key") == [None] * 6
    assert min(server.lines) == "GET /0.csv?a=b%20c HTTP/1.1"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (file(b"", status=404), "the server answered 404"),
        (file(b"x", "content-encoding: gzip"), "it is packed as gzip"),
        (file(b"x" * 1001), "it is larger than 1000 bytes"),
        (lambda connection: connection.reset(), "could not be asked"),
        (lambda connection: connection.send(b"HTTP/9.9 what\r\n\r\n"), "could not be asked"),
        (to("ftp://files.test/a"), "it is no http or https address"),
        (to("http://[::1"), "it is no address"),
    ],
    ids=["404", "packed", "large", "reset", "no-http", "ftp", "no-address"],
)
def test_what_can_not_be_had_says_why(world: World, script: Script, why: str) -> None:
    rules = DownloadRules(size=1000, names=LOCAL.names)
    with RawServer(script) as server:
        [error] = fetch(world, [server.url], rules)
    assert isinstance(error, Unavailable)
    assert why in error.why


@pytest.mark.parametrize("content", ["é", "a", "%ff"])
def test_an_address_that_holds_no_readable_file_is_left_out(world: World, content: str) -> None:
    [error] = fetch(world, [f"data:text/plain;base64,{content}"])
    assert error.why == "it is no http or https address"


@pytest.mark.parametrize("dripping", ["head", "body"])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up(world: World, dripping: str) -> None:
    def drip(connection: Connection) -> None:
        if dripping == "body":
            connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        else:
            connection.send(b"HTTP/1.1 200 OK\r\nx: ")
        for _ in range(200):
            connection.send(b"x")
            time.sleep(0.05)

    rules = DownloadRules(seconds=0.3, names=LOCAL.names)
    with RawServer(drip) as server:
        [error] = fetch(world, [server.url], rules)
    assert error.why == "it took more than 0.3 seconds"


def test_redirects_are_followed_to_hosts_that_may_be_asked(world: World) -> None:
    with RawServer(file(b"here")) as end, RawServer(to("/b"), to(f"{end.url}/c")) as server:
        [found] = fetch(world, [f"{server.url}/a"])
        assert found == Download(f"{server.url}/a", b"here")
    assert server.lines == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]
    with RawServer(*[to("/again")] * 7) as server:
        [error] = fetch(world, [server.url])
    assert error.why == "it was redirected more than 5 times"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"),
        *("10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0"),
        *("168.63.129.16", "192.0.0.192", "[64:ff9b::168.63.129.16]"),
        *("[fe80::1]", "[fd00::1]", "[64:ff9b::a00:1]", "224.0.0.1"),
    ],
)
def test_no_private_host_is_asked(world: World, host: str) -> None:
    [error] = fetch(world, [f"http://{host}:9/latest/meta-data"], DownloadRules())
    assert "private network; XPANDER_INTERNAL_FETCH_ALLOWLIST" in error.why


def test_a_redirect_to_a_private_host_is_not_followed(world: World) -> None:
    with RawServer(file(b"secret")) as inside:
        target = inside.url.replace("127.0.0.1", "127.0.0.2")
        with RawServer(to(target)) as server:
            [error] = fetch(world, [server.url])
        assert "127.0.0.2 is in a private network" in error.why
        assert inside.connections == []


def test_a_name_is_looked_up_once_and_the_address_that_was_checked_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(file(b"here")) as server:
        asked = resolve(monkeypatch, "127.0.0.1", "10.0.0.1")
        url = server.url.replace("127.0.0.1", "files.test")
        [found] = fetch(world, [url])
        monkeypatch.undo()
    assert found == Download(url, b"here")
    assert asked == ["files.test"]
    host = server.headers("host")[0]
    assert host == url.removeprefix("http://")


def test_a_name_that_leads_elsewhere_a_moment_later_is_checked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(to("/next")) as server:
        resolve(monkeypatch, "127.0.0.1", "169.254.169.254")
        [error] = fetch(world, [server.url.replace("127.0.0.1", "files.test")])
        monkeypatch.undo()
    assert "files.test is in a private network" in error.why


def test_what_the_environment_lists_is_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = Transport.of(Configuration("key", "https://x.test", "org"))
    with RawServer(file(b"1"), file(b"2")) as server:
        for listed in ("10.0.0.0/8, 127.0.0.0/8", "*.internal,127.0.0.1"):
            monkeypatch.setenv(LISTED, listed)
            [found] = world.run(transport, "download", [server.url])
            assert isinstance(found, Download)
        monkeypatch.delenv(LISTED)
        [error] = world.run(transport, "download", [server.url])
    assert isinstance(error, Unavailable)
    assert world.run(transport, "download", []) == []


def test_a_list_has_domains_and_networks_and_never_where_credentials_are() -> None:
    rules = DownloadRules.from_environment()
    assert (rules.names, rules.networks) == (frozenset(), ())
    listed = DownloadRules(names=frozenset({"corp.test", "metadata.test"}))
    assert listed.check("a.b.corp.test", ["10.0.0.1", "10.0.0.1"]) == ["10.0.0.1"]
    assert listed.check("other.test", ["8.8.8.8"]) == ["8.8.8.8"]
    for host, address in [
        ("notcorp.test", "10.0.0.1"),
        ("metadata.test", "169.254.169.254"),
        ("metadata.test", "::ffff:169.254.169.254"),
        ("corp.test", "0.0.0.0"),
    ]:
        with pytest.raises(DownloadError, match="private network"):
            listed.check(host, ["8.8.8.8", address])
    with pytest.raises(DownloadError, match="no address"):
        listed.check("corp.test", [])

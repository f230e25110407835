"""One request and its answer, on a channel that writes down what is written to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from xpander_client.runtime.exchange import PATIENCE, Exchange


class WrittenDown(asyncio.Transport):
    """A transport whose other end is a list."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Channel:
    def __init__(self) -> None:
        self.transport: asyncio.Transport = WrittenDown()
        self.is_writable = True
        self.finished: list[Exchange] = []

    async def drain(self) -> None:
        await asyncio.Event().wait()

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_default_lines(self) -> bytes:
        return b"date: today\r\n"

    def finish(self, exchange: Exchange) -> None:
        self.finished.append(exchange)


@pytest.fixture
def channel() -> Channel:
    return Channel()


def begin(channel: Channel, method: str = "GET", version: str = "1.1") -> Exchange:
    scope = {"method": method, "http_version": version}
    return Exchange(channel, scope, keep_alive=True, expects_continue=False)


def written(channel: Channel) -> list[bytes]:
    transport = channel.transport
    assert isinstance(transport, WrittenDown)
    return transport.writes


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(data: bytes, *, more: bool = False, **said: Any) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more, **said}


async def test_head_and_body_are_one_write(channel: Channel) -> None:
    exchange = begin(channel)
    await exchange.send(start((b"content-length", b"2")))
    assert written(channel) == []
    await exchange.send(body(b"{}"))
    assert written(channel) == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\n\r\n{}"]
    assert channel.finished == [exchange]


async def test_a_stream_begins_with_its_head_and_first_part_and_ends_with_its_last(
    channel: Channel,
) -> None:
    exchange = begin(channel)
    await exchange.send(start())
    await exchange.send(body(b"one", more=True))
    await exchange.send(body(b"", more=True))
    await exchange.send(body(b"two"))
    head = b"HTTP/1.1 200 OK\r\ndate: today\r\ntransfer-encoding: chunked\r\n\r\n"
    assert written(channel) == [head + b"3\r\none\r\n", b"3\r\ntwo\r\n0\r\n\r\n"]


async def test_a_part_without_content_sends_the_head(channel: Channel) -> None:
    exchange = begin(channel)
    await exchange.send(start())
    await exchange.send(body(b"", more=True))
    assert len(written(channel)) == 1


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_what_has_no_body_is_a_head_alone(channel: Channel, method: str, status: int) -> None:
    exchange = begin(channel, method)
    await exchange.send(start(status=status))
    await exchange.send(body(b"left out" if method == "HEAD" else b""))
    [head] = written(channel)
    assert head.endswith(b"date: today\r\n\r\n")


@pytest.mark.parametrize("data", [b"", b"{}{}"])
async def test_a_body_of_another_length_is_refused(channel: Channel, data: bytes) -> None:
    exchange = begin(channel)
    await exchange.send(start((b"content-length", b"2")))
    with pytest.raises(RuntimeError, match="not as long"):
        await exchange.send(body(data))


@pytest.mark.parametrize(
    "header", [(b"x", b"a\r\nset-cookie: b"), (b"x", b"a\nb"), (b"x\r", b"a"), (b"x", b"\0")]
)
async def test_a_header_writes_no_line_of_its_own(
    channel: Channel, header: tuple[bytes, bytes]
) -> None:
    with pytest.raises(RuntimeError, match="control character"):
        await begin(channel).send(start(header))
    assert written(channel) == []


async def test_a_reader_that_takes_nothing_is_waited_for_as_long_as_the_message_says(
    channel: Channel,
) -> None:
    exchange = begin(channel)
    await exchange.send(start())
    await exchange.send(body(b"one", more=True, **{PATIENCE: 0.0}))
    channel.is_writable = False
    with pytest.raises(TimeoutError):
        await exchange.send(body(b"two", more=True, **{PATIENCE: 0.01}))
    assert len(written(channel)) == 1


async def test_all_who_wait_hear_that_the_connection_is_gone(channel: Channel) -> None:
    exchange = begin(channel)
    exchange.end_body()
    assert (await exchange.receive())["type"] == "http.request"
    waiting = [asyncio.create_task(exchange.receive()) for _ in range(2)]
    await asyncio.sleep(0)
    exchange.disconnect()
    assert [each["type"] for each in await asyncio.gather(*waiting)] == ["http.disconnect"] * 2


async def test_an_app_that_fails_is_answered_for(channel: Channel) -> None:
    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    exchange = begin(channel)
    tasks: set[asyncio.Task[Any]] = set()
    exchange.begin(fail, asyncio.get_running_loop(), tasks)
    await asyncio.wait(tasks)
    await asyncio.sleep(0)
    [answer] = written(channel)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"connection: close" in answer
    assert (channel.transport.is_closing(), tasks) == (True, set())

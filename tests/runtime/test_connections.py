"""What callers may cost a server before they have shown a key; over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from tests.platform.wire import eventually
from xpander_client.runtime import connections, listening, serving
from xpander_client.runtime.connections import HEAD_LIMIT, HEADERS_LIMIT, RECOGNIZE

HEAD = b"GET %b HTTP/1.1\r\nhost: x\r\n%b\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path; what comes from `/known` counts as a caller with a key."""
    path = scope["path"]
    headers = []
    if path == "/known" and not scope["extensions"][RECOGNIZE]():
        path = "full"
    if path == "/read":
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
    if path == "/wait":
        while (await receive())["type"] != "http.disconnect":
            pass
    if path != "/stream":
        headers.append((b"content-length", str(len(path)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if path == "/stream":
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"part;", "more_body": True})
        path = ""
    await send({"type": "http.response.body", "body": path.encode()})


class Served:
    def __init__(self, port: int, server: serving.EmbeddedServer) -> None:
        self.port = port
        self.server = server

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def said(self, *data: bytes) -> bytes:
        """All that is answered until the end of the connection."""
        with self.connect() as connection:
            for part in data:
                connection.sendall(part)
            return rest(connection)

    def taken(self, first: bytes, piece: bytes, most: int) -> int:
        """How many bytes without an end are taken until the connection breaks."""
        sent = 0
        with self.connect() as connection, contextlib.suppress(OSError):
            connection.sendall(first)
            while sent < most:
                connection.sendall(piece)
                sent += len(piece)
        return sent


def rest(connection: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def answer(connection: socket.socket, request: bytes) -> bytes:
    """The body of one answer, on a connection that goes on."""
    connection.sendall(request)
    reader = connection.makefile("rb")
    length = 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return reader.read(length)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server, in a process that has as many descriptors as the test says."""
    if (room := getattr(request, "param", None)) is not None:
        monkeypatch.setattr(serving, "_connection_limit", lambda: room)
    listener = listening.bind("127.0.0.1", 0)
    server = serving.EmbeddedServer(app)
    started: Future[asyncio.AbstractEventLoop] = Future()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server.on_started = lambda: started.set_result(loop)
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    loop = started.result(20)
    yield Served(listener.getsockname()[1], server)
    loop.call_soon_threadsafe(server.abort)
    loop.call_soon_threadsafe(server.stop)
    thread.join()


# Size ---------------------------------------------------------------------------------------------


def test_a_head_within_the_limit_is_served(served: Served) -> None:
    close = b"connection: close\r\n"
    for part in (b"x: %b\r\n" % (b"y" * (HEAD_LIMIT - 200)), b"x: y\r\n" * (HEADERS_LIMIT - 2)):
        assert served.said(HEAD % (b"/", part + close)).startswith(b"HTTP/1.1 200 ")
    target = b"/?" + b"y" * (HEAD_LIMIT - 200)
    assert served.said(HEAD % (target, close)).startswith(b"HTTP/1.1 200 ")


def test_a_head_over_the_limit_is_refused(served: Served) -> None:
    for part in (b"x: %b\r\n" % (b"y" * HEAD_LIMIT), b"x: y\r\n" * HEADERS_LIMIT):
        told = served.said(HEAD % (b"/", part))
        assert told.startswith(b"HTTP/1.1 431 ")
        assert b"connection: close" in told
        assert told.endswith(b'headers"}')
    told = served.said(HEAD % (b"/" + b"y" * HEAD_LIMIT, b""))
    assert told.startswith(b"HTTP/1.1 414 ")


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\n", b"x: y\r\n"),
        (b"GET / HTTP/1.1\r\nhost: x\r\nx: ", b"y"),
        (b"GET /", b"y"),
        (b"", b"y"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", b"y"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;", b"y"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n", b"y"),
    ],
    ids=["headers", "header", "target", "method", "trailer", "trailers", "chunk", "body"],
)
def test_what_has_no_end_is_cut_off(served: Served, first: bytes, piece: bytes) -> None:
    data = piece * (60_000 // len(piece))
    assert served.taken(first, data, 64 * 1024 * 1024) < 32 * 1024 * 1024


def test_a_body_that_comes_after_the_answer_is_read_to_its_end(served: Served) -> None:
    with served.connect() as connection:
        for path, size in ((b"/", 3_000_000), (b"/known", 20_000_000), (b"/read", 3_000_000)):
            head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (path, size)
            assert answer(connection, head + b"y" * size) == path


def test_heads_that_are_not_there_as_a_whole_are_bounded_for_all_together(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADS_LIMIT", 100_000)
    with contextlib.ExitStack() as stack:
        half = [stack.enter_context(served.connect()) for _ in range(4)]
        for connection in half:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 30_000)
        assert rest(half[-1]).startswith(b"HTTP/1.1 503 ")
    eventually(
        lambda: served.server._places.heads == 0, "those of closed connections are forgotten"
    )


# Time ---------------------------------------------------------------------------------------------


def test_a_head_has_a_time_however_slowly_it_drips(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_TIME", 0.2)
    with served.connect() as silent, served.connect() as slow, served.connect() as second:
        assert answer(second, HEAD % (b"/", b"")) == b"/"
        second.sendall(b"GET")
        slow.sendall(b"GET / HTTP/1.1\r\n")
        told = b""
        slow.settimeout(0.05)
        while not told:
            with contextlib.suppress(TimeoutError):
                told = slow.recv(1000)
            with contextlib.suppress(OSError):
                slow.sendall(b"x: y\r\n")
        assert told.startswith(b"HTTP/1.1 408 ")
        assert rest(silent) == b""
        assert rest(second).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_stops_coming_has_an_end(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_TIME", 0.2)
    monkeypatch.setattr(connections, "DRAIN_TIME", 0.2)
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n1"
    assert served.said(head % b"/read") == b""
    assert served.said(head % b"/").endswith(b"/")


def test_idle_connections_go_on_beyond_the_time_of_a_head(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_TIME", 0.2)
    with served.connect() as idle, served.connect() as silent:
        assert answer(idle, HEAD % (b"/1", b"")) == b"/1"
        assert rest(silent) == b""  # so that much time has gone by
        assert answer(idle, b"\r\n" + HEAD % (b"/2", b"")) == b"/2"


# Places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("served", [64], indirect=True)
def test_strangers_take_only_each_others_places(served: Served) -> None:
    with contextlib.ExitStack() as stack:
        known = [stack.enter_context(served.connect()) for _ in range(5)]
        for connection in known:
            assert answer(connection, HEAD % (b"/known", b"")) == b"/known"
        half = [stack.enter_context(served.connect()) for _ in range(40)]
        for connection in half:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HT")
        with served.connect() as fresh:
            assert answer(fresh, HEAD % (b"/health", b"")) == b"/health"
        assert rest(half[0]) == b""
        assert len(served.server.server_state.connections) <= 5 + 8
        for connection in known:
            assert answer(connection, HEAD % (b"/still", b"")) == b"/still"


@pytest.mark.parametrize("served", [64], indirect=True)
def test_who_is_served_just_now_keeps_the_place(served: Served) -> None:
    head = b"POST /read HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(served.connect()) for _ in range(8)]
        for connection in busy:
            connection.sendall(head)
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        with served.connect() as another:
            assert rest(another).startswith(b"HTTP/1.1 503 ")
        for connection in busy:
            assert answer(connection, b"{}") == b"/read"


@pytest.mark.parametrize("served", [64], indirect=True)
def test_those_with_a_key_leave_room_for_others(served: Served) -> None:
    with contextlib.ExitStack() as stack:
        told = []
        for _ in range(60):
            connection = stack.enter_context(served.connect())
            told.append(answer(connection, HEAD % (b"/known", b"")))
        assert told == [b"/known"] * 48 + [b"full"] * 12
        with served.connect() as fresh:
            assert answer(fresh, HEAD % (b"/health", b"")) == b"/health"


def test_addresses_that_one_caller_can_have_count_as_one() -> None:
    def address(host: str) -> bytes:
        return connections._find_address((host, 1))

    assert address("2001:db8::1") == address("2001:db8::ffff:2")
    assert address("2001:db8:1::1") != address("2001:db8:2::1")
    assert address("::ffff:192.0.2.1") != address("::ffff:192.0.2.2")
    assert address("192.0.2.1") != address("192.0.2.2")


# Forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /\r\n\r\n", b"505"),
        (b"GET / HTTP/2.0\r\nhost: x\r\n\r\n", b"505"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
        (b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n", b"400"),
        (b"GET http://a HTTP/1.1\r\nhost: a\r\n\r\n", b"400"),
        (b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", b"200"),
        (b"GET http://a/b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", b"200"),
        (b"GET /\r\nx HTTP/1.1\r\nhost: a\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00", b"400"),
    ],
)
def test_each_form_of_a_request_has_an_answer_and_no_word_in_the_log(
    served: Served, request_: bytes, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        told = served.said(request_)
    assert told.startswith(b"HTTP/1.1 " + status)
    assert [record for record in caplog.records if record.name != "asyncio"] == []


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
@pytest.mark.parametrize("size", [1, 1000])
def test_asking_for_another_protocol_is_in_vain(
    served: Served, protocol: bytes, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = b"connection: upgrade\r\nupgrade: %b\r\n" % protocol
    data = (
        HEAD % (b"/1", upgrade)
        + b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
        + HEAD % (b"/3", b"connection: close\r\n")
    )
    with caplog.at_level(logging.INFO):
        told = served.said(*(data[at : at + size] for at in range(0, len(data), size)))
    assert [told.count(b"\r\n\r\n" + path) for path in (b"/1", b"/read", b"/3")] == [1, 1, 1]
    assert caplog.records == []


def test_a_body_is_never_taken_for_a_request(served: Served) -> None:
    inner = HEAD % (b"/inner", b"connection: close\r\n")
    upgrade = b"connection: upgrade\r\nupgrade: h2c\r\n"
    for length in (b"content-length: %d\r\n" % len(inner), b"transfer-encoding: chunked\r\n"):
        told = served.said(b"POST / HTTP/1.1\r\nhost: x\r\n%b\r\n%b" % (length + upgrade, inner))
        assert told.startswith(b"HTTP/1.1 400 ")
        assert b"/inner" not in told


def test_an_answer_to_http_1_0_ends_with_its_connection(served: Served) -> None:
    told = served.said(b"GET /stream HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
    head, _, body = told.partition(b"\r\n\r\n")
    assert (body, b"transfer-encoding" in head) == (b"part;part;part;", False)
    assert b"connection: close" in head
    expecting = b"POST /read HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}"
    assert served.said(expecting).startswith(b"HTTP/1.1 200 ")
    assert served.said(b"GET /length HTTP/1.0\r\n\r\n").endswith(
        b"7\r\nconnection: close\r\n\r\n/length"
    )
    assert served.said(b"HEAD /stream HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\n")


def test_requests_ahead_of_their_answers_are_answered_in_order(served: Served) -> None:
    many = [b"/%d" % number for number in range(3000)]
    data = b"".join(HEAD % (path, b"") for path in many) + HEAD % (
        b"/end",
        b"connection: close\r\n",
    )
    told = served.said(data)
    assert [part.partition(b"HTTP")[0] for part in told.split(b"\r\n\r\n")[1:]] == [*many, b"/end"]


def test_a_body_behind_a_request_that_is_not_answered_comes_whole(served: Served) -> None:
    head = b"POST /read HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100000\r\n\r\n"
    told = served.said(HEAD % (b"/1", b"") + head + bytes(100_000))
    assert told.endswith(b"/read")


def test_a_caller_far_ahead_of_the_answers_is_not_read(served: Served) -> None:
    sent, many = 0, HEAD % (b"/wait", b"") * 10_000
    with served.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
        connection.settimeout(1)
        connection.sendall(HEAD % (b"/read", b"") * 2000)
        with contextlib.suppress(TimeoutError):
            while sent < 64 * 1024 * 1024:
                sent += connection.send(many)
    assert sent < 64 * 1024 * 1024  # what the kernel keeps is far less


def test_what_came_before_something_malformed_is_answered(served: Served) -> None:
    told = served.said(HEAD % (b"/1", b"") + b"nonsense\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 200 ")
    assert told.partition(b"\r\n\r\n")[2][:2] == b"/1"


def test_a_caller_that_waits_is_told_to_go_on_when_the_body_is_read(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(
            b"POST /read HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        assert answer(connection, b"{}") == b"/read"
        assert answer(connection, HEAD % (b"/2", b"expect: 100-continue\r\n")) == b"/2"

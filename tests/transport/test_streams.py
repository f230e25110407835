"""Streams over a real socket whose server breaks them."""

import contextlib
import threading
import time
import zlib
from collections.abc import Iterator

import attrs
import pytest

from tests.raw_server import Connection, RawServer, Script
from tests.worlds import World
from xpander_client.core.requests import RequestSpec, Root, StreamSpec
from xpander_client.core.sse import ServerSentEvent
from xpander_client.errors import NotFoundError, StreamError
from xpander_client.transport import Transport

PROBE = RequestSpec(operation="get", method="GET", path="/t/status", template="/t/status")
SPEC = StreamSpec(
    operation="Tasks.events",
    method="GET",
    path="/t/events",
    template="/t/events",
    root=Root.EVENTS,
    probe=PROBE,
)

pytestmark = pytest.mark.usefixtures("http")


@attrs.frozen
class Event:
    type: str
    data: str


def decode(frame: ServerSentEvent) -> Event:
    return Event(frame.event, frame.data)


def is_terminal(event: Event) -> bool:
    return event.type == "task_finished"


def frames(*numbers: int) -> bytes:
    return b"".join(
        b"id: %d\nevent: %s\ndata: %d\n\n"
        % (number, b"task_finished" if number == 4 else b"chunk", number)
        for number in numbers
    )


def follow(world: World, server: RawServer, **options: float) -> Iterator[str]:
    transport = Transport.of(server.configuration(**options))  # type: ignore[arg-type]  # floats
    for event in world.stream(transport, SPEC, decode, is_terminal):
        yield event.data


def reset_after(*numbers: int, rest: bytes = b"") -> Script:
    def script(connection: Connection) -> None:
        connection.stream(frames(*numbers) + rest)
        # What was sent before a reset would be lost with it, were it not read first.
        connection.sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            connection.sock.recv(1)
        connection.reset()

    return script


def closed_after(*numbers: int, rest: bytes = b"") -> Script:
    return lambda connection: connection.stream(frames(*numbers) + rest)


def answering(status: int, *headers: str, body: bytes = b"{}") -> Script:
    return lambda connection: connection.answer(body, status, "connection: close", *headers)


EXECUTING = answering(200, body=b'{"status": "executing"}')


@pytest.mark.parametrize(
    ("scripts", "cursors"),
    [
        pytest.param([reset_after(1, 2), closed_after(3, 4)], [None, "2"], id="reset"),
        pytest.param(
            [reset_after(1, 2), answering(503, "retry-after-ms: 20"), closed_after(3, 4)],
            [None, "2", "2"],
            id="503 on resume",
        ),
        pytest.param(
            [reset_after(1, rest=frames(2)[:-3]), closed_after(2, 3, 4)],
            [None, "1"],
            id="cut inside an event",
        ),
        pytest.param(
            [closed_after(1, 2), EXECUTING, closed_after(3, 4)],
            [None, None, "2"],
            id="clean end too early",
        ),
        pytest.param(
            [closed_after(1, rest=frames(2)[:-1]), EXECUTING, closed_after(2, 3, 4)],
            [None, None, "1"],
            id="clean end inside an event",
        ),
        pytest.param(
            [answering(503), closed_after(1, 2, 3, 4)], [None, None], id="503 on the first open"
        ),
        pytest.param(
            [reset_after(1), reset_after(2), reset_after(3), closed_after(4)],
            [None, "1", "2", "3"],
            id="a break after each event",
        ),
        pytest.param(
            [closed_after(1, rest=b": ping\n\n: ping\n\n" + frames(2, 3, 4))],
            [None],
            id="comments after an id",
        ),
    ],
)
def test_a_stream_loses_nothing_and_repeats_nothing(
    world: World, scripts: list[Script], cursors: list[str | None]
) -> None:
    with RawServer(*scripts) as server:
        assert list(follow(world, server)) == ["1", "2", "3", "4"]
    assert server.headers("last-event-id") == cursors
    assert server.lines[0] == "GET /org/t/events HTTP/1.1"


def compressed(coding: str, bits: int) -> Script:
    """A stream with one flush for each event, as a proxy compresses it."""

    def script(connection: Connection) -> None:
        connection.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
            + f"content-encoding: {coding}\r\n\r\n".encode()
        )
        squeezing = zlib.compressobj(wbits=bits)
        for number in (1, 2, 3, 4):
            part = squeezing.compress(frames(number)) + squeezing.flush(zlib.Z_SYNC_FLUSH)
            connection.send(part)
        assert connection.is_closed_by_peer()

    return script


@pytest.mark.parametrize(("coding", "bits"), [("gzip", 31), ("GZIP", 31), ("deflate", 15)])
def test_a_compressed_stream_is_read_while_it_goes_on(world: World, coding: str, bits: int) -> None:
    with RawServer(compressed(coding, bits)) as server:
        there = Transport.of(server.configuration())
        found = [event.data for event in world.stream(there, SPEC, decode, is_terminal)]
    assert found == ["1", "2", "3", "4"]


@pytest.mark.parametrize("coding", ["zpaq", "gzip, zpaq"])
def test_a_stream_in_an_encoding_that_cannot_be_read_is_an_error_that_names_it(
    world: World, coding: str
) -> None:
    with RawServer(compressed(coding, 31)) as server:
        with pytest.raises(StreamError, match=f"content-encoding is '{coding}'"):
            list(follow(world, server))
        assert len(server.lines) == 1


def test_a_stream_that_is_not_in_the_encoding_that_it_names_is_an_error(world: World) -> None:
    def torn(connection: Connection) -> None:
        connection.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
            b"content-encoding: gzip\r\n\r\n" + frames(1)
        )

    with (
        RawServer(torn, torn, torn) as server,
        pytest.raises(StreamError, match="content-encoding can't be read"),
    ):
        list(follow(world, server))


@pytest.mark.parametrize(
    ("ids", "sent"),
    [
        (["\u00e97"], "\u00e97"),
        (["7", ""], None),
        (["a\x01"], None),
        ([" 7"], None),
        (["7", "a\tb"], None),
    ],
)
def test_a_stream_is_resumed_at_the_id_that_it_named_last(
    world: World, ids: list[str], sent: str | None
) -> None:
    events = [f"id: {id_}\nevent: chunk\ndata: {place}\n\n" for place, id_ in enumerate(ids)]
    last = "id: 9\nevent: task_finished\ndata: last\n\n"

    def replaying(connection: Connection) -> None:
        # Without a cursor a platform begins anew.
        resumed = connection.header("last-event-id") is not None
        connection.stream("".join([*([] if resumed else events), last]).encode())

    broken = "".join(events).encode()
    with RawServer(lambda connection: connection.stream(broken), EXECUTING, replaying) as server:
        assert list(follow(world, server)) == [*map(str, range(len(ids))), "last"]
    cursor = server.headers("last-event-id")[-1]
    assert (cursor and cursor.encode("latin-1").decode()) == sent


def test_silence_beyond_the_idle_limit_is_a_break(world: World) -> None:
    def silent(connection: Connection) -> None:
        connection.stream(frames(1, 2))
        assert connection.is_closed_by_peer()

    with RawServer(silent, closed_after(3, 4)) as server:
        assert list(follow(world, server, idle=0.3)) == ["1", "2", "3", "4"]
    assert server.headers("last-event-id") == [None, "2"]


def test_an_event_is_yielded_while_the_stream_goes_on(world: World) -> None:
    seen = threading.Event()

    def waiting(connection: Connection) -> None:
        connection.stream(frames(1))
        assert seen.wait(5.0)
        connection.send(frames(2, 3, 4))

    with RawServer(waiting) as server:
        events = follow(world, server)
        assert next(events) == "1"
        seen.set()
        assert list(events) == ["2", "3", "4"]


def test_breaking_out_of_the_loop_closes_the_connection_at_once(world: World) -> None:
    closed = threading.Event()

    def watching(connection: Connection) -> None:
        connection.stream(frames(1, 2))
        if connection.is_closed_by_peer():
            closed.set()

    with RawServer(watching) as server:
        for _ in follow(world, server):
            break
        assert closed.wait(5.0)


async def test_leaving_an_async_loop_closes_the_connection_without_being_asked() -> None:
    closed = threading.Event()

    def watching(connection: Connection) -> None:
        connection.stream(frames(1, 2))
        if connection.is_closed_by_peer():
            closed.set()

    import asyncio

    with RawServer(watching) as server:
        transport = Transport.of(server.configuration())
        async for _ in transport.astream(SPEC, decode, is_terminal):
            break
        assert await asyncio.to_thread(closed.wait, 5.0)
        await transport.aclose()


@pytest.mark.parametrize("ends", ["stream-ends: terminal\r\n", ""])
def test_a_stream_that_ends_by_itself_leaves_its_connection_for_the_next(
    world: World, ends: str
) -> None:
    def chunked(connection: Connection) -> None:
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        head += f"transfer-encoding: chunked\r\n{ends}\r\n"
        data = frames(1, 4)
        for count in range(3):
            connection.send(f"{head}{len(data):x}\r\n".encode() + data + b"\r\n")
            if not ends:
                return  # it stays open: whoever waited for its end would wait in vain
            time.sleep(0.05)
            connection.send(b"0\r\n\r\n")
            if count < 2:
                connection.sock.recv(65536)

    with RawServer(chunked, chunked, chunked) as server:
        for _ in range(3):
            assert list(follow(world, server)) == ["1", "4"]
        assert len(server.connections) == (1 if ends else 3)


def test_giving_up_says_where_the_stream_stood(world: World) -> None:
    with RawServer(reset_after(1, 2), *[answering(502)] * 3) as server:
        events = follow(world, server)
        assert [next(events), next(events)] == ["1", "2"]
        with pytest.raises(StreamError) as caught:
            next(events)
    assert caught.value.last_event_id == "2"
    assert [attempt.status_code for attempt in caught.value.attempts] == [None, 502, 502]


def test_a_refused_stream_is_the_error_of_its_status(world: World) -> None:
    with (
        RawServer(answering(404, body=b'{"detail": "no such task"}')) as server,
        pytest.raises(NotFoundError, match="no such task"),
    ):
        list(follow(world, server))

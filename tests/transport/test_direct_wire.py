"""The direct wires: what is certain of a request, and which connections are used again."""

import asyncio
import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import uvloop

from tests.raw_server import Connection, RawServer, Script
from tests.transport.test_pool import keeping
from tests.worlds import World
from xpander_client.core.answer import Answer, Fault
from xpander_client.core.call import Prepared
from xpander_client.core.retry import Fate
from xpander_client.transport import async_direct_wire, direct_wire, environment
from xpander_client.transport.async_direct_wire import AsyncDirectWire
from xpander_client.transport.direct import idle
from xpander_client.transport.direct_wire import DirectWire
from xpander_client.transport.wire import WireError

TIMEOUTS = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}
CERTIFICATE = Path(__file__).parent / "direct" / "localhost.pem"


def never() -> bool:
    return False


@attrs.frozen
class Asking:
    """A wire, and requests over it."""

    world: World
    wire: DirectWire | AsyncDirectWire

    def fetch(self, url: str, body: bytes | None = None, **timeouts: float) -> Answer:
        request = Prepared("POST" if body else "GET", f"{url}/t", [], body)
        limits = {**TIMEOUTS, **timeouts}
        if isinstance(self.wire, DirectWire):
            return self.wire.fetch(request, limits, never)
        return self.world.runner.run(self.wire.fetch(request, limits, never))

    def fail(self, url: str, body: bytes | None = None, **timeouts: float) -> Fault:
        """The fault of a request that has none but that."""
        with pytest.raises(WireError) as caught:
            self.fetch(url, body, **timeouts)
        return caught.value.fault


@pytest.fixture
def asking(world: World) -> Iterator[Asking]:
    sync = world.name == "sync"
    made = Asking(world, DirectWire(100) if sync else AsyncDirectWire(100))
    yield made
    if isinstance(made.wire, DirectWire):
        made.wire.close()
    else:
        world.runner.run(made.wire.aclose())


@contextlib.contextmanager
def secure_server(monkeypatch: pytest.MonkeyPatch | None, *scripts: Script) -> Iterator[str]:
    """The address of a server with TLS, whose certificate is trusted where it can be set."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    environment.load_tls_context.cache_clear()
    if monkeypatch is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    def serve() -> None:
        for script in scripts:
            with contextlib.suppress(OSError):
                sock, _ = listener.accept()
                with context.wrap_socket(sock, server_side=True) as secured:
                    script(Connection(secured, secured.recv(65536)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        thread.join(10.0)
    environment.load_tls_context.cache_clear()


def test_a_certificate_of_the_environment_is_trusted(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(connection: Connection) -> None:
        connection.answer(b"1")
        connection.sock.recv(65536)
        connection.answer(b"2")

    with secure_server(monkeypatch, twice) as url:
        assert [asking.fetch(url).body, asking.fetch(url).body] == [b"1", b"2"]


def test_a_certificate_that_nobody_knows_is_a_connection_that_was_not_made(asking: Asking) -> None:
    with secure_server(None, keeping) as url:
        fault = asking.fail(url, b"{}")
    assert fault.fate is Fate.NOT_SENT
    assert "CERTIFICATE_VERIFY_FAILED" in fault.description


def test_a_name_that_leads_nowhere_is_a_connection_that_was_not_made(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    fault = asking.fail("http://nowhere.test", b"{}")
    assert (fault.fate, fault.timed_out) == (Fate.NOT_SENT, False)
    assert fault.description.startswith("no connection to the platform (gaierror: ")


def test_of_several_addresses_one_that_answers_is_enough(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(keeping) as server:
        port = int(server.url.rpartition(":")[2])

        def look_up(host: str | bytes, *args: Any, **kwargs: Any) -> Any:
            kind = socket.AF_INET, socket.SOCK_STREAM, 6, ""
            name = host.decode() if isinstance(host, bytes) else host
            hosts = ["127.9.9.9", "127.0.0.1"] if name == "platform.test" else [name]
            return [(*kind, (each, port)) for each in hosts]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        assert asking.fetch(f"http://platform.test:{port}").body == b"{}"
        asking.world.run(asking.wire, "close")


def test_a_request_that_may_have_come_is_not_sent_again(asking: Asking) -> None:
    def once(connection: Connection) -> None:
        connection.answer(b"{}")
        asked.append(connection.sock.recv(65536))

    asked: list[bytes] = []
    with RawServer(once, keeping) as server:
        asking.fetch(server.url)
        # On a connection that was kept, as on a new one.
        fault = asking.fail(server.url, b"{}")
        assert len(asked) == 1
        assert len(server.connections) == 1
        asking.world.run(asking.wire, "close")
    assert fault.fate is Fate.UNKNOWN
    assert "before an answer" in fault.description


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "broke off the connection .*before an answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", "broke off .*inside an answer"),
        (b"HTTP/1.1 200 OK\r\na b\r\n\r\n", "not HTTP that can be read"),
        (b"SSH-2.0-x\r\n", "not HTTP that can be read"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
            "content-encoding can't be read",
        ),
    ],
)
def test_what_is_no_answer_leaves_it_unknown_what_became_of_the_request(
    asking: Asking, answer: bytes, words: str
) -> None:
    with RawServer(lambda connection: connection.send(answer)) as server:
        fault = asking.fail(server.url, b"{}")
    assert (fault.fate, fault.timed_out) == (Fate.UNKNOWN, False)
    assert re.search(words, fault.description)


def test_a_request_that_nobody_takes_is_given_up(asking: Asking) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        fault = asking.fail(url, b"x" * 50_000_000, write=0.2)
    assert (fault.fate, fault.timed_out) == (Fate.UNKNOWN, True)
    assert "could not be sent in time" in fault.description


def test_an_answer_can_come_bit_by_bit(asking: Asking) -> None:
    def slow(connection: Connection) -> None:
        data = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        for number in data:
            connection.send(bytes([number]))

    with RawServer(slow) as server:
        assert asking.fetch(server.url).body == b"{}"
        asking.world.run(asking.wire, "close")


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n",
    ],
)
def test_a_connection_that_does_not_go_on_is_closed(asking: Asking, first: bytes) -> None:
    def ending(connection: Connection) -> None:
        connection.send(first)
        assert connection.is_closed_by_peer()

    with RawServer(ending, keeping) as server:
        assert [asking.fetch(server.url).body for _ in range(2)] == [b"{}", b"{}"]
        assert server.has_ended(0)
        assert len(server.connections) == 2
        asking.world.run(asking.wire, "close")


@pytest.mark.parametrize("rest", [b"", b"HTTP/1.1 408 Timeout\r\n\r\n"])
def test_a_connection_that_ended_or_said_more_since_is_not_used_again(
    asking: Asking, rest: bytes
) -> None:
    told = threading.Event()

    def more(connection: Connection) -> None:
        connection.answer(b"{}")
        told.wait(5.0)
        connection.send(rest)

    with RawServer(more, keeping) as server:
        asking.fetch(server.url)
        told.set()
        assert server.has_ended(0)
        assert asking.fetch(server.url, b"{}").body == b"{}"
        assert len(server.connections) == 2
        asking.world.run(asking.wire, "close")


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "_LONGEST", -1.0)
    with RawServer(keeping, keeping) as server:
        asking.fetch(server.url)
        asking.fetch(server.url)
        assert server.has_ended(0)
        asking.world.run(asking.wire, "close")


def test_connections_that_were_idle_for_long_are_closed_with_the_next_request(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(keeping) as one, RawServer(keeping) as other:
        asking.fetch(one.url)
        monkeypatch.setattr(idle, "_LONGEST", -1.0)
        asking.fetch(other.url)
        assert one.has_ended(0)
        asking.world.run(asking.wire, "close")


def test_of_connections_that_are_idle_the_newest_stay(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "_MOST", 1)
    with RawServer(keeping) as one, RawServer(keeping) as other:
        for server in (one, other, other):
            asking.fetch(server.url)
        assert one.has_ended(0)
        assert len(other.connections) == 1
        asking.world.run(asking.wire, "close")


class BrokenSocket:
    """A connection that a server has answered on, and broken off while the request was sent."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def settimeout(self, seconds: float) -> None: ...

    def sendall(self, data: bytes) -> None:
        raise BrokenPipeError

    def recv(self, most: int) -> bytes:
        answer, self.answer = self.answer, b""
        return answer

    def close(self) -> None: ...


def test_an_answer_to_a_request_that_could_not_be_sent_whole_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It may even say that the connection goes on.
    fields = b"connection: keep-alive\r\ncontent-length: 0\r\n"
    answers = [b"HTTP/1.1 413 Too Large\r\n%b\r\n" % fields, b""]
    monkeypatch.setattr(direct_wire, "_connect", lambda *_: BrokenSocket(answers.pop(0)))
    wire = DirectWire(None)
    request = Prepared("POST", "http://platform.test/t", [], b"{}")
    assert wire.fetch(request, TIMEOUTS, never).status_code == 413
    with pytest.raises(WireError, match="broke while sending") as caught:
        wire.fetch(request, TIMEOUTS, never)
    assert caught.value.fault.fate is Fate.UNKNOWN


class Holding:
    """A server that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.answers = threading.Semaphore(0)

    def __call__(self, connection: Connection) -> None:
        while True:
            self.asked.release()
            self.answers.acquire(timeout=10.0)
            connection.answer(b"{}")
            if not connection.sock.recv(65536):
                return


def request(server: RawServer) -> Prepared:
    return Prepared("GET", f"{server.url}/t", [], None)


def test_who_waits_for_a_place_in_vain_has_sent_nothing(world: World) -> None:
    holding = Holding()
    with RawServer(holding) as server:
        limits = {**TIMEOUTS, "pool": 0.05}
        if world.name == "sync":
            wire = DirectWire(1)
            first = threading.Thread(target=wire.fetch, args=(request(server), TIMEOUTS, never))
            first.start()
            holding.asked.acquire()
            with pytest.raises(WireError) as caught:
                wire.fetch(request(server), limits, never)
            holding.answers.release(2)
            first.join()
            assert wire.fetch(request(server), TIMEOUTS, never).body == b"{}"
            wire.close()
        else:

            async def run() -> pytest.ExceptionInfo[WireError]:
                wire = AsyncDirectWire(1)
                first = asyncio.ensure_future(wire.fetch(request(server), TIMEOUTS, never))
                await asyncio.to_thread(holding.asked.acquire)
                with pytest.raises(WireError) as caught:
                    await wire.fetch(request(server), limits, never)
                cancelled = asyncio.ensure_future(wire.fetch(request(server), TIMEOUTS, never))
                await asyncio.sleep(0)
                cancelled.cancel()
                holding.answers.release(2)
                await first
                assert (await wire.fetch(request(server), TIMEOUTS, never)).body == b"{}"
                await wire.aclose()
                return caught

            caught = world.runner.run(run())
        assert len(server.connections) == 1
    fault = caught.value.fault
    assert (fault.fate, fault.timed_out) == (Fate.NOT_SENT, True)
    assert "all connections were in use" in fault.description


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_cancelled_call_gives_its_place_back_at_once_and_its_connection_with_its_answer(
    new_loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(async_direct_wire, "_LINGER", 10.0)
    holding = Holding()

    async def run() -> None:
        wire = AsyncDirectWire(1)
        first = asyncio.ensure_future(wire.fetch(request(server), TIMEOUTS, never))
        await asyncio.to_thread(holding.asked.acquire)
        first.cancel()
        await asyncio.wait([first])
        second = asyncio.ensure_future(wire.fetch(request(server), TIMEOUTS, never))
        await asyncio.to_thread(holding.asked.acquire)  # the first one is not answered
        holding.answers.release(2)
        await second
        for _ in iter(lambda: len(wire._idle._kept) == 2, True):
            await asyncio.sleep(0.001)
        await wire.aclose()

    with RawServer(holding, holding) as server, asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run())
        assert server.has_ended(0)
        assert server.has_ended(1)


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_call_that_is_cancelled_while_it_connects_leaves_nothing_to_wait_for(
    new_loop: Callable[[], asyncio.AbstractEventLoop], turns: int
) -> None:
    async def run() -> None:
        wire = AsyncDirectWire(1)
        call = asyncio.ensure_future(wire.fetch(request(server), TIMEOUTS, never))
        for _ in range(turns):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        async with asyncio.timeout(5.0):
            await wire.aclose()
        assert not wire._connections

    with RawServer(keeping) as server, asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run())


@pytest.mark.parametrize("body", [None, b"x" * 9_000_000], ids=["sent", "still being sent"])
async def test_a_connection_waits_a_little_for_the_answer_to_a_cancelled_call(
    monkeypatch: pytest.MonkeyPatch, body: bytes | None
) -> None:
    monkeypatch.setattr(async_direct_wire, "_LINGER", 0.01)
    asked = threading.Event()

    def silent(connection: Connection) -> None:
        asked.set()
        assert connection.is_closed_by_peer()

    with RawServer(silent) as server:
        wire = AsyncDirectWire(1)
        method = "GET" if body is None else "POST"
        asking = attrs.evolve(request(server), method=method, body=body)
        first = asyncio.ensure_future(wire.fetch(asking, {**TIMEOUTS, "read": 60.0}, never))
        await asyncio.to_thread(asked.wait)
        first.cancel()
        await asyncio.wait([first])
        assert await asyncio.to_thread(server.has_ended, 0)
        await wire.aclose()


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_of_a_stream_that_nobody_reads_no_more_is_taken(
    new_loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(async_direct_wire, "_HIGH", 10_000)
    total = 40_000_000

    def streaming(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total)
        for _ in range(total // 100_000):
            connection.send(b"x" * 100_000)

    async def run() -> None:
        wire = AsyncDirectWire(None)
        opening = await wire.open(request(server), TIMEOUTS)
        [connection] = wire._connections
        for _ in iter(connection._transport.is_reading, False):
            await asyncio.sleep(0.001)
        size = 0
        while (part := await opening.read()) is not None:
            size += len(part)
            assert len(part) < 5_000_000
        assert size == total
        await opening.aclose()
        await wire.aclose()

    with RawServer(streaming) as server, asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run())

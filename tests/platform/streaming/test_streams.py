"""A task's events: replay, then live, without a hole."""

import asyncio
import contextlib
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any

import attrs
import httpx
import psutil
import pytest

from tests.platform.conftest import QUICK, client
from tests.platform.wire import (
    Clock,
    OpenStore,
    Sse,
    create,
    event,
    eventually,
    frames,
    push,
    replay,
    update,
)
from xpander_client.platform import LocalPlatform
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.base.hints import WakeEvent
from xpander_client.platform.stores.postgres.store import PostgresStore
from xpander_client.platform.stores.sqlite.store import SqliteStore
from xpander_client.platform.streaming.event_log import PAGE, PAGE_BYTES, EventLogs
from xpander_client.platform.streaming.responses import TaskEvents
from xpander_client.runtime.event_stream import WRITE_BYTES

pytestmark = pytest.mark.all_engines

serving = contextlib.contextmanager(client)


def follow(http: httpx.Client, task: dict[str, Any], **headers: str) -> list[Sse]:
    """Everything that a stream has, until the platform ends it."""
    path = f"/acme/agent-execution/{task['id']}/events"
    with http.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return [frame for frame in frames(response) if not frame.comment]


class Following:
    """A stream that is read on a thread."""

    def __init__(self, http: httpx.Client, task: dict[str, Any], **headers: str) -> None:
        self.frames: list[Sse] = []
        self.comments = 0
        self.ended = False
        self._thread = threading.Thread(
            target=self._read, args=(http, task["id"], headers), daemon=True
        )
        self._thread.start()

    def _read(self, http: httpx.Client, task_id: str, headers: dict[str, str]) -> None:
        with http.stream("GET", f"/agent-execution/{task_id}/events", headers=headers) as response:
            for frame in frames(response):
                if frame.comment:
                    self.comments += 1
                else:
                    self.frames.append(frame)
        self.ended = True

    def all(self) -> list[Sse]:
        self._thread.join(30)
        assert self.ended
        return self.frames

    def ids(self) -> list[int]:
        return [int(frame.id) for frame in self.all() if frame.id is not None]


def test_a_finished_task_is_replayed_and_its_stream_ends(http: httpx.Client) -> None:
    task = create(http)
    push(http, task, event("chunk", task["id"], "a\u2028\u0085b\n\r"))
    update(http, task, status="completed", result="r")
    hello, *rest = follow(http, task)
    assert (hello.id, hello.data["type"], hello.data["data"]) == (None, "connected", None)
    assert hello.data["task_id"] == task["id"]
    assert [(frame.id, frame.data["type"]) for frame in rest] == [
        ("1", "task_created"),
        ("2", "chunk"),
        ("3", "task_finished"),
    ]
    assert rest[1].data["data"] == "a\u2028\u0085b\n\r"
    assert rest[2].data["data"]["result"] == "r"
    assert all(frame.event == "message" for frame in rest)


def test_events_come_while_they_happen_and_the_stream_ends_with_the_task(
    http: httpx.Client,
) -> None:
    task = create(http)
    with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
        stream = (frame for frame in frames(response) if not frame.comment)
        assert next(stream).data["type"] == "connected"
        assert next(stream).id == "1"
        for n in range(5):
            push(http, task, event("chunk", task["id"], str(n)))
            assert next(stream).data["data"] == str(n)
        http.delete(f"/agent-execution/{task['id']}")
        assert next(stream).data["data"]["status"] == "stopped"
        assert list(stream) == []


def test_a_stream_goes_on_behind_the_last_event_that_the_reader_has(http: httpx.Client) -> None:
    task = create(http)
    push(http, task, *(event("chunk", task["id"], str(n)) for n in range(10)))
    http.delete(f"/agent-execution/{task['id']}")
    for last in range(13):
        _, *rest = follow(http, task, **{"Last-Event-ID": str(last)})
        assert [frame.id for frame in rest] == [str(n) for n in range(last + 1, 13)]
    path = f"/agent-execution/{task['id']}/events"
    with http.stream("GET", path, params={"after": "11"}) as response:
        assert [frame.id for frame in frames(response)] == [None, "12"]
    header = {"Last-Event-ID": "12"}
    with http.stream("GET", path, params={"after": "3"}, headers=header) as response:
        assert [frame.id for frame in frames(response)] == [None]


def test_a_stopped_task_that_is_taken_up_again_has_a_run_of_its_own(http: httpx.Client) -> None:
    task = create(http)
    http.delete(f"/agent-execution/{task['id']}")
    assert update(http, task, status="paused").json()["status"] == "paused"
    following = Following(http, task)
    eventually(lambda: len(following.frames) == 2, "the run has begun")
    assert update(http, task, status="completed", result="r").status_code == 200
    assert following.ids() == [3, 4]
    assert following.frames[-1].data["data"]["status"] == "completed"
    _, *earlier = follow(http, task, **{"Last-Event-ID": "0"})
    assert [frame.data["type"] for frame in earlier] == ["task_created", "task_finished"]


def test_a_reader_that_claims_to_know_the_future_delays_nobody() -> None:
    with serving(None, attrs.evolve(QUICK, comment_interval=300.0)) as http:
        task = create(http)
        header = {"Last-Event-ID": "999999"}
        path = f"/agent-execution/{task['id']}/events"
        with http.stream("GET", path, headers=header) as prophet:
            stream = frames(prophet)
            next(stream)
            following = Following(http, task)
            eventually(lambda: len(following.frames) == 2, "the stream has caught up")
            for n in range(5):
                push(http, task, event("chunk", task["id"], str(n)))
                eventually(lambda: len(following.frames) == 3 + n, "the event has come")  # noqa: B023
            http.delete(f"/agent-execution/{task['id']}")
            assert following.ids() == list(range(1, 8))


def test_a_quiet_stream_carries_comments(http: httpx.Client) -> None:
    task = create(http)
    following = Following(http, task)
    eventually(lambda: following.comments >= 2, "comments came")
    http.delete(f"/agent-execution/{task['id']}")
    assert following.ids() == [1, 2]


def test_no_event_is_lost_or_doubled_between_replay_and_tail(http: httpx.Client) -> None:
    task = create(http)
    total = 400
    streams: list[Following] = []

    def write() -> None:
        for n in range(total // 4):
            push(http, task, *(event("chunk", task["id"], str(4 * n + k)) for k in range(4)))
        update(http, task, status="completed")

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive() and len(streams) < 40:
        position = sum(len(stream.frames) for stream in streams[-1:])
        streams.append(Following(http, task, **{"Last-Event-ID": str(max(0, position - 3))}))
        time.sleep(0.01)
    writer.join()
    assert len(streams) > 3
    for stream in streams:
        ids = stream.ids()
        assert ids == list(range(ids[0], total + 3))


def test_a_log_longer_than_memory_keeps_is_replayed_whole(http: httpx.Client) -> None:
    task = create(http)
    total = 3000 + PAGE
    early = Following(http, task)
    for start in range(0, total, 500):
        push(http, task, *(event("chunk", task["id"], str(start + n)) for n in range(500)))
    late = Following(http, task)
    eventually(lambda: len(late.frames) > total, "the late one has caught up")
    update(http, task, status="completed")
    assert early.ids() == late.ids() == list(range(1, total + 3))


def test_a_slow_reader_holds_nobody_up(platform: LocalPlatform, http: httpx.Client) -> None:
    task = create(http)
    with http.stream("GET", f"/agent-execution/{task['id']}/events") as slow:
        quick = Following(http, task)
        for n in range(40):
            push(http, task, event("chunk", task["id"], str(n % 10) * 100_000))
        update(http, task, status="completed")
        assert quick.ids() == list(range(1, 43))
        assert [frame.id for frame in frames(slow) if frame.id] == [str(n) for n in range(1, 43)]


class RawReader:
    """A stream on a socket that takes hardly anything by itself."""

    def __init__(self, http: httpx.Client, task: dict[str, Any]) -> None:
        self.connection = socket.socket()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.settimeout(20)
        self._server = http.base_url
        self.connection.connect((self._server.host, self._server.port))
        self.connection.sendall(
            f"GET /agent-execution/{task['id']}/events HTTP/1.1\r\n"
            f"host: platform\r\nx-api-key: {http.headers['x-api-key']}\r\n\r\n".encode()
        )
        self.port: int = self.connection.getsockname()[1]

    @property
    def has_server(self) -> bool:
        """Whether the platform holds its end of the connection; it is in this process."""
        return any(
            (*each.laddr, *each.raddr)[1::2] == (self._server.port, self.port)
            for each in psutil.Process().net_connections("tcp")
        )

    def whole_ids(self) -> list[int]:
        """Read what there is until the end; the numbers of the events that came whole."""
        data = b""
        with contextlib.suppress(ConnectionError):
            while part := self.connection.recv(65536):
                data += part
        _, _, body = data.partition(b"\r\n\r\n")
        events = b"".join(re.split(rb"(?:^|\r\n)[0-9a-f]+\r\n", body)).rpartition(b"\n\n")[0]
        return [int(number) for number in re.findall(rb"^id: (\d+)$", events, re.MULTILINE)]


@pytest.mark.parametrize("a_byte_at_a_time", [False, True])
def test_a_reader_that_takes_next_to_nothing_is_let_go_and_can_come_back(
    a_byte_at_a_time: bool,
) -> None:
    with serving(None, attrs.evolve(QUICK, stalled_reader=0.3)) as http:
        task = create(http)
        stalled = RawReader(http, task)
        eventually(lambda: stalled.has_server, "the stream is open")
        for n in range(60):
            push(http, task, event("chunk", task["id"], str(n % 10) * 190_000))

        def is_dropped() -> bool:
            if a_byte_at_a_time:
                stalled.connection.recv(1)
            return not stalled.has_server

        eventually(is_dropped, "the platform has let go of the connection")
        if a_byte_at_a_time:
            stalled.connection.close()
            return
        ids = stalled.whole_ids()
        stalled.connection.close()
        assert len(ids) < 61
        update(http, task, status="completed")
        _, *rest = follow(http, task, **{"Last-Event-ID": str(ids[-1] if ids else 0)})
        assert [*ids, *(int(frame.id or 0) for frame in rest)] == list(range(1, 63))


def test_a_reader_that_stalls_at_the_very_end_is_let_go_as_well() -> None:
    with serving(None, attrs.evolve(QUICK, stalled_reader=0.3)) as http:
        task = create(http)
        for n in range(60):
            push(http, task, event("chunk", task["id"], str(n % 10) * 190_000))
        update(http, task, status="completed")
        stalled = RawReader(http, task)
        eventually(lambda: stalled.has_server, "the stream is open")
        eventually(lambda: not stalled.has_server, "the connection was dropped")
        stalled.connection.close()


def test_a_reader_that_takes_nothing_keeps_no_platform_from_stopping() -> None:
    with serving(None, attrs.evolve(QUICK, shutdown_limit=1.0)) as http:
        task = create(http)
        for n in range(60):
            push(http, task, event("chunk", task["id"], str(n % 10) * 190_000))
        stalled = RawReader(http, task)
        eventually(lambda: stalled.has_server, "the stream is open")
    assert not stalled.has_server
    stalled.connection.close()


def test_a_pushed_end_is_one_end(http: httpx.Client) -> None:
    task = create(http)
    following = Following(http, task)
    end = event("task_finished", task["id"], {"status": "completed", "result": "pushed"})
    assert push(http, task, event("chunk", task["id"], "x"), end).status_code == 200
    assert push(http, task, end).status_code == 200
    assert update(http, task, status="completed").status_code == 200
    assert following.ids() == [1, 2, 3]
    last = following.frames[-1].data
    assert (last["type"], last["data"]["status"], last["data"]["result"]) == (
        "task_finished",
        "completed",
        "pushed",
    )
    assert [frame.data["type"] for frame in replay(http, task)].count("task_finished") == 1


def test_streams_end_in_order_when_the_platform_stops() -> None:
    with LocalPlatform(settings=QUICK, organization_id="acme") as platform:
        headers = {"x-api-key": platform.api_key}
        with httpx.Client(base_url=platform.url, headers=headers) as http:
            task = create(http)
            following = Following(http, task)
            eventually(lambda: len(following.frames) == 2, "the stream is open")
            platform.close()
            assert following.ids() == [1]


def test_streams_outlast_a_store_that_is_away_for_a_while(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = create(http)
    early = Following(http, task)
    eventually(lambda: len(early.frames) == 2, "the stream is open")
    away = threading.Event()
    asked = 0

    def flaky(method: Any) -> Any:
        async def maybe(*arguments: Any, **named: Any) -> Any:
            nonlocal asked
            if away.is_set():
                asked += 1
                raise HttpError(503, "the store's database can't be reached")
            return await method(*arguments, **named)

        return maybe

    for engine in (SqliteStore, PostgresStore):
        for name in ("read", "get", "last_seq"):
            monkeypatch.setattr(engine, name, flaky(getattr(engine, name)))
    away.set()
    assert push(http, task, event("chunk", task["id"], "x")).status_code == 200
    before = early.comments
    eventually(lambda: asked > 3 and early.comments > before, "the store was asked in vain")
    assert http.get(f"/agent-execution/{task['id']}/events").status_code == 503
    away.clear()
    eventually(lambda: len(early.frames) == 3, "the stream went on")
    http.delete(f"/agent-execution/{task['id']}")
    assert early.ids() == [1, 2, 3]


def test_a_store_that_is_away_when_a_stream_begins_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusals = iter([True] * 5)
    read = SqliteStore.last_seq

    async def last_seq(store: SqliteStore, task_id: str) -> int:
        if next(refusals, False):
            raise HttpError(503, "the store's database can't be reached")
        return await read(store, task_id)

    monkeypatch.setattr(SqliteStore, "last_seq", last_seq)
    with serving(None, attrs.evolve(QUICK, poll_interval=0.05)) as http:
        task = create(http)
        push(http, task, event("chunk", task["id"], "x"))
        following = Following(http, task)
        eventually(lambda: len(following.frames) == 3, "the stream has begun all the same")
        http.delete(f"/agent-execution/{task['id']}")
        assert following.ids() == [1, 2, 3]


async def test_readers_that_come_all_at_once_cost_one_read_of_each_page(tmp_path: Path) -> None:
    reads = 0

    class Counting(SqliteStore):
        async def read(self, *arguments: Any, **named: Any) -> Any:
            nonlocal reads
            reads += 1
            await asyncio.sleep(0)  # as one that asks a database
            return await super().read(*arguments, **named)

    clock = Clock()
    async with OpenStore(Counting(tmp_path / "store.db", clock=clock)) as store:
        record = (await store.put("acme", "a", {"input": {"text": "x"}}, task_id="t")).record
        chunks = [event("chunk", "t", str(n) * 50) for n in range(4000)]
        await store.append("acme", "t", chunks, attempt=None)
        await store.stop("acme", "t")
        logs = EventLogs(store, Settings(), clock, Metrics())
        pages: list[int] = []

        async def reader() -> int:
            alarm = WakeEvent()
            log = logs.join(record, 0, alarm)
            position = size = count = 0
            while position < 4002:
                page = await logs.after(log, position)
                if page is None:
                    await alarm.wait(20)
                    continue
                assert len(page.data) < 2 * PAGE_BYTES
                position, size, count = page.last, size + len(page.data), count + 1
            logs.part(log, alarm)
            pages.append(count)
            return size

        sizes = await asyncio.gather(*(reader() for _ in range(1000)))
    assert len(set(sizes)) == 1
    assert sizes[0] > 20 * PAGE_BYTES
    assert set(pages) == {pages[0]}
    # One more by the feeder, which looks whether there is more.
    assert reads <= pages[0] + 1


async def test_the_end_of_a_stream_is_sent_with_its_last_event(tmp_path: Path) -> None:
    """So a reader that stops at the last event has read all, and keeps its connection."""
    clock = Clock()
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async with OpenStore(SqliteStore(tmp_path / "store.db", clock=clock)) as store:
        record = (await store.put("acme", "a", {"input": {"text": "x"}}, task_id="t")).record
        # Longer than what is written at once.
        chunk = event("chunk", "t", "x" * 2 * WRITE_BYTES)
        await store.append("acme", "t", [chunk], attempt=None)
        logs = EventLogs(store, Settings(), clock, Metrics())
        serving = asyncio.create_task(TaskEvents(logs, record, 0)({}, receive, send))
        await store.stop("acme", "t")
        await asyncio.wait_for(serving, 20)
    _, *parts, last = sent
    assert all(part["more_body"] for part in parts)
    assert b'"type":"task_finished"' in last["body"]
    assert last["more_body"] is False


def test_what_is_written_while_nobody_listens_is_there_for_those_who_come_back(
    http: httpx.Client,
) -> None:
    task = create(http)
    with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
        next(frame for frame in frames(response) if frame.id == "1")
    push(http, task, event("chunk", task["id"], "x"))
    http.delete(f"/agent-execution/{task['id']}")
    _, *rest = follow(http, task, **{"Last-Event-ID": "1"})
    assert [frame.id for frame in rest] == ["2", "3"]

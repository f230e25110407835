"""A task's events: replay, then live, without a hole."""

import contextlib
import threading
import time
from typing import Any

import attrs
import httpx

from tests.platform.conftest import QUICK
from tests.platform.wire import Sse, create, event, eventually, frames, push, replay, update
from xpander_client.platform import LocalPlatform
from xpander_client.platform.event_log import PAGE


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


def test_a_reader_that_claims_to_know_the_future_is_let_go_when_the_task_ends(
    http: httpx.Client,
) -> None:
    task = create(http)
    following = Following(http, task, **{"Last-Event-ID": "999999"})
    eventually(lambda: bool(following.frames), "the stream is open")
    http.delete(f"/agent-execution/{task['id']}")
    assert following.ids() == []


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


def test_a_reader_that_takes_nothing_for_too_long_is_let_go_and_can_come_back() -> None:
    settings = attrs.evolve(QUICK, stalled_reader=0.2)
    with LocalPlatform(settings=settings, organization_id="acme") as platform:
        headers = {"x-api-key": platform.api_key}
        with httpx.Client(base_url=platform.url, headers=headers, verify=False) as http:
            task = create(http)
            with http.stream("GET", f"/agent-execution/{task['id']}/events") as stalled:
                for n in range(120):
                    push(http, task, event("chunk", task["id"], str(n % 10) * 190_000))
                time.sleep(3 * settings.stalled_reader)
                seen: list[str] = []
                with contextlib.suppress(httpx.TransportError):
                    seen += [frame.id for frame in frames(stalled) if frame.id]
            assert len(seen) < 121
            update(http, task, status="completed")
            _, *rest = follow(http, task, **{"Last-Event-ID": seen[-1] if seen else "0"})
            ids = [*map(int, seen), *(int(frame.id or 0) for frame in rest)]
            assert ids == list(range(1, 123))


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

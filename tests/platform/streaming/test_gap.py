"""Events that are kept no more: what those who come too late are told, and what stays."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

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
    update,
)
from xpander_client.platform import LocalPlatform
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.base.hints import WakeEvent
from xpander_client.platform.stores.sqlite.store import SqliteStore
from xpander_client.platform.streaming import event_log
from xpander_client.platform.streaming.event_log import EventLogs

pytestmark = pytest.mark.all_engines

FORGETFUL = attrs.evolve(QUICK, keep_events=0.0, prune_interval=0.05)
"""A platform that keeps the events of a task no longer than until it is finished."""


@pytest.fixture
def forgetful(place: str | None) -> Iterator[httpx.Client]:
    yield from client(place, FORGETFUL)


def follow(http: httpx.Client, task: dict[str, Any], after: int | None = None) -> list[Sse]:
    """All that a stream has after `connected`, until the platform ends it."""
    path = f"/agent-execution/{task['id']}/events"
    query = {} if after is None else {"after": str(after)}
    with http.stream("GET", path, params=query) as response:
        assert response.status_code == 200
        hello, *rest = (frame for frame in frames(response) if not frame.comment)
    assert (hello.data["type"], hello.id) == ("connected", None)
    return rest


def activity(http: httpx.Client, task: dict[str, Any]) -> list[dict[str, Any]]:
    answer = http.get(f"/activity/{task['agent_id']}/{task['id']}")
    assert answer.status_code == 200
    entries: list[dict[str, Any]] = answer.json()["messages"]
    return entries


def finished(http: httpx.Client, chunks: int = 3) -> dict[str, Any]:
    """A task that ended, and whose other events were pruned."""
    task = create(http)
    finish(http, task, chunks)
    return task


def finish(http: httpx.Client, task: dict[str, Any], chunks: int) -> None:
    if chunks:
        push(http, task, *(event("chunk", task["id"], str(n)) for n in range(chunks)))
    update(http, task, status="completed", result="r")
    # What was asked is the first event, which goes with the others.
    eventually(
        lambda: all(entry.get("role") == "agent" for entry in activity(http, task)),
        "the events were pruned",
    )


def numbers(told: list[Sse], after: int) -> list[int]:
    """The numbers of a stream's events, which have holes only where a gap says so."""
    position, got = after, []
    for frame in told:
        number = int(frame.id or 0)
        if frame.event == "gap":
            data = frame.data["data"]
            assert frame.data["type"] == "gap"
            assert data["missing_from"] == position + 1
            assert data["earliest"] == number + 1 > data["missing_from"]
            assert data["latest"] >= data["earliest"]
        else:
            assert number == position + 1
            got.append(number)
        position = number
    return got


def test_a_stream_from_the_beginning_says_what_is_missing_and_how_the_task_ended(
    forgetful: httpx.Client,
) -> None:
    task = finished(forgetful)
    gap, end = follow(forgetful, task)
    assert (gap.event, gap.id) == ("gap", "4")
    assert gap.data["data"] == {"missing_from": 1, "earliest": 5, "latest": 5}
    assert (gap.data["type"], gap.data["task_id"]) == ("gap", task["id"])
    assert (end.event, end.id, end.data["type"]) == ("message", "5", "task_finished")
    assert end.data["data"]["result"] == "r"


def test_a_position_is_told_what_it_misses_and_no_more(forgetful: httpx.Client) -> None:
    task = finished(forgetful)
    for after in range(4):
        gap, end = follow(forgetful, task, after)
        assert gap.data["data"] == {"missing_from": after + 1, "earliest": 5, "latest": 5}
        assert end.id == "5"
    assert [frame.id for frame in follow(forgetful, task, 5)] == []
    header = {"Last-Event-ID": "2"}
    with forgetful.stream(
        "GET", f"/agent-execution/{task['id']}/events", headers=header
    ) as response:
        _, gap, end = frames(response)
    assert gap.data["data"]["missing_from"] == 3


def test_a_reader_that_comes_back_with_the_id_of_the_gap_is_not_told_again(
    forgetful: httpx.Client,
) -> None:
    task = finished(forgetful)
    gap, _ = follow(forgetful, task)
    assert [frame.event for frame in follow(forgetful, task, int(gap.id or 0))] == ["message"]


@pytest.mark.parametrize("given", ["500", "9" * 18, "9" * 5_000, "x", "-1", "1.5", "٣", "4c9a:7"])
def test_a_reader_whose_place_is_none_is_told_and_gets_all_there_is(
    http: httpx.Client, given: str
) -> None:
    task = create(http)
    path = f"/agent-execution/{task['id']}/events"
    with http.stream("GET", path, params={"after": given}) as response:
        stream = frames(response)
        _, gap, first = (next(stream) for _ in range(3))
        assert (gap.event, gap.id) == ("gap", "0")
        assert gap.data["data"] == {"missing_from": 2, "earliest": 1, "latest": 1}
        push(http, task, event("chunk", task["id"], "x"))
        update(http, task, status="completed", result="r")
        rest = [frame for frame in stream if not frame.comment]
    told = [first, *rest]
    assert [frame.id for frame in told] == ["1", "2", "3"]
    assert told[-1].data["type"] == "task_finished"
    with http.stream(
        "GET", path, headers={"last-event-id": "x" + given.encode().hex()}
    ) as response:
        _, gap, *again = frames(response)
    assert gap.data["data"] == {"missing_from": 4, "earliest": 1, "latest": 3}
    assert [frame.id for frame in again] == ["1", "2", "3"]


def test_each_run_of_a_task_that_was_continued_has_its_own_gap(forgetful: httpx.Client) -> None:
    task = finished(forgetful)
    forgetful.post(
        f"/agent-execution/{task['agent_id']}", json={"id": task["id"], "input": {"text": "more"}}
    )
    finish(forgetful, task, 2)
    gap, end = follow(forgetful, task)  # the present run
    assert gap.data["data"] == {"missing_from": 6, "earliest": 9, "latest": 9}
    assert end.id == "9"
    gap, end = follow(forgetful, task, 0)
    assert gap.data["data"] == {"missing_from": 1, "earliest": 5, "latest": 9}
    assert (end.id, end.data["type"]) == ("5", "task_finished")


def test_results_stay_and_the_activity_still_has_the_answer(forgetful: httpx.Client) -> None:
    task = finished(forgetful)
    now = forgetful.get(f"/agent-execution/{task['id']}/status").json()
    assert (now["status"], now["result"]) == ("completed", "r")
    [answer] = activity(forgetful, task)
    assert (answer["id"], answer["content"]["text"]) == (f"{task['id']}-5", "r")


def test_a_task_that_is_not_finished_loses_nothing(forgetful: httpx.Client) -> None:
    task = create(forgetful)
    push(forgetful, task, event("chunk", task["id"], "x"))
    finished(forgetful)  # pruning has been there
    with forgetful.stream("GET", f"/agent-execution/{task['id']}/events") as response:
        stream = frames(response)
        assert [next(stream).id for _ in range(3)] == [None, "1", "2"]


def test_a_reader_that_is_overtaken_by_the_pruning_is_told_where(
    forgetful: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "KEPT_BYTES", 0)
    task = create(forgetful)
    with forgetful.stream("GET", f"/agent-execution/{task['id']}/events") as slow:
        for n in range(100):  # more than fits between the platform and a reader that doesn't read
            push(forgetful, task, event("chunk", task["id"], str(n % 10) * 190_000))
        finish(forgetful, task, 0)
        _, *told = (frame for frame in frames(slow) if not frame.comment)
    # It may be overtaken again: what is old goes in batches.
    assert [frame.event for frame in told].count("gap") >= 1
    got = numbers(told, 0)
    assert got[0] == 1
    assert got[-1] == 102
    assert told[-1].data["type"] == "task_finished"


def without(path: Path, missing: set[int], *, later: int = 99) -> Callable[[], None]:
    """Take events out of the file, as if the pruning had come so far; also those from `later` on,
    which are put back by what is returned.
    """
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        gone = connection.execute("SELECT * FROM events ORDER BY place").fetchall()
        gone = [
            row for row in gone if row[0] & 0xFFFFFFFF in missing or row[0] & 0xFFFFFFFF >= later
        ]
        connection.executemany("DELETE FROM events WHERE place = ?", [(row[0],) for row in gone])

    def put_back() -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            rows = [row for row in gone if row[0] & 0xFFFFFFFF not in missing]
            connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)

    return put_back


@contextlib.contextmanager
def client_of(path: Path) -> Iterator[httpx.Client]:
    """Run a platform over a file for a client."""
    with LocalPlatform(store=path, settings=QUICK, organization_id="acme") as platform:
        headers = {"x-api-key": platform.api_key}
        with httpx.Client(base_url=platform.url, headers=headers, verify=False) as http:
            yield http


def test_several_holes_are_told_each_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with client_of(path) as http:
        task = create(http)
        push(http, task, *(event("chunk", task["id"], str(n)) for n in range(20)))
        update(http, task, status="completed")
    without(path, {1, 2, 7, 8, 9, 15})
    with client_of(path) as http:  # that remembers no events
        told = follow(http, task)
    assert [frame.data["data"] for frame in told if frame.event == "gap"] == [
        {"missing_from": 1, "earliest": 3, "latest": 22},
        {"missing_from": 7, "earliest": 10, "latest": 22},
        {"missing_from": 15, "earliest": 16, "latest": 22},
    ]
    assert numbers(told, 0) == [n for n in range(1, 23) if n not in {1, 2, 7, 8, 9, 15}]


def parsed(data: bytes) -> list[Sse]:
    return list(frames(httpx.Response(200, content=data)))


@pytest.mark.slow
@given(
    missing=st.sets(st.integers(1, 29)),
    after=st.integers(0, 30),
    later=st.integers(1, 31),
    size=st.integers(1, 7),
    bytes_=st.integers(1, 400),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_whatever_is_missing_every_number_is_told_once(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    missing: set[int],
    after: int,
    later: int,
    size: int,
    bytes_: int,
) -> None:
    monkeypatch.setattr(event_log, "PAGE", size)
    monkeypatch.setattr(event_log, "PAGE_BYTES", bytes_)
    path = tmp_path_factory.mktemp("gap") / "store.db"
    clock = Clock()
    async with OpenStore(SqliteStore(path, clock=clock)) as store:
        body = {"input": {"text": "x"}}
        record = (await store.put("acme", "a", body, task_id="t")).record
        events = [event("chunk", "t", str(n)) for n in range(28)]
        await store.append("acme", "t", events, attempt=None)
        await store.stop("acme", "t")
    async with OpenStore(SqliteStore(path, clock=clock)) as store:  # that remembers no events
        put_back = without(path, missing, later=later)
        logs, alarm = EventLogs(store, Settings(poll_interval=0.01), clock, Metrics()), WakeEvent()
        log = logs.join(record, after, alarm)
        told: list[Sse] = []
        position = after
        if after or set(range(1, later)) - missing:  # else there is nothing to hear of so far
            assert await alarm.wait(20)
        put_back()
        while position < 30:
            page = await logs.after(log, position)
            if page is None:
                assert await alarm.wait(20)
                continue
            assert page.last > position
            new = parsed(page.data)
            assert page.gaps == sum(frame.event == "gap" for frame in new)
            told += new
            position = page.last
        logs.part(log, alarm)
    assert numbers(told, after) == [n for n in range(after + 1, 31) if n not in missing]

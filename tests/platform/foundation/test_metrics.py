"""The figures that an operator sees."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.platform.conftest import HASTY, client
from tests.platform.wire import (
    Clock,
    OpenStore,
    create,
    event,
    eventually,
    frames,
    push,
    status,
    update,
    worker,
)
from xpander_client.platform.app import Platform
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http import health
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.stores.sqlite.store import SqliteStore

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A client of a platform on which leases run out soon and events are forgotten at once."""
    monkeypatch.setattr(health, "FRESH", 0.0)
    yield from client(None, attrs.evolve(HASTY, keep_events=0.0, prune_interval=0.05))


def parsed(text: str) -> dict[str, float]:
    """Each figure by its name and the values of its labels."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figures(http: httpx.Client) -> dict[str, float]:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return parsed(answer.text)


def test_all_figures_are_there_from_the_beginning(http: httpx.Client) -> None:
    first = figures(http)
    for name in (
        "xpander_tasks_waiting",
        "xpander_streams task",
        "xpander_streams worker",
        "xpander_writes_refused_total",
        "xpander_leases_lost_total",
        "xpander_late_results_refused_total",
        "xpander_pruned_events_total",
        "xpander_gap_events_total",
        "xpander_offer_to_start_seconds_count",
    ):
        assert first[name] == 0, name
    assert "xpander_writes_queued" in first
    assert "xpander_commit_commands_sum" in first
    assert "xpander_commit_seconds_bucket +Inf" in first


def test_requests_are_counted_by_method_and_class_of_status(http: httpx.Client) -> None:
    create(http)
    for _ in range(3):
        assert http.get("/agent-execution/nowhere/status").status_code == 404
    assert http.get("/agents/list", headers={"x-api-key": "wrong"}).status_code == 401
    http.request("PROPFIND", "/agents/list")
    now = figures(http)
    assert now["xpander_requests_total POST 2xx"] == 1
    assert now["xpander_requests_total GET 4xx"] == 4
    assert now["xpander_requests_total other 4xx"] == 1


def test_commits_are_counted_with_their_commands(http: httpx.Client) -> None:
    before = figures(http)
    task = create(http)
    for _ in range(5):
        push(http, task, event("chunk", task["id"], "x"))
    now = figures(http)
    commands = now["xpander_commit_commands_sum"] - before["xpander_commit_commands_sum"]
    commits = now["xpander_commit_commands_count"] - before["xpander_commit_commands_count"]
    assert commands >= 6
    assert 0 < commits <= commands
    assert now["xpander_commit_seconds_count"] == now["xpander_commit_commands_count"]
    assert now["xpander_commit_seconds_sum"] > 0


def test_waiting_tasks_and_open_streams_are_counted_while_they_are_there(
    http: httpx.Client,
) -> None:
    task = create(http)
    create(http)
    assert figures(http)["xpander_tasks_waiting"] == 2
    with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
        stream = frames(response)  # which ends with its iterator
        next(stream)
        assert figures(http)["xpander_streams task"] == 1
        with worker(http) as busy:
            busy.begin(busy.task())
            busy.begin(busy.task())
            now = figures(http)
            assert (now["xpander_streams task"], now["xpander_streams worker"]) == (1, 1)
            assert now["xpander_tasks_waiting"] == 0
            assert now["xpander_offer_to_start_seconds_count"] == 2
            assert now["xpander_offer_to_start_seconds_sum"] > 0

    def all_closed() -> bool:
        now = figures(http)
        return now["xpander_streams task"] == now["xpander_streams worker"] == 0

    eventually(all_closed, "the streams are closed")


async def test_each_task_of_a_worker_counts_from_its_own_offer(
    make_store: Callable[[], Store], clock: Clock
) -> None:
    async with OpenStore(make_store()) as store:
        metrics = Metrics()
        dispatch = Dispatch(store, Settings(), clock, metrics)
        session = await dispatch.register(
            "o", "a", environment=None, peer="", worker_id=None, slots=2
        )
        with store.watch() as watch:
            for task_id in ("first", "second"):
                await store.put("o", "a", {"input": {}}, task_id=task_id)
                while task_id not in session.unacknowledged:
                    await watch.wait(0.01)
                clock.now += 3
        for task_id in ("second", "first"):
            record = await store.patch("o", task_id, {"status": "executing"}, attempt=1)
            dispatch.on_task_written(record, 1)
        await dispatch.close()
    told = parsed(metrics.text(None).decode())
    assert told["xpander_offer_to_start_seconds_count"] == 2
    assert told["xpander_offer_to_start_seconds_sum"] == 3 + 6


def test_lost_leases_and_late_results_are_counted(http: httpx.Client) -> None:
    created = create(http)
    with worker(http) as lost:
        task = lost.task()
        lost.begin(task)
    eventually(lambda: status(http, created)["status"] == "pending", "the lease ran out")
    assert figures(http)["xpander_late_results_refused_total"] == 0
    assert lost.finish(task).status_code == 409
    header = {"x-execution-attempt": "1"}
    assert push(http, created, event("chunk", created["id"], "x"), **header).status_code == 409
    assert http.get("/agent-execution/nowhere/status", headers=header).status_code == 404
    now = figures(http)
    assert now["xpander_leases_lost_total"] == 1
    assert now["xpander_late_results_refused_total"] == 2


def test_pruned_events_and_gaps_are_counted(http: httpx.Client) -> None:
    task = create(http)
    push(http, task, *(event("chunk", task["id"], str(n)) for n in range(3)))
    update(http, task, status="completed")
    eventually(lambda: figures(http)["xpander_pruned_events_total"] == 4, "events were forgotten")
    for _ in range(2):
        with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
            assert [frame.event for frame in frames(response)] == ["message", "gap", "message"]
    eventually(lambda: figures(http)["xpander_gap_events_total"] == 2, "both gaps were counted")


async def test_figures_need_a_key_where_others_can_ask_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH", 0.0)
    platform = Platform(SqliteStore(tmp_path / "store.db"), {"k": "acme"})
    await platform.start()
    transport = httpx.ASGITransport(app=platform.app)
    for address, free in (("127.0.0.1", True), ("[::1]", True), ("10.0.0.1", False)):
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{address}") as http:
            assert (await http.get("/metrics")).status_code == (200 if free else 401)
            answer = await http.get("/acme/metrics", headers={"x-api-key": "k"})
            assert answer.status_code == 200
            assert (await http.get("/ready")).status_code == 200
    # What the store alone knows is left out when it is away; the rest is there.
    await platform.store.close()
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        away = parsed((await http.get("/metrics")).text)
    assert "xpander_tasks_waiting" not in away
    assert away["xpander_requests_total GET 2xx"] > 0
    await platform.stop()


PROCESS = """
import json, sys
import httpx
from xpander_client.platform import LocalPlatform

with LocalPlatform() as platform:
    for _ in range(int(sys.argv[1])):
        httpx.get(platform.url + "/health")
    body = {"input": {"text": "x"}, "events_streaming": True}
    key = {"x-api-key": platform.api_key}
    task = httpx.post(platform.url + "/agent-execution/a", json=body, headers=key).json()
    path = f"/agent-execution/{task['id']}/events"
    with httpx.stream("GET", platform.url + path, headers=key) as response:
        stream = response.iter_raw()
        next(stream)
        print("ready", flush=True)
        input()
        print(json.dumps(httpx.get(platform.url + "/metrics").text), flush=True)
        input()
"""


def test_processes_that_share_a_folder_tell_the_sum_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(requests)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for requests in (3, 4)
    ]
    try:
        texts = []
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            texts.append(parsed(json.loads(process.stdout.readline())))
    finally:
        for process in processes:
            process.communicate("\n", timeout=30)
    # The streams' own answers are among the requests, and at the second the first one's figures.
    assert [text["xpander_requests_total GET 2xx"] for text in texts] == [9, 10]
    assert [text["xpander_streams task"] for text in texts] == [2, 2]
    assert texts[1]["xpander_commit_commands_sum"] >= 2
    assert texts[1]["xpander_tasks_waiting"] == 1

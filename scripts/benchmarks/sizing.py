"""The figures about what changes of tasks and long lists cost in bytes."""

from __future__ import annotations

import http.client
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import psutil

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.postgres import postgres
from scripts.benchmarks.processes import HERE, Process, interleaved, process
from scripts.benchmarks.serving import platform

UPDATES, TASKS = 100, 200
LISTED = 100_000
PAUSE = 0.005


def figures(rounds: int) -> Iterator[Figure]:
    """Measure updates and whole tasks on both engines, and the longest list in one answer."""
    with (
        tempfile.TemporaryDirectory() as folder,
        process(HERE / "subjects" / "sizing.py", Path(folder) / "bench.db") as sizing,
    ):
        yield from changes("SQLite", sizing, rounds)
    with (
        postgres() as database,
        process(HERE / "subjects" / "sizing.py", database.address) as sizing,
    ):
        yield from changes("PostgreSQL", sizing, rounds)
    yield from longest_list(rounds)


def changes(engine: str, sizing: Process, rounds: int) -> Iterator[Figure]:
    """Measure an update of a task, and a task from its creation to its result."""
    pair = interleaved(
        rounds,
        partial(sizing.run, "updates of a large one", UPDATES),
        partial(sizing.run, "updates", UPDATES),
    )
    large, small = pair.medians
    told = sizing.run("told of a large one", UPDATES)
    yield Figure(
        title=f"bytes written for a progress on {engine}, of a task with 2 MB of input / 20 bytes",
        value=pair.ratio,
        wanted=2,
        at_most=True,
        detail=f"{large:,.0f} / {small:,.0f} bytes; a follower is sent {told:,.0f}",
    )
    written = [sizing.run("tasks", TASKS) for _ in range(rounds)]
    yield Figure(
        title=f"bytes written on {engine} for a task, from its creation to its result",
        value=sorted(written)[rounds // 2] / 1000,
        unit="kB",
        detail="four transactions and three events, each task by itself",
    )


@attrs.define
class Watched:
    """What happened at the platform meanwhile."""

    memory: float = 0.0
    longest_wait: float = 0.0


def longest_list(rounds: int) -> Iterator[Figure]:
    """All tasks of an agent in one answer, from the platform in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "bench.db")
        with process(HERE / "subjects" / "listing.py", store) as listing:
            listing.run("fill", LISTED)
        with platform(store) as (serving, environment):
            address = urlsplit(environment["XPANDER_BASE_URL"])
            memory = psutil.Process(serving.popen.pid).memory_info
            path = f"/agent-execution/executions/history/agent-of-{LISTED}"
            headers = {"x-api-key": environment["XPANDER_API_KEY"]}
            read(address.netloc, f"{path}?limit=1", headers)
            before = memory().rss
            seen, sizes, taken = [], [], []
            for _ in range(rounds):
                watched, over = Watched(), threading.Event()

                def watch(watched: Watched = watched, over: threading.Event = over) -> None:
                    while not over.wait(PAUSE):
                        started = time.perf_counter()
                        read(address.netloc, "/health", {})
                        waited = time.perf_counter() - started
                        watched.longest_wait = max(watched.longest_wait, waited)
                        watched.memory = max(watched.memory, memory().rss - before)

                watching = threading.Thread(target=watch)
                watching.start()
                started = time.perf_counter()
                sizes.append(read(address.netloc, path, headers))
                taken.append(time.perf_counter() - started)
                over.set()
                watching.join()
                seen.append(watched)
    yield Figure(
        title=f"memory that the platform takes for a list of {LISTED:,} tasks in one answer",
        value=max(each.memory for each in seen) / 1e6,
        unit="MB",
        wanted=64,
        at_most=True,
        detail=f"{sizes[0] / 1e6:.0f} MB in {sorted(taken)[rounds // 2]:.1f} s",
    )
    yield Figure(
        title="the longest that another request waits meanwhile",
        value=1000 * sorted(each.longest_wait for each in seen)[rounds // 2],
        unit="ms",
        wanted=50,
        at_most=True,
    )


def read(netloc: str, path: str, headers: dict[str, str]) -> int:
    """How many bytes an answer has; they are not kept."""
    connection = http.client.HTTPConnection(netloc)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        size = 0
        while part := answer.read(1 << 16):
            size += len(part)
        return size
    finally:
        connection.close()

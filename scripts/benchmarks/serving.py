"""The figures about the embedded platform, with a process of its own for each part."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import HERE, Process, interleaved, process

TASKS = 500


def figures(rounds: int) -> Iterator[Figure]:
    """Durable creations, and whole tasks through platform and worker."""
    with (
        tempfile.TemporaryDirectory() as folder,
        process(HERE / "subjects" / "storing.py", Path(folder) / "bench.db") as storing,
    ):
        yield creations(
            "durable task creations in the platform's store, 32 callers / 1 caller",
            storing,
            rounds,
            wanted=5,
        )
    with platform() as (_, environment), parts(environment, "creators.py") as (creators,):
        yield creations("the same over HTTP", creators, rounds, wanted=5)
    with (
        platform() as (serving, environment),
        parts(environment, "finishing.py", "worker.py") as (finishing, worker),
    ):
        finishing.run("finish32", TASKS)
        watched = {"platform": serving, "worker": worker, "client": finishing}
        before = {name: cpu_seconds(part) for name, part in watched.items()}
        taken = [finishing.run("finish32", TASKS) for _ in range(rounds)]
        cpu = {
            name: 1e6 * (cpu_seconds(part) - before[name]) / (rounds * TASKS)
            for name, part in watched.items()
        }
        yield Figure(
            title="create → worker → result, 32 in flight",
            value=TASKS * rounds / sum(taken),
            unit="tasks/s",
            detail="CPU per task: "
            + ", ".join(f"{name} {microseconds:,.0f} µs" for name, microseconds in cpu.items()),
        )


def creations(title: str, creators: Process, rounds: int, *, wanted: float | None = None) -> Figure:
    """How much more 32 callers get done together than one gets done alone."""
    pair = interleaved(
        rounds,
        lambda: 4000 / creators.run("create32", 4000),
        lambda: 500 / creators.run("create1", 500),
    )
    return Figure.of_rates(title, pair, "tasks/s", wanted=wanted)


@contextmanager
def platform(store: str | None = None) -> Generator[tuple[Process, dict[str, str]]]:
    """Run the platform over a store, or a new one in a file; also yield the environment that
    points to it.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        process(
            HERE / "subjects" / "serving_platform.py", store or Path(folder) / "bench.db"
        ) as serving,
    ):
        yield serving, os.environ | json.loads(serving.read_line())


@contextmanager
def parts(environment: dict[str, str], *names: str) -> Generator[list[Process]]:
    """Run those of `subjects/`, with that environment."""
    if not names:
        yield []
        return
    with (
        process(HERE / "subjects" / names[0], environment=environment) as first,
        parts(environment, *names[1:]) as others,
    ):
        yield [first, *others]


def cpu_seconds(part: Process) -> float:
    """Return the CPU time that a process has used so far."""
    times = psutil.Process(part.popen.pid).cpu_times()
    return float(times.user + times.system)

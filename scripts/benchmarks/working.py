"""The figures about the worker: beside the official one, at the same platform, and by itself."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import psutil

from scripts.benchmarks.clients import rate
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import HERE, Process, interleaved, process
from scripts.benchmarks.serving import parts, platform

# Each contestant gets about as many as it does in two seconds.
TASKS = 500
OFFICIAL_TASKS = 40

FIRST_LINES = 400
OFFICIAL_FIRST_LINES = 50

FEW, MANY = 1_000, 10_000


def figures(official_python: str, rounds: int) -> Iterator[Figure]:
    """Tasks per second, the time until a handler begins, and memory."""
    with platform() as (_, environment):
        with (
            working("ours", "async_worker.py", environment) as (ours, _),
            working("official", "official_worker.py", environment, official_python) as (theirs, _),
        ):
            pair = interleaved(
                rounds,
                rate(ours, "finish32", TASKS),
                rate(theirs, "finish32", OFFICIAL_TASKS),
            )
            yield Figure.of_rates(
                "tasks through one worker, 32 in flight, ours / official worker",
                pair,
                "tasks/s",
                wanted=5,
            )
            yield from first_lines(
                ours.run_each("first_line", FIRST_LINES),
                theirs.run_each("first_line", OFFICIAL_FIRST_LINES),
            )
        with (
            working("memory", "async_worker.py", environment) as (client, worker),
            parts(environment | {"XPANDER_AGENT_ID": "memory"}, "creators.py") as (creators,),
        ):
            client.run("finish32", 1)
            yield Figure(
                title="memory of an idle worker, after its first task",
                value=psutil.Process(worker.popen.pid).memory_info().rss / 1e6,
                unit="MB",
                wanted=34,
                at_most=True,
            )
            yield memory(creators, client, worker)


def first_lines(ours: list[float], theirs: list[float]) -> Iterator[Figure]:
    """Median and 99th percentile; of the official worker's few there is no such percentile."""
    yield Figure(
        title="from create to the handler's first line, median",
        value=1000 * statistics.median(ours),
        unit="ms",
        detail=f"official {1000 * statistics.median(theirs):.1f} ms",
    )
    yield Figure(
        title="the same, 99th percentile",
        value=1000 * statistics.quantiles(ours, n=100)[98],
        unit="ms",
        detail=f"of {len(ours)} tasks",
    )


def memory(creators: Process, client: Process, worker: Process) -> Figure:
    """Compare what the worker has in memory after many tasks with what it has after few."""

    def resident_after(count: int) -> float:
        creators.run("create32", count - 1)
        # The oldest task is run first: when this one is over, so are those before it.
        client.run("finish32", 1)
        return float(psutil.Process(worker.popen.pid).memory_info().rss)

    few = resident_after(FEW)
    many = resident_after(MANY - FEW)
    return Figure(
        title=f"worker's memory after {MANY:,} tasks / after {FEW:,}",
        value=many / few,
        wanted=1.1,
        at_most=True,
        detail=f"{many / 1e6:.1f} / {few / 1e6:.1f} MB",
    )


@contextmanager
def working(
    agent_id: str, worker: str, environment: dict[str, str], python: str = sys.executable
) -> Generator[tuple[Process, Process]]:
    """Run a worker of `subjects/` for an agent of its own; yield a client of that agent, too."""
    environment = environment | {"XPANDER_AGENT_ID": agent_id, "XPANDER_STREAMING_PORT": "0"}
    subjects = HERE / "subjects"
    with (
        process(subjects / "finishing.py", environment=environment) as client,
        process(
            subjects / worker, python=python, environment=without_switches(environment)
        ) as running,
    ):
        yield client, running


def without_switches(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment without what would make the official worker do more than work."""
    return {
        name: value for name, value in environment.items() if not name.startswith(("GIT_", "IS_"))
    }

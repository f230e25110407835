"""The figures about giving out tasks to many workers."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.postgres import postgres
from scripts.benchmarks.processes import Process, cpu_seconds, interleaved
from scripts.benchmarks.serving import parts, platform

MANY = 1_000
TASKS = 100

LISTENING = 5_000
SECONDS = 5


def figures(rounds: int) -> Iterator[Figure]:
    """Measure what a task costs the platform while many workers are idle, on both engines."""
    yield from idle_workers("SQLite", None, rounds)
    yield listening(rounds)
    with postgres() as database:
        yield from idle_workers("PostgreSQL", database.address, rounds)


def listening(rounds: int) -> Figure:
    """Measure a platform that many workers listen at, and that has nothing to do."""
    with (
        platform() as (serving, environment),
        parts(environment | {"XPANDER_CROWD": f"{LISTENING}"}, "crowd.py") as (crowd,),
    ):
        crowd.run("idle", 1)
        shares: list[float] = []
        for _ in range(min(rounds, 3)):
            before = cpu_seconds(serving.popen.pid)
            seconds = crowd.run("idle", SECONDS)
            shares.append(100 * (cpu_seconds(serving.popen.pid) - before) / seconds)
        crowd.run("leave", 1)
    return Figure(
        title=f"CPU of an idle platform with {LISTENING:,} streams of workers of one agent",
        value=median(shares),
        unit="% of a core",
        wanted=3,
        at_most=True,
    )


def idle_workers(engine: str, store: str | None, rounds: int) -> Iterator[Figure]:
    """Compare the CPU time of a platform that many workers listen at with that of one worker's."""
    with (
        platform(store) as (crowded, one),
        platform(store) as (quiet, other),
        parts(one | {"XPANDER_CROWD": f"{MANY}"}, "crowd.py") as (crowd,),
        parts(
            other | {"XPANDER_CROWD": "1", "XPANDER_AGENT_ID": "quiet"},
            "crowd.py",
        ) as (single,),
    ):
        offered: dict[int, list[float]] = {}

        def cost(serving: Process, workers: Process, count: int) -> float:
            before = cpu_seconds(serving.popen.pid)
            seconds = workers.run_each("work", TASKS)
            offered.setdefault(count, []).append(1000 * median(seconds))
            return 1e6 * (cpu_seconds(serving.popen.pid) - before) / TASKS

        pair = interleaved(
            rounds, lambda: cost(crowded, crowd, MANY), lambda: cost(quiet, single, 1)
        )
        for workers in (crowd, single):
            workers.run("leave", 1)
    yield Figure.of_costs(
        f"CPU per task on {engine}, {MANY:,} idle workers of 64 slots / one",
        pair,
        wanted=2,
        at_most=True,
    )
    yield Figure(
        title=f"from create to offer on {engine}, {MANY:,} idle workers of 64 slots, median",
        value=median(offered[MANY]),
        unit="ms",
        wanted=5,
        at_most=True,
        detail=f"with one {median(offered[1]):.1f} ms",
    )

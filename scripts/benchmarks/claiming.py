"""The figures about giving out tasks to many workers."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.postgres import postgres
from scripts.benchmarks.processes import Process, interleaved
from scripts.benchmarks.serving import cpu_seconds, parts, platform

MANY = 1_000
TASKS = 200


def figures(rounds: int) -> Iterator[Figure]:
    """Measure what a task costs the platform while many workers are idle, on both engines."""
    yield idle_workers("SQLite", None, rounds)
    with postgres() as database:
        yield idle_workers("PostgreSQL", database.address, rounds)


def idle_workers(engine: str, store: str | None, rounds: int) -> Figure:
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

        def cost(serving: Process, workers: Process) -> float:
            before = cpu_seconds(serving)
            workers.run("work", TASKS)
            return 1e6 * (cpu_seconds(serving) - before) / TASKS

        pair = interleaved(rounds, lambda: cost(crowded, crowd), lambda: cost(quiet, single))
        for workers in (crowd, single):
            workers.run("leave", 1)
    many, few = pair.medians
    return Figure(
        title=f"CPU per task on {engine}, {MANY:,} idle workers of 64 slots / one",
        value=pair.ratio,
        wanted=2,
        at_most=True,
        detail=f"{many:,.0f} / {few:,.0f} µs, created, offered, begun and ended",
    )

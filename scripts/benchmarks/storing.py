"""The figures about the store on PostgreSQL, and about lists in both engines."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.benchmarks.clients import rate
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.postgres import Postgres, postgres
from scripts.benchmarks.processes import HERE, Process, cpu_seconds, interleaved, process
from scripts.benchmarks.serving import parts, platform

CREATIONS = 2_000

FEW, MANY = 1_000, 1_000_000

LISTS = (
    "none",
    "status",
    "user",
    "user, in the middle",
    "status of few",
    "status and user",
    "status and user of none",
    "parent",
)


def figures(rounds: int) -> Iterator[Figure]:
    """Measure writes on PostgreSQL, by one server process and by two, and pages of long lists."""
    with postgres() as database:
        yield from together(database, rounds)
        yield two_servers(database, rounds)
    with tempfile.TemporaryDirectory() as folder:
        yield lists("SQLite", str(Path(folder) / "bench.db"), rounds)
    with postgres() as database:
        yield lists("PostgreSQL", database.address, rounds)


def together(database: Postgres, rounds: int) -> Iterator[Figure]:
    """Many operations to a commit, and one."""
    subject = HERE / "subjects" / "storing.py"
    with (
        process(subject, database.address) as ours,
        process(subject, database.address, "1") as single,
    ):
        for title, run in (
            ("task creations", "create32"),
            ("event appends", "append32"),
        ):
            pair = interleaved(rounds, rate(ours, run, 8_000), rate(single, run, 1_000))
            yield Figure.of_rates(
                f"durable {title} on PostgreSQL, 32 callers, ours / one commit for each",
                pair,
                title.replace("task ", "").replace("event ", "") + "/s",
                wanted=4,
            )


def two_servers(database: Postgres, rounds: int) -> Figure:
    """Compare the same callers at two server processes and at one; and what a task costs there."""
    with platform(database.address) as (first, one), platform(database.address) as (second, other):
        both = {"XPANDER_BASE_URL": f"{one['XPANDER_BASE_URL']} {other['XPANDER_BASE_URL']}"}
        with parts(one, "creators.py") as (alone,), parts(one | both, "creators.py") as (shared,):

            def used() -> float:
                servers = cpu_seconds(first.popen.pid) + cpu_seconds(second.popen.pid)
                return database.cpu_seconds() + servers

            def run(creators: Process, costs: list[float]) -> float:
                before = used()
                taken = creators.run("create32", CREATIONS)
                costs.append(1e6 * (used() - before) / CREATIONS)
                return CREATIONS / taken

            costs_of_two: list[float] = []
            costs_of_one: list[float] = []
            pair = interleaved(
                rounds, lambda: run(shared, costs_of_two), lambda: run(alone, costs_of_one)
            )
    two_rate, one_rate = pair.medians
    cost = f"{statistics.median(costs_of_two):.0f} / {statistics.median(costs_of_one):.0f} µs"
    return Figure(
        title="the same creations over HTTP, two server processes / one",
        value=pair.ratio,
        detail=f"{two_rate:,.0f} / {one_rate:,.0f} tasks/s; CPU per task with PostgreSQL's: {cost}",
    )


def lists(engine: str, address: str, rounds: int) -> Figure:
    """Measure the worst of the filters."""
    with process(HERE / "subjects" / "listing.py", address) as listing:
        for count in (FEW, MANY):
            listing.run("fill", count)
        pairs = {
            name: interleaved(
                rounds, partial(listing.run, name, MANY), partial(listing.run, name, FEW)
            )
            for name in LISTS
        }
    worst = max(pairs, key=lambda name: pairs[name].ratio)
    many, few = (1000 * median for median in pairs[worst].medians)
    return Figure(
        title=f"page of a list on {engine}, agent of {MANY:,} tasks / of {FEW:,}, worst filter",
        value=pairs[worst].ratio,
        wanted=3,
        at_most=True,
        detail=f"{worst}: {many:.2f} / {few:.2f} ms",
    )

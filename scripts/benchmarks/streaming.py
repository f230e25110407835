"""The figures about events on their way to those who follow them."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from scripts.benchmarks.clients import rate
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.postgres import postgres
from scripts.benchmarks.processes import HERE, Process, interleaved, process
from scripts.benchmarks.serving import parts, platform

EVENTS = 10_000
"""In a task that is replayed."""

CALM, BUSY = 200, 5_000
"""Events of a round: two seconds of a hundred a second, half a second of ten thousand."""

TAILED = 10_000


def figures(rounds: int) -> Iterator[Figure]:
    """Replay, one process to another, and one task to a hundred followers."""
    with postgres() as database:
        with platform(database.address) as (_, environment):
            yield from replays("PostgreSQL", environment, rounds)
        with (
            platform(database.address) as (_, writing),
            platform(database.address) as (_, following),
            process(
                HERE / "subjects" / "tailing.py",
                writing["XPANDER_BASE_URL"],
                environment=following,
            ) as tailing,
        ):
            yield from across(tailing, rounds)
    with platform() as (_, environment):
        yield from replays("SQLite", environment, rounds)
        with parts(environment, "following.py") as (ours,), sse_starlette() as theirs:
            yield late(
                "100 followers of a task with 10,000 events/s, p99 of push to arrival, "
                "ours / sse-starlette",
                (ours, theirs),
                ("busy", BUSY),
                min(rounds, 3),
                wanted=0.2,
            )
            yield late(
                "the same with 100 events/s",
                (ours, theirs),
                ("calm", CALM),
                min(rounds, 5),
            )


def replays(store: str, environment: dict[str, str], rounds: int) -> Iterator[Figure]:
    """Measure a finished task from its first event to its last."""
    with parts(environment, "replaying.py") as (replaying,):
        for world, run in (("async", "areplay"), ("sync", "replay")):
            read = rate(replaying, run, EVENTS)
            read()
            rates = [read() for _ in range(rounds)]
            yield Figure(
                title=f"replay of a task with {EVENTS:,} events on {store}, {world}",
                value=statistics.median(rates),
                unit="events/s",
                wanted=50_000,
                detail=f"{min(rates):,.0f} to {max(rates):,.0f}",
            )


def across(tailing: Process, rounds: int) -> Iterator[Figure]:
    """From a push at one server to a client of another."""
    tailing.run_each("tail", TAILED)
    measured = [tailing.run_each("tail", TAILED) for _ in range(rounds)]
    medians, nineties, gaps = zip(*measured, strict=True)
    yield Figure(
        title="2,000 events/s from one server to a client of another, p99 of push to arrival",
        value=1000 * statistics.median(nineties),
        unit="ms",
        wanted=50,
        at_most=True,
        detail=f"median {1000 * statistics.median(medians):.1f} ms, "
        f"worst round's p99 {1000 * max(nineties):.1f} ms",
    )
    yield Figure(
        title="gaps in those streams",
        value=sum(gaps),
        wanted=0,
        at_most=True,
        detail=f"of {rounds * TAILED:,} events",
    )


def late(
    title: str,
    contestants: tuple[Process, Process],
    run: tuple[str, int],
    rounds: int,
    *,
    wanted: float | None = None,
) -> Figure:
    """Compare two 99th percentiles."""

    def nineties(contestant: Process) -> float:
        _, ninety_nine, gaps = contestant.run_each(*run)
        assert not gaps
        return ninety_nine

    ours, theirs = contestants
    pair = interleaved(rounds, lambda: nineties(ours), lambda: nineties(theirs))
    return Figure(
        title=title,
        value=pair.ratio,
        wanted=wanted,
        at_most=True,
        detail="{:,.1f} / {:,.1f} ms".format(*(1000 * median for median in pair.medians)),
    )


@contextmanager
def sse_starlette() -> Generator[Process]:
    """Run sse-starlette's server; yield its followers."""
    with process(HERE / "subjects" / "sse_starlette_server.py") as server:
        environment = os.environ | json.loads(server.read_line())
        environment.pop("XPANDER_AGENT_ID", None)
        with parts(environment, "following.py") as (followers,):
            yield followers

"""The figures about the client, against the local server."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import Process, interleaved, server, subject
from scripts.benchmarks.server import EVENTS, SLOW_SECONDS

WIRES = ("httpx", "direct")
"""The values of XPANDER_HTTP; the first is what a client takes by default."""

CALLS = (
    # title, run, calls of a round, times as cheap as bare httpx that direct shall be
    ("sync get", "get", 240, 3.0),
    ("sync get, 8 threads", "get8", 400, 3.5),
    ("async get, one at a time", "aget1", 240, 4.0),
    ("async get, 32 in flight", "aget32", 320, 10.0),
    ("async get, 100 in flight", "aget100", 300, 12.0),
    ("async create, 32 in flight", "acreate32", 320, 10.0),
)


def figures(official_python: str, rounds: int) -> Iterator[Figure]:
    """Ours against bare libraries and against the official client, one figure after the other."""
    with ExitStack() as started:
        address = started.enter_context(server())
        wires = {
            wire: started.enter_context(subject("ours", address, XPANDER_HTTP=wire))
            for wire in WIRES
        }
        bare = started.enter_context(subject("bare", address))
        yield from calls(wires, bare, rounds)
        yield from events(wires, bare, rounds)
        yield from broken_creates(wires)
        if official_python:
            official = started.enter_context(subject("official", address, official_python))
            yield from beside_official(wires[WIRES[0]], official, rounds)


def calls(wires: dict[str, Process], bare: Process, rounds: int) -> Iterator[Figure]:
    """Compare the CPU time of typed calls with that of the same requests without this package."""
    for wire, ours in wires.items():
        for title, run, count, wanted in CALLS:
            pair = interleaved(rounds, cost(bare, run, count), cost(ours, run, count))
            yield Figure.of_costs(
                f"{title}, CPU of bare httpx / of ours over {wire}",
                pair,
                wanted=wanted if wire == "direct" else 0.9,
            )
    for title, run, wanted in (
        ("async get, one at a time", "aget1", 1.1),
        ("async get, 32 in flight", "aget32", 1.2),
        ("async get, 100 in flight", "aget100", 1.2),
    ):
        pair = interleaved(
            rounds, cost(bare, f"aiohttp_{run}", 800), cost(wires[WIRES[-1]], run, 800)
        )
        yield Figure.of_costs(
            f"{title}, CPU of bare aiohttp / of ours over {WIRES[-1]}", pair, wanted=wanted
        )


def events(wires: dict[str, Process], bare: Process, rounds: int) -> Iterator[Figure]:
    """Compare what an event costs from the socket to its object with the JSON of its line."""
    for wire, ours in wires.items():
        for world, run in (("sync", "replay"), ("async", "areplay")):
            pair = interleaved(rounds, cost(bare, "loads", 10 * EVENTS), cost(ours, run, EVENTS))
            yield Figure.of_costs(
                f"an event of 200 bytes, CPU of orjson.loads / of ours over {wire}, {world}",
                pair,
                wanted=0.3,
            )


def broken_creates(wires: dict[str, Process]) -> Iterator[Figure]:
    """Count how often a create is sent to a server that reads it and closes the connection."""
    for wire, ours in wires.items():
        sent = {run: ours.run(f"{run}_broken", 1) for run in ("create", "acreate", "given")}
        yield Figure(
            title=f"creates sent to a server that breaks off, {wire}",
            value=max(sent.values()),
            wanted=1,
            at_most=True,
            detail="sync {create:.0f}, async {acreate:.0f}, with a given client of httpx2 "
            "{given:.0f}".format(**sent),
        )


def beside_official(ours: Process, official: Process, rounds: int) -> Iterator[Figure]:
    """Compare the client as it is by default with the official one."""
    for title, run in (("sync get", "get"), ("async get", "aget1")):
        pair = interleaved(rounds, rate(ours, run, 500), rate(official, run, 20))
        yield Figure.of_rates(f"{title}, ours / official client", pair, "calls/s", wanted=20)

    pair = interleaved(rounds, rate(ours, "areplay", EVENTS), rate(official, "areplay", EVENTS))
    yield Figure.of_rates(
        f"events decoded, {EVENTS:,} of 200 bytes from one socket, ours / official client",
        pair,
        "events/s",
        wanted=2,
    )
    pair = interleaved(rounds, rate(ours, "atokens", EVENTS), rate(official, "atokens", EVENTS))
    yield Figure.of_rates(
        "the same, with an HTTP chunk of its own for each event", pair, "events/s"
    )
    pair = interleaved(rounds, rate(ours, "replay", EVENTS), rate(official, "replay", EVENTS))
    yield Figure.of_rates("the same as the first, in sync code", pair, "events/s")

    first = [ours.run("first_event", 1) for _ in range(rounds)]
    official_first = official.run("first_event", 1)
    yield Figure(
        title=f"first event in sync code, of a stream that lasts {SLOW_SECONDS:.0f} s",
        value=statistics.median(first),
        unit="s",
        wanted=0.1,
        at_most=True,
        detail=f"official {official_first:.2f} s",
    )


def rate(process: Process, run: str, count: int) -> Callable[[], float]:
    """How many per second `process` does."""
    return lambda: count / process.run(run, count)


def cost(process: Process, run: str, count: int) -> Callable[[], float]:
    """How many microseconds of CPU `process` takes for one."""
    return lambda: process.cost(run, count)

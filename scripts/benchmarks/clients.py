"""The figures about the client, against the local server."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import Process, interleaved, server, subject
from scripts.benchmarks.server import EVENTS, SLOW_SECONDS


def figures(official_python: str, rounds: int) -> Iterator[Figure]:
    """Ours against bare httpx and against the official client, one figure after the other."""
    with (
        server() as address,
        subject("ours", address) as ours,
        subject("bare", address) as bare,
        subject("official", address, official_python) as official,
    ):
        for title, run in (
            ("sync get, ours / bare httpx", "get"),
            ("async get, one at a time, ours / bare httpx", "aget"),
            ("async get, 100 in flight, ours / bare httpx", "aget100"),
        ):
            count = 500
            pair = interleaved(3 * rounds, rate(ours, run, count), rate(bare, run, count))
            yield Figure.of_rates(title, pair, "calls/s", wanted=0.85)

        for title, run in (
            ("sync get, ours / official client", "get"),
            ("async get, ours / official client", "aget"),
        ):
            pair = interleaved(rounds, rate(ours, run, 500), rate(official, run, 20))
            yield Figure.of_rates(title, pair, "calls/s", wanted=20)

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

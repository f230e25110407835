"""The figures about the execution loop, against the requests that the 1.x client made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import interleaved
from scripts.benchmarks.serving import parts, platform

TURNS = 20


def figures(rounds: int) -> Iterator[Figure]:
    """Measure requests and time of a turn, in short threads and in long ones."""
    with platform() as (_, environment), parts(environment, "looping.py") as (loops,):
        [ours] = loops.run_each("requests", TURNS)
        [before] = loops.run_each("requests_before", TURNS)
        yield Figure(
            title="requests in a turn with one tool, ours / 1.x client",
            value=ours / before,
            wanted=0.5,
            at_most=True,
            detail=f"{ours:.2f} / {before:.2f}",
        )

        def per_turn(run: str) -> float:
            return loops.run(run, TURNS) / TURNS

        for title, name in (("20 messages", "short"), ("2,000 messages", "long")):
            pair = interleaved(rounds, partial(per_turn, name), partial(per_turn, f"{name}_before"))
            mine, theirs = (1000 * median for median in pair.medians)
            yield Figure(
                title=f"time of a turn without the model, {title} or more, ours / 1.x requests",
                value=pair.ratio,
                detail=f"{mine:.1f} / {theirs:.1f} ms",
            )
        pair = interleaved(rounds, lambda: per_turn("long"), lambda: per_turn("short"))
        longer, shorter = (1000 * median for median in pair.medians)
        yield Figure(
            title="time of a turn, 2,000 messages / 20 messages",
            value=pair.ratio,
            detail=f"{longer:.1f} / {shorter:.1f} ms",
        )

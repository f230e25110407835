"""The figures about whole tasks: what one costs platform, worker and client together."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from statistics import median

import attrs

from scripts.benchmarks.figures import Figure, in_short
from scripts.benchmarks.processes import HERE, Process, cpu_seconds, interleaved, process
from scripts.benchmarks.serving import parts, platform

TASKS = 200
COUNTED = 64
FOLLOWED = 1_000

CLIENTS = (
    # the client's wire, milliseconds for a task, share of what it took before
    ("direct", 2.0, 0.2),
    ("httpx", None, 0.35),
)


@attrs.frozen
class Installation:
    """A platform, a worker with the settings that it has by default, and a client."""

    parts: dict[str, Process]
    spent: dict[str, list[float]] = attrs.field(factory=dict)
    """Of each part, round by round: microseconds of CPU for a task."""
    taken: list[float] = attrs.field(factory=list)
    """Seconds of each round."""

    def cost(self, run: str) -> float:
        """Return the milliseconds of CPU that all of them take for a task."""
        before = {name: cpu_seconds(part.popen.pid) for name, part in self.parts.items()}
        self.taken.append(self.parts["client"].run(run, TASKS))
        total = 0.0
        for name, part in self.parts.items():
            spent = 1e6 * (cpu_seconds(part.popen.pid) - before[name]) / TASKS
            self.spent.setdefault(name, []).append(spent)
            total += spent
        return total / 1000

    def summary(self) -> str:
        """Tell what each part took, and how many tasks there were in a second."""
        spent = ", ".join(f"{name} {median(each):,.0f}" for name, each in self.spent.items())
        return f"{spent} µs; {in_short(TASKS / median(self.taken))} tasks/s"


def figures(rounds: int, before: str | None) -> Iterator[Figure]:
    """CPU, requests, and many that are followed; beside those of the checkout `before`."""
    for wire, wanted, share in CLIENTS:
        yield from costs(wire, wanted, share, rounds, before)
    yield requests()
    for wire, _, _ in CLIENTS:
        yield followed(wire)


def costs(
    wire: str, wanted: float | None, share: float, rounds: int, before: str | None
) -> Iterator[Figure]:
    """Compare what a task costs now with what it cost before, if that is given."""
    title = f"create → worker → result on SQLite, 32 in flight, CPU per task, client over {wire}"
    with (
        installation(wire) as ours,
        installation("httpx", before) if before else nullcontext() as theirs,
    ):
        pair = interleaved(
            rounds,
            lambda: ours.cost("run32"),
            lambda: theirs.cost("finish32") if theirs else 1.0,
        )
    yield Figure(
        title=title,
        value=pair.medians[0],
        unit="ms",
        wanted=wanted,
        at_most=True,
        detail=ours.summary(),
    )
    if theirs and before:
        yield Figure(
            title=f"the same / at commit {commit(before)}, over httpx",
            value=pair.ratio,
            wanted=share,
            at_most=True,
            detail=f"{in_short(pair.medians[1])} ms there: {theirs.summary()}",
        )


def commit(checkout: str) -> str:
    """Return the short name of what is checked out there."""
    command = ["git", "-C", checkout, "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def requests() -> Figure:
    """Count requests about tasks, those of the worker and of the client."""
    with (
        platform() as (_, environment),
        process(HERE / "subjects" / "counting_proxy.py", environment["XPANDER_BASE_URL"]) as proxy,
    ):
        proxied = environment | {"XPANDER_BASE_URL": f"http://127.0.0.1:{proxy.read_line()}"}
        with parts(proxied | {"XPANDER_STREAMING_PORT": "0"}, "finishing.py", "worker.py") as (
            client,
            _,
        ):
            client.run("run32", COUNTED)
            before = proxy.run("requests", 1)
            client.run("run32", COUNTED)
            made = proxy.run("requests", 1) - before
    return Figure(
        title="requests per task, from create to result",
        value=made / COUNTED,
        wanted=2,
        at_most=True,
        detail=f"of {COUNTED} tasks, 32 in flight",
    )


def followed(wire: str) -> Figure:
    """Measure calls of a client that follows many tasks."""
    with (
        platform() as (_, environment),
        parts(environment | {"XPANDER_HTTP": wire}, "many_followed.py") as (client,),
    ):
        waited = client.run_each("call", FOLLOWED)
    return Figure(
        title=f"a call beside {FOLLOWED:,} tasks that the same client follows, {wire}",
        value=median(waited),
        unit="s",
        wanted=0.1,
        at_most=True,
        detail=f"of {len(waited)} calls, the longest {max(waited):.2f} s",
    )


@contextmanager
def installation(wire: str, checkout: str | None = None) -> Generator[Installation]:
    """Run all three of one checkout, this one if none is given."""
    # The worker gets no XPANDER_HTTP: it takes what it takes by default.
    with (
        platform(checkout=checkout) as (serving, environment),
        parts(environment | {"XPANDER_STREAMING_PORT": "0"}, "worker.py") as (worker,),
        parts(environment | {"XPANDER_HTTP": wire}, "finishing.py") as (client,),
    ):
        yield Installation({"platform": serving, "worker": worker, "client": client})

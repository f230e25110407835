"""The figures about the embedded platform, with a process of its own for each part."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from scripts.benchmarks.clients import rate
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.processes import HERE, Process, cpu_seconds, interleaved, process

REQUESTS = 1_000


def figures(rounds: int) -> Iterator[Figure]:
    """Durable creations, and the routes that are used most, called over plain sockets."""
    with (
        tempfile.TemporaryDirectory() as folder,
        process(HERE / "subjects" / "storing.py", Path(folder) / "bench.db") as storing,
    ):
        yield creations(
            "durable task creations in the platform's store, 32 callers / 1 caller",
            storing,
            rounds,
            wanted=5,
        )
    with platform() as (_, environment), parts(environment, "creators.py") as (creators,):
        yield creations("the same over HTTP", creators, rounds, wanted=5)
    yield from routes(rounds)


def routes(rounds: int) -> Iterator[Figure]:
    """Compare what requests cost the platform with what the server that it runs in costs alone."""
    with (
        platform() as (serving, environment),
        parts(environment, "creators.py") as (callers,),
        process(HERE / "subjects" / "uvicorn_constant.py") as uvicorn,
        parts(os.environ | json.loads(uvicorn.read_line()), "creators.py") as (others,),
    ):

        def spent(server: Process, callers: Process, run: str) -> float:
            before = cpu_seconds(server.popen.pid)
            callers.run(run, REQUESTS)
            return 1e6 * (cpu_seconds(server.popen.pid) - before) / REQUESTS

        for title, run, wanted in (
            ("a task's status", "status32", 2.0),
            ("a durable create", "create32", 3.5),
        ):
            pair = interleaved(
                rounds,
                partial(spent, serving, callers, run),
                partial(spent, uvicorn, others, run),
            )
            yield Figure.of_costs(
                f"{title} over HTTP, 32 sockets, CPU of the platform / of a constant by uvicorn",
                pair,
                wanted=wanted,
                at_most=True,
            )
        pair = interleaved(
            rounds, rate(callers, "status32", REQUESTS), rate(others, "status32", REQUESTS)
        )
        yield Figure.of_rates(
            "a task's status over HTTP, 32 sockets, the platform / a constant by uvicorn",
            pair,
            "requests/s",
            wanted=0.55,
        )


def creations(title: str, creators: Process, rounds: int, *, wanted: float | None = None) -> Figure:
    """How much more 32 callers get done together than one gets done alone."""
    pair = interleaved(
        rounds,
        lambda: 4000 / creators.run("create32", 4000),
        lambda: 500 / creators.run("create1", 500),
    )
    return Figure.of_rates(title, pair, "tasks/s", wanted=wanted)


@contextmanager
def platform(
    store: str | None = None, checkout: str | None = None
) -> Generator[tuple[Process, dict[str, str]]]:
    """Run the platform over a store, or a new one in a file; also yield the environment that
    points to it. All that runs in that environment imports the package from `checkout`, if given.
    """
    environment = os.environ | ({"PYTHONPATH": checkout} if checkout else {})
    with (
        tempfile.TemporaryDirectory() as folder,
        process(
            HERE / "subjects" / "serving_platform.py",
            store or Path(folder) / "bench.db",
            environment=environment,
        ) as serving,
    ):
        yield serving, environment | json.loads(serving.read_line())


@contextmanager
def parts(environment: dict[str, str], *names: str) -> Generator[list[Process]]:
    """Run those of `subjects/`, with that environment."""
    if not names:
        yield []
        return
    with (
        process(HERE / "subjects" / names[0], environment=environment) as first,
        parts(environment, *names[1:]) as others,
    ):
        yield [first, *others]

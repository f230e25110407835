"""The figures about whole tasks on PostgreSQL, beside a queue on the same database."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.benchmarks.clients import rate
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.postgres import postgres
from scripts.benchmarks.processes import HERE, interleaved, process
from scripts.benchmarks.serving import parts, platform
from scripts.benchmarks.working import working

TASKS = 500


def figures(rounds: int) -> Iterator[Figure]:
    """Ours and Procrastinate on one database, each with one worker process."""
    subjects = HERE / "subjects"
    with (
        postgres() as database,
        platform(database.address) as (_, environment),
        working("ours", "wide_worker.py", environment) as (client, _),
        parts(environment | {"XPANDER_AGENT_ID": "ours"}, "creators.py") as (callers,),
        process(subjects / "procrastinate_client.py", database.address) as theirs,
    ):
        theirs.run("prepare", 1)
        with process(subjects / "procrastinate_worker.py", database.address):
            for title, ours, wanted in (
                (
                    "create → worker → result on PostgreSQL, 32 in flight, ours / Procrastinate",
                    callers,
                    1.0,
                ),
                ("the same with our client", client, None),
            ):
                pair = interleaved(
                    rounds, rate(ours, "finish32", TASKS), rate(theirs, "finish32", TASKS)
                )
                yield Figure.of_rates(title, pair, "tasks/s", wanted=wanted)

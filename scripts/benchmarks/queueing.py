"""The figures about whole tasks on PostgreSQL, beside queues on the same database."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager

import attrs

from scripts.benchmarks.figures import Figure
from scripts.benchmarks.postgres import Postgres, postgres
from scripts.benchmarks.processes import HERE, Pair, Process, cpu_seconds, process
from scripts.benchmarks.serving import parts, platform

TASKS = 300

QUEUES = (
    # its name, its files, tasks/s of ours / of its, its CPU / ours
    ("Procrastinate", "procrastinate", 2.0, 2.0),
    ("PgQueuer", "pgqueuer", 0.8, None),
)


@attrs.frozen
class Contestant:
    """A client, and all that has part in what it asks for but PostgreSQL."""

    client: Process
    others: list[Process]
    run: str = "finish32"
    rates: list[float] = attrs.field(factory=list)
    costs: list[float] = attrs.field(factory=list)

    def measure(self, database: Postgres) -> None:
        """Run some tasks; note how many there were in a second, and the CPU time of each."""
        before = self._used(database)
        seconds = self.client.run(self.run, TASKS)
        self.rates.append(TASKS / seconds)
        self.costs.append(1e6 * (self._used(database) - before) / TASKS)

    def _used(self, database: Postgres) -> float:
        own = sum(cpu_seconds(each.popen.pid) for each in (self.client, *self.others))
        return own + database.cpu_seconds()


def figures(rounds: int) -> Iterator[Figure]:
    """Ours with each client and the queues on one database, each with one worker process."""
    with ExitStack() as started:
        database = started.enter_context(postgres())
        ours = started.enter_context(installed(database))
        queues = [(queue, started.enter_context(queue_of(queue[1], database))) for queue in QUEUES]
        contestants = [*ours.values(), *(theirs for _, theirs in queues)]
        for number in range(rounds + 1):
            for contestant in contestants[:: -1 if number % 2 else 1]:
                contestant.measure(database)
        for contestant in contestants:
            del contestant.rates[0], contestant.costs[0]
    for wire, contestant in ours.items():
        for (name, _, wanted, cheaper), theirs in queues:
            yield Figure.of_rates(
                f"create → worker → result on PostgreSQL, 32 in flight, ours / {name}, "
                f"client over {wire}",
                Pair(contestant.rates, theirs.rates),
                "tasks/s",
                wanted=wanted,
            )
            yield Figure.of_costs(
                f"the same, CPU of all processes, {name} / ours",
                Pair(theirs.costs, contestant.costs),
                wanted=cheaper,
            )


@contextmanager
def installed(database: Postgres) -> Generator[dict[str, Contestant]]:
    """Run our platform, a worker for 32 tasks at once, and a client of each wire."""
    with (
        platform(database.address) as (serving, environment),
        parts(environment, "wide_worker.py") as (worker,),
        parts(environment | {"XPANDER_HTTP": "httpx"}, "finishing.py") as (default,),
        parts(environment | {"XPANDER_HTTP": "direct"}, "finishing.py") as (direct,),
    ):
        yield {
            "httpx": Contestant(default, [serving, worker], "run32"),
            "direct": Contestant(direct, [serving, worker], "run32"),
        }


@contextmanager
def queue_of(name: str, database: Postgres) -> Generator[Contestant]:
    """Run the worker and the client of a queue."""
    with process(HERE / "subjects" / f"{name}_client.py", database.address) as client:
        client.run("prepare", 1)
        with process(HERE / "subjects" / f"{name}_worker.py", database.address) as worker:
            yield Contestant(client, [worker])

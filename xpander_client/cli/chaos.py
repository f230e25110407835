"""`xpander-client chaos`: is anything lost on one's own store, whatever goes wrong?"""

from __future__ import annotations

import asyncio
import secrets
import shlex
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import complain, note
from xpander_client.cli.stores import StoreAddress, require_address
from xpander_client.cli.tables import print_pairs, print_table, tell
from xpander_client.extras import missing

if TYPE_CHECKING:
    from xpander_client.chaos.run import RunReport


app = typer.Typer(add_completion=False, rich_markup_mode=None)

_EXAMPLES = 3


@app.command()
def chaos(
    store: StoreAddress = None,
    seconds: Annotated[float, typer.Option(min=1.0, help="For how long things go wrong.")] = 60.0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Makes the plan of what goes wrong. [default: any]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Let servers, workers and networks fail under load, and see whether anything is lost.

    It works beside the store, in a file next to the store's file or in a schema of its own in the
    database, which is gone at the end. What the store keeps is not touched.
    """
    try:
        from xpander_client.chaos.run import run
    except ModuleNotFoundError as error:
        raise missing(error, "platform", "the platform") from None
    address = require_address(store)
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    report = asyncio.run(run(address, seconds=seconds, seed=seed, tell=note))
    if as_json:
        _print(report)
    else:
        _show(report)
    if not report.holds:
        again = f"--store {shlex.quote(report.store)} --seconds {seconds:g} --seed {seed}"
        complain(f"it does not hold; the same plan again: xpander-client chaos {again}")
        raise typer.Exit(1)


def _print(report: RunReport) -> None:
    print_json(
        {
            "store": report.store,
            "seed": report.seed,
            "seconds": round(report.seconds, 1),
            "faults": dict(report.faults),
            "acknowledged": dict(report.acknowledged),
            "tasks": dict(report.tasks),
            "lost_workers": report.lost_workers,
            "events": report.events,
            "failed_calls": report.failed_calls,
            "violations": [attrs.asdict(each) for each in report.violations],
            "kept": list(report.kept),
            "holds": report.holds,
        }
    )


def _show(report: RunReport) -> None:
    rows = [
        *(("went wrong", what, count) for what, count in sorted(report.faults.items())),
        *(("acknowledged", what, count) for what, count in report.acknowledged.items()),
        *(("tasks", status, count) for status, count in sorted(report.tasks.items())),
        ("workers", "lost with a task", report.lost_workers),
        ("events", "stored", report.events),
        ("calls", "failed", report.failed_calls),
        ("violations", "", len(report.violations)),
    ]
    print_table(("", "", "COUNT"), rows)
    print_pairs({"store": report.store, "seed": str(report.seed), "kept": "\n".join(report.kept)})
    for invariant in sorted({each.invariant for each in report.violations}):
        broken = [each for each in report.violations if each.invariant == invariant]
        for violation in broken[:_EXAMPLES]:
            complain(str(violation))
        if len(broken) > _EXAMPLES:
            complain(f"{invariant} does not hold {len(broken) - _EXAMPLES} times more")
    if report.holds:
        tell("nothing was lost, and nothing was there twice")

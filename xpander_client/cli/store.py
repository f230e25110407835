"""`xpander-client store …`: stores as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import complain, note
from xpander_client.cli.stores import StoreAddress, require_address
from xpander_client.cli.tables import print_pairs, print_table, tell

app = typer.Typer(
    help="Check, update and copy stores while no platform uses them, and back them up at any time.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def check(store: StoreAddress = None, as_json: _Json = False) -> None:
    """Look through a store: is it of this release, and is all in it as it has to be?"""
    from xpander_client.platform.stores import transfer

    report = asyncio.run(transfer.check(require_address(store)))
    if as_json:
        print_json(
            {
                "address": report.address,
                "engine": report.engine,
                "version": report.version,
                "needed": report.needed,
                "counts": dict(report.counts),
                "problems": list(report.problems),
                "sound": report.sound,
            }
        )
    else:
        print_pairs(
            {
                "store": report.address,
                "engine": report.engine,
                "version": f"{report.version}, this release needs {report.needed}",
            }
        )
        _show(report.counts)
        for problem in report.problems:
            complain(problem)
        if report.version < report.needed:
            complain("the tables are of an earlier release: xpander-client store migrate")
        elif report.version > report.needed:
            complain("the tables are of a later release: update xpander-client")
        elif report.sound:
            tell("nothing is wrong")
    if not report.sound:
        raise typer.Exit(1)


@app.command()
def migrate(store: StoreAddress = None, as_json: _Json = False) -> None:
    """Give a store the tables of this release. What it keeps stays."""
    from xpander_client.platform.stores import transfer

    done = asyncio.run(transfer.migrate(require_address(store)))
    if as_json:
        print_json({"before": done.before, "after": done.after})
    elif done.before == done.after:
        tell(f"version {done.after} already, nothing was changed")
    else:
        tell(f"from version {done.before} to {done.after}")


@app.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The store that is copied.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="An empty store, or none yet.")],
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Leave out what the other engine can't hold.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Copy all of a store into an empty one, of the same engine or the other, and compare them.

    All of it is written, or nothing. What the other engine can't hold is told before.
    """
    from xpander_client.platform.stores import transfer

    begun: set[str] = set()

    def progress(table: str, rows: int) -> None:
        if table not in begun:
            begun.add(table)
            note(f"copying {table}")

    counts = asyncio.run(transfer.copy(source, target, progress, leave_out=leave_out, tell=note))
    if as_json:
        print_json(dict(counts))
    else:
        _show(counts)
        tell("the copy is like the original")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the backup is written.")],
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """Copy a store in a file into another file, also while a platform serves from it.

    The backup is a store as well: `serve --store FILE` goes on with what was there at that moment.
    """
    from xpander_client.platform.stores import transfer

    asyncio.run(transfer.backup(require_address(store), file))
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        tell(f"{file} has all that the store had, in {file.stat().st_size} bytes")


def _show(counts: Mapping[str, int]) -> None:
    if counts:
        print_table(("TABLE", "ROWS"), counts.items())

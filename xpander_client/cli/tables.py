"""Tables and colours for people."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xpander_client.cli.messages import show_controls
from xpander_client.core.serialization import dumps

_STYLES = {
    "completed": "green",
    "executing": "cyan",
    "pending": "yellow",
    "paused": "yellow",
    "stopped": "magenta",
    "error": "red",
    "failed": "red",
}


@cache
def _console() -> Console:
    # Redirected output is neither wrapped nor cut: a program or a file has no right margin.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 100_000)


def print_pairs(pairs: Mapping[str, Any]) -> None:
    """Names with their values, one below the other; what has no value is left out."""
    grid = Table.grid(padding=(0, 2))
    for name, value in pairs.items():
        if value not in (None, "", [], {}):
            grid.add_row(Text(name, style="bold"), _cell(value))
    _print(grid)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table with a line for each row."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")  # on a narrow terminal: nothing is left out
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _print(table)


def tell(*parts: object) -> None:
    """Print a line; parts that are a task's status have its colour."""
    line = Text(" ").join(_cell(part) for part in parts)
    _console().print(line, soft_wrap=True)


def _print(table: Table) -> None:
    console = _console()
    with console.capture() as captured:
        console.print(table)
    lines = (line.rstrip(" ") for line in captured.get().splitlines())
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _cell(value: object) -> Text:
    if value is None:
        return Text("")
    if isinstance(value, datetime.datetime):
        return Text(value.astimezone().strftime("%Y-%m-%d %H:%M:%S"))
    if isinstance(value, list | dict):
        value = dumps(value).decode()
    text = show_controls(value)
    return Text(text, style=_STYLES.get(text, ""))

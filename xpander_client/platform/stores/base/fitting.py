"""What a store in a file may hold and PostgreSQL can't: NUL, long texts in indexes, large numbers.

Releases before the contract had such bounds took them. A task's, an event's or a thread's JSON is
kept as bytes, and can hold anything: this is about the columns beside it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import attrs

_LONGEST = 1_020
"""How long a text may be in bytes, to be in an index together with others."""

_CUT = 200
"""What of a text is kept, in characters."""

_FREE = frozenset({"answer", "large"})
"""Texts that are in no index."""

_INT4 = range(-(2**31), 2**31)

# The whole of these is in the JSON, or they only say something to people: cut, they still do.
_LABELS: Mapping[str, frozenset[str]] = {
    "tasks": frozenset({"internal_status", "user_id", "parent_task_id", "triggering_agent_id"}),
    "events": frozenset({"type"}),
    "messages": frozenset({"role"}),
    "threads": frozenset({"user_id"}),
    "reports": frozenset({"task_id", "user_id"}),
    "audit": frozenset({"actor", "action", "target", "outcome"}),
}
_NAMES: Mapping[str, str] = {
    "tasks": "id",
    "large_fields": "task_id",
    "events": "task_id",
    "idempotency": "key",
    "documents": "key",
    "threads": "id",
    "messages": "thread_id",
    "reports": "task_id",
    "audit": "target",
}
_PARTS = {
    "large_fields": ("tasks", ("task_id",)),
    "events": ("tasks", ("task_id",)),
    "messages": ("threads", ("organization_id", "thread_id")),
}


@attrs.frozen
class UnfitField:
    """A field of a record that PostgreSQL can't hold; without `cut` its record can't be copied."""

    table: str
    name: str
    field: str
    why: str
    cut: bool

    def __str__(self) -> str:
        name = self.name[:_CUT].replace("\0", "\\0")
        return f"{self.table} {name!r}: {self.field} {self.why}"


class Fitting:
    """Makes rows fit, and leaves those out that can't be made so, with all that is part of them.

    The fields of each table's rows are `fields`.
    """

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields
        self._left_out: set[tuple[Any, ...]] = set()

    async def look_through(
        self, table: str, rows: AsyncIterator[Sequence[Sequence[Any]]]
    ) -> AsyncIterator[UnfitField]:
        """Find what doesn't fit in these rows, and remember which records can't be copied."""
        async for batch in rows:
            for row in batch:
                for place, why in self._faults(table, row):
                    field = self._fields[table][place]
                    cut = field in _LABELS.get(table, ()) and isinstance(row[place], str)
                    if not cut:
                        self._left_out.add(self._identity(table, row))
                    name = row[self._fields[table].index(_NAMES[table])]
                    yield UnfitField(table, str(name), field, why, cut)

    def fit_rows(self, table: str, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return the rows as they can be copied, without those that can't be."""
        made = []
        for row in rows:
            if self._left_out and self.leaves_out(table, row):
                continue
            if faults := self._faults(table, row):
                places = {place for place, _ in faults}
                row = [
                    value.replace("\0", "\N{REPLACEMENT CHARACTER}")[:_CUT]
                    if place in places
                    else value
                    for place, value in enumerate(row)
                ]
            made.append(row)
        return made

    def leaves_out(self, table: str, row: Sequence[Any]) -> bool:
        """Tell whether the row can't be copied, or is part of what can't be."""
        if self._identity(table, row) in self._left_out:
            return True
        if table not in _PARTS:
            return False
        whole, names = _PARTS[table]
        values = (row[self._fields[table].index(name)] for name in names)
        return (whole, *values) in self._left_out

    def leaves_out_task(self, task_id: str) -> bool:
        """Tell whether a task can't be copied."""
        return ("tasks", task_id) in self._left_out

    def _identity(self, table: str, row: Sequence[Any]) -> tuple[Any, ...]:
        if table == "tasks":
            return (table, row[0])
        if table == "threads":
            return (table, *row[:2])
        return (table, *(value for value in row if isinstance(value, str | int)))

    def _faults(self, table: str, row: Sequence[Any]) -> list[tuple[int, str]]:
        faults = []
        for place, value in enumerate(row):
            if isinstance(value, str):
                if "\0" in value:
                    faults.append((place, "has the character NUL"))
                elif self._fields[table][place] not in _FREE and _is_long(value):
                    faults.append((place, f"is longer than {_LONGEST} bytes"))
            elif isinstance(value, int) and value not in _INT4:
                faults.append((place, "is a number of more than 32 bits"))
        return faults


def _is_long(text: str) -> bool:
    return len(text) * 4 > _LONGEST and len(text.encode(errors="replace")) > _LONGEST

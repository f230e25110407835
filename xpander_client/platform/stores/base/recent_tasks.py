"""Tasks as they were written last, so that whoever needs one next need not read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from xpander_client.platform.rules.records import TaskRecord

LIMIT = 1_000
"""So many tasks are remembered, and none whose document has more bytes than `LARGEST`."""
LARGEST = 16 * 1024

Row = TypeVar("Row")


class RecentTasks(Generic[Row]):
    """The rows of the `limit` tasks that were kept last, whatever an engine calls a row.

    One thread keeps and forgets them, any may look for one.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rows: dict[str, Row] = {}

    def find(self, task_id: str) -> Row | None:
        """Return the row of a task, if it is known."""
        return self._rows.get(task_id)

    def keep(self, record: TaskRecord, row: Row) -> None:
        """Remember the row of a task that was committed."""
        self._rows.pop(record.id, None)  # it is the last one now
        if len(record.document) <= LARGEST:
            self._rows[record.id] = row
        while len(self._rows) > self._limit:
            del self._rows[next(iter(self._rows))]

    def forget(self, task_ids: Iterable[str]) -> None:
        """Forget tasks that are no more, or may be no more, as they were kept."""
        for task_id in task_ids:
            self._rows.pop(task_id, None)

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()

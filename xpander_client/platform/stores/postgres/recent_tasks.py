"""Tasks as this server wrote them last, so that the next write need not fetch them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from xpander_client.platform.stores.postgres.work import Changes, RowsToFetch, TaskRow

LIMIT = 1_000
"""So many tasks are remembered, and none whose document has more bytes than this."""
LARGEST = 16 * 1024


class RecentTasks:
    """Recalls tasks as one connection has committed them, instead of reading them once more.

    A worker writes to the same task again and again, through the same server. Without this, each
    transaction would lock and read the row that the one before has written: three more round trips.
    What is recalled may be out of date, as other servers write to the same rows. So each task has
    its version, and the statement that writes it changes nothing unless the row still has that
    version: then what was recalled was right. If not, the commands run again on rows that are read.

    The version needs no column of its own: it is the number of the transaction that wrote the row,
    which PostgreSQL keeps in the row as `xmin`. It changes with whatever writes to the row, also
    with statements that know nothing of versions. A number may come again only after a failover or
    four billion transactions, and by then the connection, and what it remembers, is gone or has
    long been pushed out.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, TaskRow] = {}

    def recall(self, wanted: RowsToFetch) -> Sequence[TaskRow] | None:
        """Return all that is wanted; None when that is not known from here."""
        if wanted.tasks and wanted == RowsToFetch(tasks=wanted.tasks, whole=wanted.whole):
            found = [self._tasks[each] for each in wanted.tasks if each in self._tasks]
            known = all(row.record.whole or row.record.id not in wanted.whole for row in found)
            return found if known and len(found) == len(wanted.tasks) else None
        return None if wanted else ()

    def keep(self, changes: Changes, version: int) -> None:
        """Remember what a transaction has written."""
        for records, last in ((changes.new_tasks, changes.new_last), (changes.tasks, changes.last)):
            for record, last_seq in zip(records, last, strict=True):
                self._tasks.pop(record.id, None)
                if not record.finished and len(record.document) <= LARGEST:
                    # Without the large fields: those who need them fetch them.
                    kept = record if record.large is None else attrs.evolve(record, bodies={})
                    self._tasks[record.id] = TaskRow(kept, last_seq, version=version)
        while len(self._tasks) > LIMIT:
            del self._tasks[next(iter(self._tasks))]

    def forget(self, rows: Iterable[TaskRow]) -> None:
        """Forget tasks that are not as they were written here."""
        for row in rows:
            self._tasks.pop(row.record.id, None)

    def clear(self) -> None:
        """Forget everything."""
        self._tasks.clear()

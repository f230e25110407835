"""Tasks as this server wrote them last, so that the next write need not fetch them."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from xpander_client.platform.stores.base.recent_tasks import RecentTasks
from xpander_client.platform.stores.postgres.work import Changes, RowsToFetch, TaskRow


class VersionedTasks(RecentTasks[TaskRow]):
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

    def recall(self, wanted: RowsToFetch) -> Sequence[TaskRow] | None:
        """Return all that is wanted; None when that is not known from here."""
        if wanted.tasks and wanted == RowsToFetch(tasks=wanted.tasks, whole=wanted.whole):
            found = [row for each in wanted.tasks if (row := self.find(each)) is not None]
            known = all(row.record.whole or row.record.id not in wanted.whole for row in found)
            return found if known and len(found) == len(wanted.tasks) else None
        return None if wanted else ()

    def keep_changes(self, changes: Changes, version: int) -> None:
        """Remember what a transaction has written."""
        for records, last in ((changes.new_tasks, changes.new_last), (changes.tasks, changes.last)):
            for record, last_seq in zip(records, last, strict=True):
                if record.finished:
                    self.forget([record.id])
                else:
                    # Without the large fields: those who need them fetch them.
                    kept = record if record.large is None else attrs.evolve(record, bodies={})
                    self.keep(kept, TaskRow(kept, last_seq, version=version))

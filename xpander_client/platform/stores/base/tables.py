"""All that a store keeps, as tables of rows that no engine needs to be known for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

import attrs

from xpander_client.core.statuses import TERMINAL
from xpander_client.platform.rules.records import TASK_FIELDS
from xpander_client.platform.stores.base.retention import quote_statuses

Row = Sequence[Any]

BATCH = 2_000
BATCH_BYTES = 4 * 1024 * 1024
"""What is copied together: so many rows at most, and hardly more than so many bytes."""

BULKY = frozenset({"body", "document", "fingerprint", "value"})
"""The fields that may be large, of which no engine looks inside."""

TABLES: Mapping[str, tuple[str, ...]] = {
    "tasks": (*TASK_FIELDS, "last_seq", "pruned"),
    "large_fields": ("task_id", "name", "body"),
    "events": ("task_id", "seq", "type", "body"),
    "idempotency": ("organization_id", "key", "fingerprint", "answer", "created_at"),
    "documents": ("organization_id", "kind", "key", "version", "value"),
    "threads": ("organization_id", "id", "length", "user_id", "agent_id", "used_at", "document"),
    "messages": ("organization_id", "thread_id", "place", "role", "body"),
    "reports": (
        "organization_id",
        "kind",
        "agent_id",
        "task_id",
        "user_id",
        "created_at",
        "value",
    ),
    "audit": ("organization_id", "created_at", "actor", "action", "target", "outcome"),
}
"""What is copied, in an order in which it can be added: rows of these fields, in no engine's terms.

Which servers and workers there are is no part of it.
"""


class StoreTables(Protocol):
    """All that a store keeps, row by row, while nobody else uses it. Reads are of one moment."""

    def rows(self, table: str, *, bulk: bool = True) -> AsyncIterator[Sequence[Row]]:
        """Read the rows of a table, some at a time; tasks and threads the oldest first. Without
        `bulk` there is None for each of the `BULKY` fields.
        """
        ...

    async def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table."""
        ...

    async def count(self, table: str) -> int:
        """Count the rows of a table."""
        ...

    def event_counts(self) -> AsyncIterator[tuple[str, int, int]]:
        """Read, for each task that has events, its id, the last one's number, and how many there
        are; in the order of ids.
        """
        ...

    async def problems(self) -> Sequence[str]:
        """List what is not as it has to be, each in a line; nothing in a sound store."""
        ...


@attrs.frozen(kw_only=True)
class Dialect:
    """How an engine says what a store is checked by, where a task is `t`, its events are `e`, its
    large fields `f`, and a thread `h` with messages `m`.
    """

    greatest: str
    """The function that gives the greatest of two numbers."""
    last_seq: str
    """The number of the task's last event."""
    events: str
    """Which events are the task's."""
    seq: str
    """The number of an event in its task."""
    place: str
    """What to sort a task's events by."""
    large_names: str
    """A table of the names in the task's `large`."""
    large_fields: str
    """Which large fields are the task's."""
    messages: str
    """Which messages are the thread's."""


def build_checks(dialect: Dialect) -> Sequence[tuple[str, str]]:
    """Build the statements that find what is not as it has to be, each with the line to say of
    what it finds: of a task or thread by its id, of 20 at the most.
    """
    ends = quote_statuses(TERMINAL)
    return (
        (
            "the events of task {} have holes",
            # A run begins with an event.
            f"SELECT t.id FROM tasks t WHERE t.status NOT IN ({ends}, 'deleted') "
            f"AND {dialect.greatest}({dialect.last_seq} - t.run_from, 1) != "
            f"(SELECT count(*) FROM events e WHERE {dialect.events} "
            f"AND {dialect.seq} > t.run_from) LIMIT 20",
        ),
        (
            "task {} is finished, but its events don't say how",
            f"SELECT t.id FROM tasks t WHERE t.status IN ({ends}) AND coalesce((SELECT e.type "
            f"FROM events e WHERE {dialect.events} ORDER BY {dialect.place} DESC LIMIT 1), '') "
            "!= 'task_finished' LIMIT 20",
        ),
        (
            "task {} lacks large fields that it says it has",
            "SELECT t.id FROM tasks t WHERE t.large IS NOT NULL AND (SELECT count(*) "
            f"FROM {dialect.large_names}) != (SELECT count(*) FROM large_fields f "
            f"WHERE {dialect.large_fields}) LIMIT 20",
        ),
        (
            "thread {} has another length than it says",
            "SELECT h.id FROM threads h WHERE h.length != "
            f"(SELECT count(*) FROM messages m WHERE {dialect.messages}) LIMIT 20",
        ),
    )

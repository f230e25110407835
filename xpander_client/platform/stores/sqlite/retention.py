"""How the store in a file forgets what is old: a batch of each kind."""

from __future__ import annotations

import time
from collections.abc import Callable

from xpander_client.platform.stores.base.retention import ENDED, Batch, Kind
from xpander_client.platform.stores.sqlite.work import SEQ_BITS, SEQ_MASK, SqliteWork

_BYTES = 4 * 1024 * 1024
"""A batch ends with the row that makes it this large: every page of it is read and given back."""

_DUE = (
    "SELECT number, length(document) AS size FROM tasks WHERE organization_id = ? AND pruned = ? "
    f"AND {ENDED} AND updated_at < ? ORDER BY updated_at LIMIT ?"
)
_WITH_LARGE_FIELDS = (
    "SELECT number, size + coalesce((SELECT sum(length(body)) FROM large_fields "
    f"WHERE task = number), 0) FROM ({_DUE})"
)


def prune(work: SqliteWork, kind: Kind, organization_id: str, before: float, limit: int) -> Batch:
    """Forget some of what an organization has of a kind from before a moment."""
    begun = time.perf_counter()
    rows, more = _PRUNE[kind](work, organization_id, before, limit)
    work.forget_all_tasks()
    return Batch(rows, more, time.perf_counter() - begun)


def _keys(work: SqliteWork, _: str, before: float, limit: int) -> tuple[int, bool]:
    gone = work.execute(
        "DELETE FROM idempotency WHERE (organization_id, key) IN "
        "(SELECT organization_id, key FROM idempotency WHERE created_at < ? LIMIT ?)",
        (before, limit),
    ).rowcount
    return gone, gone == limit


def _by_number(
    table: str, oldest: str
) -> Callable[[SqliteWork, str, float, int], tuple[int, bool]]:
    def prune(
        work: SqliteWork, organization_id: str, before: float, limit: int
    ) -> tuple[int, bool]:
        gone = work.execute(
            f"DELETE FROM {table} WHERE number IN ({oldest})", (organization_id, limit, before)
        ).rowcount
        return gone, gone == limit

    return prune


def _events(work: SqliteWork, organization_id: str, before: float, limit: int) -> tuple[int, bool]:
    """Events but for how tasks ended; of deleted tasks all, and their large fields."""
    gone = size = 0
    due_now = _DUE if organization_id else _WITH_LARGE_FIELDS
    due = work.execute(due_now, (organization_id, 0, before, limit)).fetchall()
    spared = "task_finished" if organization_id else ""
    for number, length in due:
        events, freed, is_empty = _forget_events(work, number, spared, limit - gone, _BYTES - size)
        gone += events
        size += freed + length
        if not is_empty:
            return gone, True
        if not organization_id:
            work.execute("DELETE FROM large_fields WHERE task = ?", (number,))
            work.execute("UPDATE tasks SET large = NULL WHERE number = ?", (number,))
        work.execute("UPDATE tasks SET pruned = 1 WHERE number = ?", (number,))
        if size >= _BYTES or gone >= limit:
            return gone, True
    return gone, len(due) == limit


def _tasks(work: SqliteWork, organization_id: str, before: float, limit: int) -> tuple[int, bool]:
    gone = size = 0
    left = limit
    for pruned in (1, 0):
        wanted = (organization_id, pruned, before, left)
        due = work.execute(_WITH_LARGE_FIELDS, wanted).fetchall()
        for number, length in due:
            # A number is given out again: no event may be left with it.
            events, freed, is_empty = _forget_events(work, number, "", left, _BYTES - size)
            size += freed + length
            left -= events + 1
            if not is_empty:
                return gone, True
            work.execute("DELETE FROM tasks WHERE number = ?", (number,))
            gone += 1
            if size >= _BYTES or left <= 0:
                return gone, True
    return gone, False


def _forget_events(
    work: SqliteWork, number: int, spared: str, limit: int, size: int
) -> tuple[int, int, bool]:
    """Forget the first events of a task, but for those of a type; returns how many, how many bytes
    they had, and whether none are left.
    """
    base = number << SEQ_BITS
    rows = work.execute(
        "SELECT place, length(body) FROM events WHERE place > ? AND place <= ? AND type != ? "
        "ORDER BY place LIMIT ?",
        (base, base + SEQ_MASK, spared, limit + 1),
    ).fetchall()
    taken = freed = last = 0
    for place, length in rows[:limit]:
        taken, freed, last = taken + 1, freed + length, place
        if freed >= size:
            break
    if taken:
        work.execute(
            "DELETE FROM events WHERE place > ? AND place <= ? AND type != ?", (base, last, spared)
        )
    return taken, freed, taken == len(rows)


def _threads(work: SqliteWork, organization_id: str, before: float, limit: int) -> tuple[int, bool]:
    due = work.execute(
        "SELECT number, length FROM threads WHERE organization_id = ? AND used_at < ? "
        "ORDER BY used_at LIMIT ?",
        (organization_id, before, limit),
    ).fetchall()
    gone, left = 0, limit
    for number, length in due:
        kept = max(0, length - left)
        work.execute(
            "DELETE FROM messages WHERE place >= ? AND place < ?",
            ((number << SEQ_BITS) + kept, (number + 1) << SEQ_BITS),
        )
        if kept:
            # Nobody finds a thread any more that has begun to go.
            work.execute(
                "UPDATE threads SET length = ?, user_id = NULL, agent_id = NULL, used_at = 0, "
                "document = x'' WHERE number = ?",
                (kept, number),
            )
            return gone, True
        work.execute("DELETE FROM threads WHERE number = ?", (number,))
        gone += 1
        left -= length + 1
        if left <= 0:
            return gone, True
    return gone, False


_PRUNE: dict[Kind, Callable[[SqliteWork, str, float, int], tuple[int, bool]]] = {
    "keys": _keys,
    "events": _events,
    "tasks": _tasks,
    "threads": _threads,
    "reports": _by_number(
        "reports",
        "SELECT number FROM (SELECT number, created_at FROM reports WHERE organization_id = ? "
        "ORDER BY created_at LIMIT ?) WHERE created_at < ?",
    ),
    "audit": _by_number(
        "audit",
        "SELECT number FROM (SELECT number, created_at FROM audit WHERE organization_id = ? "
        "ORDER BY number LIMIT ?) WHERE created_at < ?",
    ),
    "remains": _events,
    "tombstones": _tasks,
}

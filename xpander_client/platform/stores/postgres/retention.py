"""How the store in a database forgets what is old: a batch of each kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asyncpg.pool import PoolConnectionProxy

from xpander_client.platform.stores.base.retention import ENDED, Kind

_TASKS = 100
"""So many tasks, or threads, are locked at once: others may wait for them."""

_DUE = (
    f"SELECT id FROM tasks WHERE organization_id = $1 AND pruned = $2 AND {ENDED} "
    "AND updated_at < $3 ORDER BY updated_at LIMIT $4 FOR UPDATE SKIP LOCKED"
)


async def prune(
    connection: PoolConnectionProxy, kind: Kind, organization_id: str, before: float, limit: int
) -> tuple[int, bool]:
    """Forget some of what an organization has of a kind from before a moment, in the transaction of
    the connection; returns how many rows, and whether there may be more.
    """
    return await _PRUNE[kind](connection, organization_id, before, limit)


async def _keys(
    connection: PoolConnectionProxy, _: str, before: float, limit: int
) -> tuple[int, bool]:
    gone = await _execute(
        connection,
        "DELETE FROM idempotency WHERE (organization_id, key) IN (SELECT organization_id, key "
        "FROM idempotency WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit,
    )
    return gone, gone == limit


def _by_number(
    table: str, order: str
) -> Callable[[PoolConnectionProxy, str, float, int], Awaitable[tuple[int, bool]]]:
    sql = (
        f"DELETE FROM {table} WHERE number IN (SELECT number FROM (SELECT number, created_at "
        f"FROM {table} WHERE organization_id = $1 ORDER BY {order} LIMIT $2) oldest "
        "WHERE created_at < $3)"
    )

    async def prune(
        connection: PoolConnectionProxy, organization_id: str, before: float, limit: int
    ) -> tuple[int, bool]:
        gone = await _execute(connection, sql, organization_id, limit, before)
        return gone, gone == limit

    return prune


async def _events(
    connection: PoolConnectionProxy, organization_id: str, before: float, limit: int
) -> tuple[int, bool]:
    """Events but for how tasks ended; of deleted tasks all, and their large fields."""
    ids = await _due(connection, organization_id, False, before, limit)
    if not ids:
        return 0, False
    spared = "task_finished" if organization_id else ""
    gone = await _forget_events(connection, ids, spared, limit)
    if gone < limit:
        if not organization_id:
            await connection.execute(
                "WITH gone AS (DELETE FROM large_fields WHERE task_id = ANY($1::text[])) "
                "UPDATE tasks SET large = NULL WHERE id = ANY($1::text[])",
                ids,
            )
        await connection.execute("UPDATE tasks SET pruned = true WHERE id = ANY($1::text[])", ids)
    return gone, True


async def _tasks(
    connection: PoolConnectionProxy, organization_id: str, before: float, limit: int
) -> tuple[int, bool]:
    ids = await _due(connection, organization_id, True, before, limit)
    ids = ids or await _due(connection, organization_id, False, before, limit)
    if not ids:
        return 0, False
    if await _forget_events(connection, ids, "", limit) == limit:
        return 0, True
    await connection.execute("DELETE FROM tasks WHERE id = ANY($1::text[])", ids)
    return len(ids), True


async def _due(
    connection: PoolConnectionProxy, organization_id: str, pruned: bool, before: float, limit: int
) -> Sequence[str]:
    rows = await connection.fetch(_DUE, organization_id, pruned, before, min(limit, _TASKS))
    return [row["id"] for row in rows]


async def _forget_events(
    connection: PoolConnectionProxy, ids: Sequence[str], spared: str, limit: int
) -> int:
    return await _execute(
        connection,
        "DELETE FROM events WHERE (task_id, seq) IN (SELECT task_id, seq FROM events "
        "WHERE task_id = ANY($1::text[]) AND type != $2 LIMIT $3)",
        ids,
        spared,
        limit,
    )


async def _threads(
    connection: PoolConnectionProxy, organization_id: str, before: float, limit: int
) -> tuple[int, bool]:
    due = await connection.fetch(
        "SELECT id, length FROM threads WHERE organization_id = $1 AND used_at < $2 "
        "ORDER BY used_at LIMIT $3 FOR UPDATE SKIP LOCKED",
        organization_id,
        before,
        min(limit, _TASKS),
    )
    whole, left = [], limit
    for thread_id, length in due:
        if length > left:
            break
        whole.append(thread_id)
        left -= length + 1
    if due and not whole:
        # Its last messages first; and nobody finds a thread any more that has begun to go.
        thread_id, length = due[0]
        await connection.execute(
            "DELETE FROM messages WHERE organization_id = $1 AND thread_id = $2 AND place >= $3",
            organization_id,
            thread_id,
            length - limit,
        )
        await connection.execute(
            "UPDATE threads SET length = $3, user_id = NULL, agent_id = NULL, used_at = 0, "
            "document = '' WHERE organization_id = $1 AND id = $2",
            organization_id,
            thread_id,
            length - limit,
        )
        return 0, True
    for table, column in (("messages", "thread_id"), ("threads", "id")):
        await connection.execute(
            f"DELETE FROM {table} WHERE organization_id = $1 AND {column} = ANY($2::text[])",
            organization_id,
            whole,
        )
    return len(whole), bool(whole)


async def _execute(connection: PoolConnectionProxy, sql: str, *arguments: Any) -> int:
    """Run a statement; returns how many rows it was about."""
    status: str = await connection.execute(sql, *arguments)
    return int(status.rpartition(" ")[2])


_PRUNE: dict[
    Kind, Callable[[PoolConnectionProxy, str, float, int], Awaitable[tuple[int, bool]]]
] = {
    "keys": _keys,
    "events": _events,
    "tasks": _tasks,
    "threads": _threads,
    "reports": _by_number("reports", "created_at"),
    "audit": _by_number("audit", "number"),
    "remains": _events,
    "tombstones": _tasks,
}

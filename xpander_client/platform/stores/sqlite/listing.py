"""Which tasks a list shows, found by the index that has the fewest of them to look through."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from itertools import islice
from typing import Any

from xpander_client.platform.rules.records import PAGE_BYTES, Page, TaskFilter, TaskRecord
from xpander_client.platform.stores.sqlite.work import SELECT, read_task

_INDEXES: Mapping[tuple[str, ...], str] = {
    ("agent_id",): "tasks_of_agent",
    ("agent_id", "status"): "tasks_in_status",
    ("agent_id", "user_id"): "tasks_of_agent_and_user",
    ("agent_id", "user_id", "status"): "tasks_of_agent_and_user_in_status",
    ("user_id",): "tasks_of_user",
    ("user_id", "status"): "tasks_of_user_in_status",
    ("parent_task_id",): "tasks_of_parent",
    ("triggering_agent_id",): "tasks_triggered",
    ("triggering_agent_id", "agent_id"): "tasks_triggered",
    ("internal_status",): "tasks_in_internal_status",
    ("internal_status", "agent_id"): "tasks_in_internal_status",
}
"""The columns by which each finds tasks of an organization, in their order or all but in it."""

_COUNTED = 1_000
"""So far it is counted how many tasks each index has: one with fewer is good enough."""


def page(
    connection: sqlite3.Connection,
    organization_id: str,
    wanted: TaskFilter,
    before: int | None,
    limit: int,
) -> Page:
    """Return the tasks that fit, the newest first, of those with lower numbers."""
    found = list_numbers(connection, organization_id, wanted, before, limit + 1)
    shown = ", ".join(map(str, islice(found, limit)))
    records: list[TaskRecord] = []
    last = size = 0
    for row in connection.execute(f"{SELECT} WHERE number IN ({shown}) ORDER BY number DESC"):
        last, record = read_task(row)
        records.append(record)
        size += len(record.document)
        if size >= PAGE_BYTES:
            break
    if not records or found[-1] == last:
        return Page(tuple(records))
    return Page(tuple(records), str(last))


def list_numbers(
    connection: sqlite3.Connection,
    organization_id: str,
    wanted: TaskFilter,
    before: int | None,
    limit: int,
) -> list[int]:
    """Find the numbers of the newest tasks that fit, of those with lower numbers."""
    alternatives = [wanted.values]
    if wanted.agent_ids is not None:
        alternatives = [{**wanted.values, "agent_id": agent_id} for agent_id in wanted.agent_ids]
    found = [
        number
        for each in alternatives
        for number in _search(connection, organization_id, each, before, limit)
    ]
    return sorted(found, reverse=True)[:limit]


def _search(
    connection: sqlite3.Connection,
    organization_id: str,
    given: Mapping[str, Any],
    before: int | None,
    limit: int,
) -> list[int]:
    """Find the numbers of the newest tasks with these values."""
    conditions = ["organization_id = ?", *(f"{name} = ?" for name in given)]
    parameters: list[Any] = [organization_id, *given.values()]
    if before is not None:
        conditions.append("number < ?")
        parameters.append(before)
    index = _index_for(connection, organization_id, given)
    rows = connection.execute(
        f"SELECT number FROM tasks {index} WHERE {' AND '.join(conditions)} "
        "ORDER BY number DESC LIMIT ?",
        (*parameters, limit),
    )
    return [number for [number] in rows]


def _index_for(
    connection: sqlite3.Connection, organization_id: str, given: Mapping[str, Any]
) -> str:
    """Choose an index, and return how a statement names it."""
    fit = [columns for columns in _INDEXES if given.keys() >= set(columns)]
    best = [each for each in fit if not any(set(each) < set(other) for other in fit)]
    if not best:
        return ""

    def count(columns: tuple[str, ...]) -> int:
        conditions = "".join(f" AND {name} = ?" for name in columns)
        [counted] = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM tasks INDEXED BY {_INDEXES[columns]} "
            f"WHERE organization_id = ?{conditions} LIMIT {_COUNTED})",
            (organization_id, *(given[name] for name in columns)),
        ).fetchone()
        return int(counted)

    return f"INDEXED BY {_INDEXES[best[0] if len(best) == 1 else min(best, key=count)]}"

"""Which tasks a list shows, found by the index that has the fewest of them to look through."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
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


_AGENTS = """
WITH RECURSIVE agents (id) AS (
    SELECT min(agent_id) FROM tasks WHERE organization_id = :organization
    UNION ALL
    SELECT (
        SELECT min(agent_id) FROM tasks
        WHERE organization_id = :organization AND agent_id > agents.id
    )
    FROM agents WHERE agents.id IS NOT NULL
) SELECT id FROM agents WHERE id IS NOT NULL
"""
"""The agents that have tasks: a look into an index for each, not for each task."""


def page(
    connection: sqlite3.Connection,
    organization_id: str,
    wanted: TaskFilter,
    before: int | None,
    limit: int,
) -> Page:
    """Return the tasks that fit, the newest first, of those with lower numbers."""
    found = list_numbers(connection, organization_id, wanted, before, limit + 1)
    shown = read_numbered(connection, organization_id, found[:limit])
    if shown.cursor is None and len(found) > limit:
        return Page(shown.records, str(found[limit - 1]))
    return shown


def read_numbered(
    connection: sqlite3.Connection, organization_id: str, numbers: Sequence[int]
) -> Page:
    """Return the tasks of these numbers that are there, the newest first."""
    shown = ", ".join(map(str, numbers))
    records: list[TaskRecord] = []
    size = 0
    for row in connection.execute(
        f"{SELECT} WHERE number IN ({shown}) AND organization_id = ? ORDER BY number DESC",
        (organization_id,),
    ):
        number, record = read_task(row)
        records.append(record)
        size += len(record.document)
        if size >= PAGE_BYTES and number != min(numbers):
            return Page(tuple(records), str(number))
    return Page(tuple(records))


def list_numbers(
    connection: sqlite3.Connection,
    organization_id: str,
    wanted: TaskFilter,
    before: int | None,
    limit: int,
) -> list[int]:
    """Find the numbers of the newest tasks that fit, of those with lower numbers."""
    agent_ids: Iterable[str] | None = wanted.agent_ids
    if agent_ids is None and wanted.values.keys() <= {"status"}:
        agent_ids = [
            agent_id
            for [agent_id] in connection.execute(_AGENTS, {"organization": organization_id})
        ]
    alternatives = [wanted.values]
    if agent_ids is not None:
        alternatives = [{**wanted.values, "agent_id": agent_id} for agent_id in agent_ids]
    with ExitStack() as searches:
        found = [
            searches.enter_context(closing(_search(connection, organization_id, each, before)))
            for each in alternatives
        ]
        # Each is read no further than it is needed.
        return list(islice(heapq.merge(*found, reverse=True), limit))


def _search(
    connection: sqlite3.Connection,
    organization_id: str,
    given: Mapping[str, Any],
    before: int | None,
) -> Generator[int]:
    """Yield the numbers of the tasks with these values, the newest first."""
    conditions = ["organization_id = ?", *(f"{name} = ?" for name in given)]
    parameters: list[Any] = [organization_id, *given.values()]
    if before is not None:
        conditions.append("number < ?")
        parameters.append(before)
    index = _index_for(connection, organization_id, given)
    rows = connection.execute(
        f"SELECT number FROM tasks {index} WHERE {' AND '.join(conditions)} ORDER BY number DESC",
        parameters,
    )
    with closing(rows):
        for [number] in rows:
            yield number


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

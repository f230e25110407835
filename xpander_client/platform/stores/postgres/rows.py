"""Rows of the database, and the records that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter, itemgetter
from typing import Any

import orjson

from xpander_client.platform.rules.records import TASK_FIELDS, Document, TaskRecord, ThreadRecord

TASK_TYPES = tuple(
    {
        "created_at": "double precision",
        "updated_at": "double precision",
        "lease_until": "double precision",
        "attempt": "integer",
        "losses": "integer",
        "run_from": "integer",
        "scripted": "boolean",
        "document": "bytea",
    }.get(name, "text")
    for name in TASK_FIELDS
)
to_row: Callable[[TaskRecord], tuple[Any, ...]] = attrgetter(*TASK_FIELDS)

TASK = f"{', '.join(TASK_FIELDS)}, last_seq, number"
# In one statement, so that the row and its large fields are of one moment.
WHOLE_TASK = (
    f"{TASK}, CASE WHEN large IS NOT NULL THEN (SELECT array_agg(f.name ORDER BY f.name) "
    "FROM large_fields f WHERE f.task_id = tasks.id) END AS names, CASE WHEN large IS NOT NULL "
    "THEN (SELECT array_agg(f.body ORDER BY f.name) FROM large_fields f "
    "WHERE f.task_id = tasks.id) END AS bodies"
)
THREAD = "id, organization_id, length, document"
DOCUMENT = "kind, key, version, value"

_values = itemgetter(*TASK_FIELDS)


def read_task(row: Any) -> TaskRecord:
    """Read a task from a row of `TASK`."""
    return TaskRecord(**dict(zip(TASK_FIELDS, _values(row), strict=True)))


def read_whole_task(row: Any) -> TaskRecord:
    """Read a task with its large fields from a row of `WHOLE_TASK`."""
    task = read_task(row)
    if task.large is None:
        return task
    return task.with_bodies(dict(zip(row["names"] or (), row["bodies"] or (), strict=True)))


def read_thread(row: Iterable[Any]) -> ThreadRecord:
    """Read a thread from a row of `THREAD`."""
    thread_id, organization_id, length, document = row
    return ThreadRecord(thread_id, organization_id, length, document)


def read_document(row: Iterable[Any]) -> Document:
    """Read a document from a row of `DOCUMENT`."""
    kind, key, version, value = row
    return Document(kind, key, version, orjson.loads(value))

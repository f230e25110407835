"""One transaction of the database: the rows of a `PostgresWork` fetched, its changes written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

import asyncpg

from xpander_client.platform.rules.records import TASK_FIELDS, TaskRecord
from xpander_client.platform.stores.base.retention import floor_to_hour
from xpander_client.platform.stores.postgres.rows import (
    DOCUMENT,
    TASK,
    TASK_TYPES,
    THREAD,
    read_document,
    read_task,
    read_thread,
    to_row,
)
from xpander_client.platform.stores.postgres.work import Changes, PostgresWork, RowsToFetch, TaskRow

WRITER_SETTINGS = {
    # Every statement here reaches its rows by their keys, which the planner can't know of arrays.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
    # We wait for an answer as long as it fits what is written; this is for when we are gone.
    "statement_timeout": "2min",
}

OUTDATED = asyncpg.DivisionByZeroError
"""How a statement fails that was to change tasks which have other versions by now: nothing else in
it divides. See `_statement`, and `VersionedTasks` for what the versions are for.
"""

EVERYBODY = "*"
"""The payload that is for all topics."""

_LONGEST_PAYLOAD = 7_900
"""PostgreSQL refuses a notification of 8,000 bytes."""

_QUEUE = (
    "FROM tasks WHERE organization_id = $1 AND agent_id = $2 "
    "AND status = 'pending' AND worker_id IS NULL AND"
)
_PENDING = f"SELECT {TASK} {_QUEUE}"
_SIZES = (
    "SELECT number, octet_length(document) + CASE WHEN large IS NULL THEN 0 ELSE "
    "(SELECT sum(octet_length(body)) FROM large_fields WHERE task_id = tasks.id) END AS size "
    f"{_QUEUE}"
)
_WAITING = (
    "SELECT t.* FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS queue (pin, front, most) "
    f"CROSS JOIN LATERAL ({_PENDING} pinned_to = pin AND number >= front "
    "AND id <> ALL($8::text[]) ORDER BY number LIMIT most FOR UPDATE SKIP LOCKED) t "
    f"UNION ALL SELECT * FROM ({_PENDING} pinned_to IS NULL AND number >= $6 "
    "AND id <> ALL($8::text[]) ORDER BY number LIMIT $7 FOR UPDATE SKIP LOCKED) free "
    "ORDER BY number"
)
QUEUED = (
    "SELECT pg_snapshot_xmin(now.snapshot)::text::bigint AS oldest, "
    "pg_snapshot_xmax(now.snapshot)::text::bigint AS next, queued.* "
    "FROM (SELECT pg_current_snapshot() AS snapshot) now LEFT JOIN (SELECT queue.pin, t.* "
    "FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS queue (pin, front, most) "
    f"CROSS JOIN LATERAL ({_SIZES} pinned_to = pin AND number >= front "
    "ORDER BY number LIMIT most) t "
    f"UNION ALL SELECT NULL, free.* FROM ({_SIZES} pinned_to IS NULL AND number >= $6 "
    "ORDER BY number LIMIT $7) free) queued ON true ORDER BY queued.number"
)
"""What waits in an agent's queues, and which transactions had ended by then."""

# Locks are taken in the order of ids, so that two servers can't wait for each other.
_TASKS = f"SELECT {TASK} FROM tasks WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
_LARGE_FIELDS = "SELECT task_id, name, body FROM large_fields WHERE task_id = ANY($1::text[])"
_KEYS = (
    "SELECT organization_id, key, fingerprint, answer FROM idempotency "
    "WHERE (organization_id, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))"
)
_THREADS = (
    f"SELECT {THREAD}, user_id, agent_id FROM threads "
    "WHERE (organization_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) "
    "ORDER BY organization_id, id FOR UPDATE"
)
_DOCUMENTS = (
    f"SELECT organization_id, {DOCUMENT} FROM documents WHERE (organization_id, kind, key) IN "
    "(SELECT * FROM unnest($1::text[], $2::text[], $3::text[])) "
    "ORDER BY organization_id, kind, key FOR UPDATE"
)


async def fetch(
    connection: asyncpg.Connection,
    work: PostgresWork,
    wanted: RowsToFetch,
    fronts: Callable[[str, str], Mapping[str | None, int]],
) -> None:
    """Fetch rows into the work, and lock them until the transaction ends. `fronts` tells where an
    agent's queues begin.
    """
    ids = sorted(each for each in wanted.tasks if "\0" not in each)
    for place, most in wanted.waiting.items():
        begin = fronts(*place)
        free = begin.get(None, 0), most[None]
        # Without those that other commands of the transaction may take away.
        rows = await connection.fetch(_WAITING, *place, *pin_columns(most, begin), *free, ids)
        work.add_waiting(*place, _tasks(rows))
    if wanted.tasks:
        found = _tasks(await connection.fetch(_TASKS, ids))
        work.add_tasks(wanted.tasks, found)
        records = (row.record for row in found)
        apart = [each.id for each in records if each.id in wanted.whole and not each.whole]
        if apart:
            rows = await connection.fetch(_LARGE_FIELDS, apart)
            work.add_large_fields(apart, [(row[0], row[1], row[2]) for row in rows])
    if wanted.threads:
        places = _possible(wanted.threads)
        rows = await connection.fetch(_THREADS, *_columns(places, 2))
        work.add_threads(wanted.threads, [(read_thread(row[:4]), row[4], row[5]) for row in rows])
    if wanted.documents:
        documents = _possible(wanted.documents)
        rows = await connection.fetch(_DOCUMENTS, *_columns(documents, 3))
        work.add_documents(wanted.documents, [(row[0], read_document(row[1:])) for row in rows])
    if wanted.keys:
        keys = _possible(wanted.keys)
        rows = await connection.fetch(_KEYS, *_columns(keys, 2))
        work.add_keys(wanted.keys, [(row[0], row[1], row[2], row[3]) for row in rows])


def _possible(places: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return those that can be there: the database keeps no NUL."""
    return sorted(place for place in places if not any("\0" in part for part in place))


def pin_columns(
    queues: Mapping[str | None, int], fronts: Mapping[str | None, int]
) -> tuple[list[str], list[int], list[int]]:
    """Return the queues that go by a pin as columns: pins, fronts, and how many are wanted."""
    pins = sorted(pin for pin in queues if pin is not None and "\0" not in pin)
    return pins, [fronts.get(pin, 0) for pin in pins], [queues[pin] for pin in pins]


def _tasks(rows: Iterable[asyncpg.Record]) -> list[TaskRow]:
    return [TaskRow(read_task(row), row["last_seq"], row["number"]) for row in rows]


async def write(
    connection: asyncpg.Connection,
    changes: Changes,
    channel: str,
    payload: str | None,
    timeout: float,
) -> int:
    """Write the changes, and tell the other servers' listeners of them; returns the number of the
    transaction.

    Raises:
        OUTDATED: tasks have other versions than the changes were made for; nothing is written.
    """
    for thread in changes.emptied:
        await connection.execute(
            "DELETE FROM messages WHERE organization_id = $1 AND thread_id = $2", *thread
        )
    for thread in changes.deleted:
        await connection.execute(
            "DELETE FROM threads WHERE organization_id = $1 AND id = $2", *thread
        )
    hour = floor_to_hour(changes.now)
    changed, columns = "tasks", _task_columns(changes.tasks, changes.last)
    if changes.versions is not None:
        changed, columns = "expected_tasks", [*columns, changes.versions]
    parts = {
        changed: columns,
        "new_tasks": _task_columns(changes.new_tasks, changes.new_last),
        "large_fields": _columns(changes.large_fields, 3),
        "gone_fields": _columns(changes.gone_fields, 2),
        "events": _columns(
            [(task_id, event.seq, event.type, event.body) for task_id, event in changes.events], 4
        ),
        "keys": _columns(
            [
                (place, key.key, key.fingerprint, answer, changes.now)
                for place, key, answer in changes.keys
            ],
            5,
        ),
        "new_threads": _thread_columns(changes.new_threads, hour),
        "threads": _thread_columns(changes.threads, hour),
        "lengths": _columns(
            [(each.organization_id, each.id, each.length, hour) for each in changes.lengths], 4
        ),
        "messages": _columns(
            [(*place, number, each.role, each.body) for *place, number, each in changes.messages],
            5,
        ),
        "new_documents": _document_columns(changes.new_documents),
        "documents": _document_columns(changes.documents),
        "reports": _columns(
            [
                (
                    place,
                    each.kind,
                    each.agent_id,
                    each.task_id,
                    each.user_id,
                    changes.now,
                    each.value,
                )
                for place, each in changes.reports
            ],
            7,
        ),
        "unreported": _columns(changes.unreported, 2),
        "audit": _columns(
            [
                (
                    each.organization_id,
                    changes.now,
                    each.actor,
                    each.action,
                    each.target,
                    each.outcome,
                )
                for each in changes.audit
            ],
            6,
        ),
    }
    given = tuple(name for name, columns in parts.items() if columns[0])
    arguments: list[Any] = [channel, payload]
    for name in given:
        arguments += parts[name]
    version: int = await connection.fetchval(_statement(given), *arguments, timeout=timeout)
    return version


@cache
def _statement(parts: tuple[str, ...]) -> str:
    """One statement that writes these parts, each from arrays, and then notifies."""
    number = 2
    written = []
    checked = ""
    for part in parts:
        sql, types = _PARTS[part]
        arrays = []
        for type_ in types:
            number += 1
            arrays.append(f"${number}::{type_}[]")
        unnested = f"unnest({', '.join(arrays)})"
        conditions = []
        if part == "new_tasks":
            # So that a task has no number yet when its transaction has none: `fronts.py` counts on
            # that.
            conditions.append("pg_current_xact_id() IS NOT NULL")
        if checked and "@ AS" not in sql:
            # To count the tasks that had the expected version, they have to be changed first: so
            # their rows are locked before anything else is, as everywhere, and nothing is added
            # that a unique index could refuse before it is known that the versions are right.
            conditions.append(checked)
        if conditions:
            unnested += f" WHERE {' AND '.join(conditions)}"
        written.append(f"{part} AS ({sql.replace('@', unnested)})")
        if part == "expected_tasks":
            checked = f"(SELECT count(*) FROM {part}) = cardinality({arrays[0]})"
    answer = (
        "SELECT pg_current_xact_id()::xid, "
        "CASE WHEN $2::text IS NOT NULL THEN pg_notify($1::text, $2::text)::text END"
    )
    if checked:
        # All that this statement writes must be undone when a task had another version. Only an
        # error does that, and no plain SQL expression raises one of its own: dividing by a false
        # that was made a zero fails as OUTDATED, after the parts above have taken their locks.
        answer += f", 1 / ({checked})::integer"
    return (f"WITH {', '.join(written)} " if written else "") + answer


_NAMES = ", ".join(TASK_FIELDS)
_SET_TASK = (
    f"UPDATE tasks t SET {', '.join(f'{name} = n.{name}' for name in TASK_FIELDS)}, "
    "last_seq = n.last_seq, pruned = false FROM @ AS "
)
_THREAD_NAMES = "organization_id, id, length, user_id, agent_id, document, used_at"
_THREAD_TYPES = ("text", "text", "integer", "text", "text", "bytea", "double precision")
_DOCUMENT_TYPES = ("text", "text", "text", "integer", "bytea")
_PARTS: dict[str, tuple[str, Sequence[str]]] = {
    # In the order of the arrays, so that numbers follow the order of the commands.
    "new_tasks": (
        f"INSERT INTO tasks ({_NAMES}, last_seq) SELECT * FROM @",
        (*TASK_TYPES, "integer"),
    ),
    "tasks": (
        f"{_SET_TASK} n({_NAMES}, last_seq) WHERE t.id = n.id",
        (*TASK_TYPES, "integer"),
    ),
    "expected_tasks": (
        f"{_SET_TASK} n({_NAMES}, last_seq, version) WHERE t.id = n.id AND t.xmin = n.version "
        "RETURNING t.id",
        (*TASK_TYPES, "integer", "xid"),
    ),
    "large_fields": (
        "INSERT INTO large_fields (task_id, name, body) SELECT * FROM @ "
        "ON CONFLICT (task_id, name) DO UPDATE SET body = excluded.body",
        ("text", "text", "bytea"),
    ),
    "gone_fields": (
        "DELETE FROM large_fields WHERE (task_id, name) IN (SELECT * FROM @)",
        ("text", "text"),
    ),
    "events": (
        "INSERT INTO events (task_id, seq, type, body) SELECT * FROM @",
        ("text", "integer", "text", "bytea"),
    ),
    "keys": (
        "INSERT INTO idempotency (organization_id, key, fingerprint, answer, created_at) "
        "SELECT * FROM @",
        ("text", "text", "bytea", "text", "double precision"),
    ),
    "new_threads": (f"INSERT INTO threads ({_THREAD_NAMES}) SELECT * FROM @", _THREAD_TYPES),
    "threads": (
        "UPDATE threads t SET length = n.length, user_id = n.user_id, agent_id = n.agent_id, "
        f"document = n.document, used_at = n.used_at FROM @ AS n({_THREAD_NAMES}) "
        "WHERE t.organization_id = n.organization_id AND t.id = n.id",
        _THREAD_TYPES,
    ),
    "lengths": (
        "UPDATE threads t SET length = n.length, used_at = n.used_at "
        "FROM @ AS n(organization_id, id, length, used_at) "
        "WHERE t.organization_id = n.organization_id AND t.id = n.id",
        ("text", "text", "integer", "double precision"),
    ),
    "messages": (
        "INSERT INTO messages (organization_id, thread_id, place, role, body) SELECT * FROM @",
        ("text", "text", "integer", "text", "bytea"),
    ),
    "new_documents": (
        f"INSERT INTO documents (organization_id, {DOCUMENT}) SELECT * FROM @",
        _DOCUMENT_TYPES,
    ),
    "documents": (
        "UPDATE documents d SET version = n.version, value = n.value "
        f"FROM @ AS n(organization_id, {DOCUMENT}) "
        "WHERE d.organization_id = n.organization_id AND d.kind = n.kind AND d.key = n.key",
        _DOCUMENT_TYPES,
    ),
    "reports": (
        "INSERT INTO reports "
        "(organization_id, kind, agent_id, task_id, user_id, created_at, value) SELECT * FROM @",
        ("text", "text", "text", "text", "text", "double precision", "bytea"),
    ),
    "unreported": (
        "DELETE FROM reports r USING @ AS n(organization_id, task_id) "
        "WHERE r.organization_id = n.organization_id AND r.task_id = n.task_id",
        ("text", "text"),
    ),
    "audit": (
        "INSERT INTO audit (organization_id, created_at, actor, action, target, outcome) "
        "SELECT * FROM @",
        ("text", "double precision", "text", "text", "text", "text"),
    ),
}


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width


def _task_columns(records: Sequence[TaskRecord], last: Sequence[int]) -> list[list[Any]]:
    rows = [(*to_row(record), seq) for record, seq in zip(records, last, strict=True)]
    return _columns(rows, len(TASK_FIELDS) + 1)


def _thread_columns(
    threads: Sequence[tuple[Any, str | None, str | None]], hour: float
) -> list[list[Any]]:
    rows = [
        (
            each.organization_id,
            each.id,
            each.length,
            user_id,
            agent_id,
            each.document,
            0.0 if each.gone else hour,
        )
        for each, user_id, agent_id in threads
    ]
    return _columns(rows, 7)


def _document_columns(documents: Sequence[tuple[str, Any, bytes]]) -> list[list[Any]]:
    rows = [
        (place, each.kind, each.key, each.version, encoded) for place, each, encoded in documents
    ]
    return _columns(rows, 5)


def shorten(topic: str) -> str:
    """Shorten a topic for a notification: two that become the same there only wake too many."""
    return blake2b(topic.encode(), digest_size=6).hexdigest()


def build_payload(topics: Iterable[str]) -> str | None:
    """Put topics into one notification; None without any. Too many are everybody."""
    payload = " ".join(sorted(shorten(topic) for topic in topics))
    if len(payload) > _LONGEST_PAYLOAD:
        return EVERYBODY
    return payload or None

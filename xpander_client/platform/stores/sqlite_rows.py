"""Rows of tasks, events and idempotency keys: what commands of the store in a file are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import attrs
import orjson

from .. import machine
from ..refusal import Refusal
from ..settings import Settings
from .group_commit import Transaction
from .records import Document, IdempotencyKey, NewEvent, TaskRecord
from .store import agent_topic, task_topic

__all__ = [
    "SELECT",
    "SEQ_BITS",
    "SEQ_MASK",
    "UPDATE",
    "document_of",
    "find",
    "first_answer",
    "insert",
    "keep_alive",
    "last_number",
    "record_of",
    "remember",
    "unknown",
    "update",
    "values",
]

# An event's place is its task's number and its own in one integer: a task's events lie side by
# side, in order, and need no other index.
SEQ_BITS = 32
SEQ_MASK = (1 << SEQ_BITS) - 1

_FIELDS = tuple(field.name for field in attrs.fields(TaskRecord))
_COLUMNS = ", ".join(_FIELDS)
values: Callable[[TaskRecord], tuple[Any, ...]] = attrgetter(*_FIELDS)
SELECT = f"SELECT number, {_COLUMNS} FROM tasks"
INSERT = f"INSERT INTO tasks ({_COLUMNS}) VALUES ({', '.join('?' * len(_FIELDS))})"
UPDATE = f"UPDATE tasks SET {', '.join(f'{name} = ?' for name in _FIELDS)} WHERE number = ?"


def unknown(task_id: str) -> Refusal:
    """What to raise when there is no such task."""
    return Refusal(404, f"there is no task {task_id}")


def record_of(row: Sequence[Any]) -> tuple[int, TaskRecord]:
    """A task's number and the task, from a row that `SELECT` gives."""
    number, *values = row
    return number, TaskRecord(**dict(zip(_FIELDS, values, strict=True)))


def document_of(row: Sequence[Any]) -> Document:
    """A document from its kind, key, version and value."""
    kind, key, version, value = row
    return Document(kind, key, version, orjson.loads(value))


def find(tx: Transaction, organization_id: str, task_id: str) -> tuple[int, TaskRecord]:
    """A task's number and the task.

    Raises:
        Refusal: 404, there is none in the organization.
    """
    row = tx.execute(
        f"{SELECT} WHERE id = ? AND organization_id = ?", (task_id, organization_id)
    ).fetchone()
    if row is None:
        raise unknown(task_id)
    return record_of(row)


def last_number(tx: Transaction, number: int) -> int:
    """The number of the task's last event."""
    base = number << SEQ_BITS
    [last] = tx.execute(
        "SELECT max(place) FROM events WHERE place > ? AND place <= ?", (base, base + SEQ_MASK)
    ).fetchone()
    return (last or 0) & SEQ_MASK


def insert(tx: Transaction, outcome: machine.Outcome) -> None:
    """Write a new task."""
    number = tx.execute(INSERT, values(outcome.record)).lastrowid
    assert number is not None
    _append(tx, number, 0, outcome.events)
    _tell(tx, outcome)


def update(tx: Transaction, number: int, before: TaskRecord, outcome: machine.Outcome) -> int:
    """Write what changed; returns the number of the task's last event."""
    record = outcome.record
    if record is not before:
        tx.execute(UPDATE, (*values(record), number))
    last_seq = last_number(tx, number)
    if outcome.events:
        last_seq = _append(tx, number, last_seq, outcome.events)
    _tell(tx, outcome)
    return last_seq


def keep_alive(
    tx: Transaction,
    number: int,
    record: TaskRecord,
    attempt: int | None,
    *,
    now: float,
    settings: Settings,
) -> TaskRecord:
    """Give the task's lease a new term, because its holder did something.

    Raises:
        Refusal: 409, the attempt does not hold the task. Nothing has been written then.
    """
    if attempt is None:
        return record
    alive = machine.sign_of_life(
        record, attempt, now=now, lease=settings.lease, loop_lease=settings.loop_lease
    )
    if alive is not record:
        # Only this column: the task's document may be large.
        tx.execute("UPDATE tasks SET lease_until = ? WHERE number = ?", (alive.lease_until, number))
    return alive


def _append(tx: Transaction, number: int, last_seq: int, events: Sequence[NewEvent]) -> int:
    first = (number << SEQ_BITS) + last_seq + 1
    for place, event in enumerate(events, first):
        tx.execute(
            "INSERT INTO events (place, type, body) VALUES (?, ?, ?)",
            (place, event.type, event.body),
        )
    return last_seq + len(events)


def _tell(tx: Transaction, outcome: machine.Outcome) -> None:
    record = outcome.record
    if outcome.events:
        tx.topics.add(task_topic(record.id))
    if record.status == "pending" and record.worker_id is None:
        tx.topics.add(agent_topic(record.organization_id, record.agent_id))


def first_answer(tx: Transaction, organization_id: str, key: IdempotencyKey | None) -> str | None:
    """What the first request with this key made, if there was one."""
    if key is None:
        return None
    row = tx.execute(
        "SELECT fingerprint, answer FROM idempotency WHERE organization_id = ? AND key = ?",
        (organization_id, key.key),
    ).fetchone()
    if row is None:
        return None
    if row[0] != key.fingerprint:
        raise Refusal(422, "this idempotency key was used for another request")
    return str(row[1])


def remember(
    tx: Transaction,
    organization_id: str,
    key: IdempotencyKey | None,
    answer: str,
    now: float,
) -> str | None:
    """Keep what the first request with this key made; returns what an earlier one made, if any."""
    if key is None:
        return None
    written = tx.execute(
        "INSERT INTO idempotency (organization_id, key, fingerprint, answer, created_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (organization_id, key.key, key.fingerprint, answer, now),
    )
    return None if written.rowcount else first_answer(tx, organization_id, key)

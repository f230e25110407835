"""What of a task's JSON is kept apart, so that a change costs what changed.

A task may have an input of megabytes, and a progress of four bytes that changes ten times a second.
So each field that is large is stored by itself, is written when it changes and read when somebody
asks for all of the task. The rules of a task's life see a `LargeField` in its place, which says no
more than whether it changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import attrs
import orjson

from .stores.records import LARGE, TaskRecord

__all__ = ["LargeField", "divide", "fields_of", "is_left_out", "is_same"]

_NEVER_APART = frozenset(
    {
        *("id", "organization_id", "agent_id", "status", "created_at", "execution_attempts"),
        *("internal_status", "parent_execution", "triggering_agent_id", "sub_executions"),
        *("conversation_id", "memory_thread_id", "worker_id", "worker_pool"),
    }
)
"""What the platform itself goes by."""

_LONGEST_NAME = 100


@attrs.frozen
class LargeField:
    """Stands for the value of a large field. `shown` is what there is of it in the outline."""

    digest: str
    shown: Any = None


def fields_of(record: TaskRecord) -> dict[str, Any]:
    """The task's fields, without those that are large being read; each call makes a new dict."""
    task = record.outline()
    if record.large is None:
        return task
    for name, digest in record.digests.items():
        task[name] = LargeField(digest, task.get(name))
    return task


def divide(task: Mapping[str, Any], before: TaskRecord | None) -> dict[str, Any]:
    """What a record has of these fields: its `document`, `large` and `bodies`. Bodies of fields
    that stay as they are come from the record before, as far as they were read.
    """
    if before is None or before.large is None:
        document = orjson.dumps(task)
        if len(document) <= LARGE:
            return {"document": document, "large": None}
    bodies = before.bodies if before is not None else {}
    small = {name: value for name, value in task.items() if value.__class__ is not LargeField}
    digests: dict[str, str] = {}
    apart: dict[str, bytes] = {}
    for name, value in task.items():
        if isinstance(value, LargeField):
            digests[name] = value.digest
            if name in bodies:
                apart[name] = bodies[name]
            if value.shown is not None:
                small[name] = value.shown
        elif len(body := orjson.dumps(value)) > LARGE and _may_be_apart(name):
            digests[name] = _digest(value)
            apart[name] = body
            del small[name]
            if name == "input" and isinstance(value, dict):
                # No task is without one on the wire.
                small[name] = {
                    part: each for part, each in value.items() if len(orjson.dumps(each)) <= LARGE
                }
    return {
        "document": orjson.dumps(small),
        "large": orjson.dumps(digests).decode() if digests else None,
        "bodies": apart,
    }


def is_same(stored: Any, said: Any) -> bool:
    """Whether a field's value is the stored one."""
    if isinstance(stored, LargeField):
        return bool(said) and _digest(said) == stored.digest
    # Clients that send whole tasks send empty lists and zeros for what was never set.
    return bool((stored or None) == (said or None))


def is_left_out(stored: Any, said: Any) -> bool:
    """Whether a client that saves a whole task had it from an event, where this field was left out:
    it says nothing in all places that an event doesn't show.
    """
    if not isinstance(stored, LargeField):
        return False
    if isinstance(stored.shown, dict) and isinstance(said, dict):
        return {part for part, value in said.items() if value} <= stored.shown.keys()
    return not said


def _may_be_apart(name: str) -> bool:
    return name not in _NEVER_APART and len(name) <= _LONGEST_NAME and name.isprintable()


def _digest(value: Any) -> str:
    # The order of an object's members says nothing.
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()

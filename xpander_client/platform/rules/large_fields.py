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

from xpander_client.platform.rules.records import LARGE, TaskRecord

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
    """Stands for the value of a large field. `shown` is what there is of it in the outline, `body`
    its JSON if that was read.
    """

    digest: str
    shown: Any = None
    body: bytes | None = attrs.field(default=None, eq=False)


def read_fields(record: TaskRecord) -> dict[str, Any]:
    """Return the task's fields, without those that are large being read; each call makes a new
    dict.
    """
    task = record.outline()
    if record.large is None:
        return task
    for name, digest in record.digests.items():
        task[name] = LargeField(digest, task.get(name), record.bodies.get(name))
    return task


def divide(task: Mapping[str, Any], before: TaskRecord | None) -> dict[str, Any]:
    """Divide what a record has of these fields that was `before`: its `document`, `large` and
    `bodies`.
    """
    if (before is None or before.large is None) and not _has_long_text(task):
        document = orjson.dumps(task)
        if len(document) <= LARGE:
            return {"document": document, "large": None}
    small = {name: value for name, value in task.items() if value.__class__ is not LargeField}
    digests: dict[str, str] = {}
    apart: dict[str, bytes] = {}
    for name, value in task.items():
        if isinstance(value, LargeField):
            digests[name] = value.digest
            if value.body is not None:
                apart[name] = value.body
            if value.shown is not None:
                small[name] = value.shown
        elif len(body := orjson.dumps(value)) > LARGE and _may_be_apart(name):
            digests[name] = _digest(body)
            apart[name] = body
            del small[name]
            if name == "input" and isinstance(value, dict):
                # No task is without one on the wire.
                small[name] = {part: each for part, each in value.items() if not _is_large(each)}
    return {
        "document": orjson.dumps(small),
        "large": orjson.dumps(digests).decode() if digests else None,
        "bodies": apart,
    }


def is_same(stored: Any, said: Any) -> bool:
    """Tell whether a field's value is the stored one."""
    if isinstance(stored, LargeField):
        if not said:
            return False
        if _digest(orjson.dumps(said)) == stored.digest:
            return True
        # The order of an object's members says nothing.
        return stored.body is not None and bool(orjson.loads(stored.body) == said)
    # Clients that send whole tasks send empty lists and zeros for what was never set.
    return bool((stored or None) == (said or None))


def is_left_out(stored: Any, said: Any) -> bool:
    """Tell whether a client that saves a whole task had it from an event, where this field was left
    out: it says nothing in all places that an event doesn't show.
    """
    if not isinstance(stored, LargeField):
        return False
    if isinstance(stored.shown, dict) and isinstance(said, dict):
        return {part for part, value in said.items() if value} <= stored.shown.keys()
    return not said


def _may_be_apart(name: str) -> bool:
    return name not in _NEVER_APART and len(name) <= _LONGEST_NAME and name.isprintable()


def _has_long_text(task: Mapping[str, Any]) -> bool:
    """Tell whether a field is large at first sight, without encoding anything."""
    given = task.get("input")
    text = given.get("text") if isinstance(given, dict) else None
    return any(isinstance(value, str) and len(value) > LARGE for value in (text, *task.values()))


def _is_large(value: Any) -> bool:
    if isinstance(value, str) and len(value) > LARGE:
        return True
    return len(orjson.dumps(value)) > LARGE


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()

"""Events as streaming handlers yield them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from xpander_client import Task, TaskUpdateEvent, TaskUpdateEventType


def event(task: Task, kind: TaskUpdateEventType, data: Any) -> TaskUpdateEvent:
    """An event of a task."""
    return TaskUpdateEvent(
        type=kind,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.now(UTC),
        data=data,
    )


def chunk(task: Task, text: Any) -> TaskUpdateEvent:
    """A piece of text."""
    return event(task, TaskUpdateEventType.Chunk, text)


def finished(task: Task, data: Any) -> TaskUpdateEvent:
    """The last event of a stream."""
    return event(task, TaskUpdateEventType.TaskFinished, data)

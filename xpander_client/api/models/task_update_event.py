"""`TaskUpdateEvent`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .message_identity import MessageIdentity
from .task_notification import TaskNotification
from .task_update_event_type import TaskUpdateEventType


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskUpdateEvent(Model):
    """Something that happened to a task.

    What `data` is depends on `type`: the task itself for the task events, text for `chunk`, a tool
    call, a plan, the numbers of a `gap`. Data that is not what its type promises is kept as it
    came. Each type whose data is known has a class that `match` and `isinstance` tell it by, and
    type checkers its data: `ChunkEvent` is a `chunk` with a text.

    A task event does not repeat what is large and did not change: fields of more than 4 KB are in
    the event that tells of their change, and the result in `task_finished`. Of a large input there
    is what is small in it. `load` gets all of the task.
    """

    type: TaskUpdateEventType
    """The event's type."""
    task_id: str
    """The task's id."""
    organization_id: str
    """The organization that the task belongs to."""
    time: datetime.datetime
    """When it happened."""
    data: Any = attrs.field(default=None, metadata={"always": True})
    """The event's data."""
    identity: MessageIdentity | None = None
    """As whom the agent speaks."""
    notification: TaskNotification | None = None
    """On a `task_updated`: what the task was told."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

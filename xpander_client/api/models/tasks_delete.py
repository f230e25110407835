"""`TasksDelete`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .agent_execution_status import AgentExecutionStatus


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TasksDelete(Model):
    """Which tasks to delete, and how."""

    agent_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """Only tasks of this agent."""
    user_id: str | None = attrs.field(
        default=None, metadata={"bounds": {"maxLength": 255, "pattern": "^[^\\u0000]*$"}}
    )
    """Only tasks of this user."""
    parent_task_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """Only tasks that this task started."""
    status: AgentExecutionStatus | None = None
    """Only tasks in this status."""
    finished_before: datetime.datetime | None = None
    """Only tasks that have not changed since."""
    stop: bool | None = None
    """Stop those first that are not finished."""
    with_threads: bool | None = None
    """Delete the threads that they were talked about in as well."""
    cursor: str | None = attrs.field(
        default=None, metadata={"bounds": {"pattern": "^[0-9]{1,18}$"}}
    )
    """Where to go on, the `cursor` of the answer before."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

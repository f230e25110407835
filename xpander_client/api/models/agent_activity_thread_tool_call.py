"""`AgentActivityThreadToolCall`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .tool_call_request_reasoning import ToolCallRequestReasoning


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentActivityThreadToolCall(Model):
    """A tool that was called, and what it answered."""

    id: str
    """The entry's id."""
    created_at: datetime.datetime
    """When it happened."""
    tool_name: str
    """The tool's name."""
    payload: Any
    """The tool's arguments."""
    is_error: bool | None = False
    """Whether it failed."""
    reasoning: ToolCallRequestReasoning | None = None
    """Why."""
    result: Any = None
    """The tool's result."""
    plan_task_id: str | None = None
    """The step of the plan that it is for."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

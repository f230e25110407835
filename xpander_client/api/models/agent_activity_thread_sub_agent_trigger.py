"""`AgentActivityThreadSubAgentTrigger`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .tool_call_request_reasoning import ToolCallRequestReasoning


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentActivityThreadSubAgentTrigger(Model):
    """Another agent that was asked."""

    id: str
    """The entry's id."""
    created_at: datetime.datetime
    """When it happened."""
    agent_id: str
    """The other agent."""
    reasoning: ToolCallRequestReasoning
    """Why."""
    query: str | None = None
    """The prompt."""
    files: list[str] | None = None
    """Addresses of files that went with it."""
    plan_task_id: str | None = None
    """The step of the plan that it is for."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

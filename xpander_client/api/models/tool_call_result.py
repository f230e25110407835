"""`ToolCallResult`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .tool_call_request_reasoning import ToolCallRequestReasoning


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ToolCallResult(Model):
    """The result of a tool call."""

    request_id: str
    """The call's id."""
    operation_id: str
    """The tool's id."""
    tool_call_id: str | None = None
    """The model's id of the call."""
    graph_node_id: str | None = None
    """The node of the agent's graph."""
    tool_name: str | None = None
    """The tool's name."""
    payload: Any = None
    """The tool's arguments."""
    reasoning: ToolCallRequestReasoning | None = None
    """Why."""
    plan_task_id: str | None = None
    """The step of the plan that it is for."""
    result: Any = None
    """The answer."""
    is_error: bool | None = False
    """Whether the tool failed."""
    approval_request_id: str | None = None
    """The approval that the call waits for."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`ThreadMessage`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .thread_tool_call import ThreadToolCall


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ThreadMessage(Model):
    """One message of a thread."""

    role: str = attrs.field(metadata={"bounds": {"maxLength": 255, "pattern": "^[^\\u0000]*$"}})
    """`system`, `user`, `assistant` or `tool`."""
    content: str | None = None
    """The text of the message."""
    tool_call_id: str | None = None
    """In a tool's message: the call that it answers."""
    tool_calls: list[ThreadToolCall] | None = None
    """The tools that the model called."""
    node_name: str | None = None
    """Which node of the agent's graph wrote it."""
    completion_response: Any = None
    """The model's whole answer, where it was kept."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

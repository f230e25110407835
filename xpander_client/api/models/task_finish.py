"""`TaskFinish`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .agent_execution_status import AgentExecutionStatus


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskFinish(Model):
    """How a task ended."""

    status: AgentExecutionStatus
    """How it ended."""
    result: str | dict[str, Any] | list[Any] | None = None
    """What came out, or the error's text. What is no text is kept as its JSON."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

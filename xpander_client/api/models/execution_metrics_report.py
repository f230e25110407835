"""`ExecutionMetricsReport`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .execution_tokens import ExecutionTokens
from .source_node_type import SourceNodeType


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ExecutionMetricsReport(Model):
    """What running a task took."""

    execution_id: str = attrs.field(
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}}
    )
    """The task's id."""
    source: SourceNodeType | str
    """How the task was submitted, for example by the SDK or a webhook."""
    memory_thread_id: str
    """The conversation's id."""
    task: str
    """The prompt."""
    status: str
    """The current status."""
    duration: float = attrs.field(metadata={"bounds": {"minimum": 0, "maximum": 100000000000}})
    """The running time in seconds."""
    ai_model: str
    """The model that answered."""
    sub_executions: list[str] | None = None
    """The tasks that it started."""
    triggered_by: str | None = None
    """The caller or system that triggered it."""
    skills: list[str] | None = None
    """The skills that were used."""
    internal_status: str | None = attrs.field(
        default=None, metadata={"bounds": {"maxLength": 255, "pattern": "^[^\\u0000]*$"}}
    )
    """The platform's own name for the current status."""
    worker: str | None = None
    """The worker that ran it."""
    ai_employee_id: str | None = None
    """The agent's id as an employee."""
    api_calls_made: list[Any] | None = None
    """The calls that were made: names of tools, or more about each."""
    result: str | None = attrs.field(default=None, metadata={"always": True})
    """The result."""
    llm_tokens: ExecutionTokens | None = None
    """The tokens that models used."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

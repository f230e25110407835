"""`TaskReportRequest`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .tokens import Tokens


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskReportRequest(Model):
    """A task that was run elsewhere."""

    id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The task's id; a new one when there is none."""
    input: str | None = None
    """The prompt."""
    llm_response: Any = None
    """The model's answer."""
    tokens: Tokens | None = None
    """The tokens that models used for the task."""
    is_success: bool | None = True
    """Whether it succeeded. The platform takes it for a success when not given."""
    result: str | None = None
    """The result."""
    duration: float | None = attrs.field(
        default=None, metadata={"bounds": {"minimum": 0, "maximum": 100000000000}}
    )
    """The running time in seconds."""
    used_tools: list[str] | None = None
    """The tools that were called."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`LLMUsageReport`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class LLMUsageReport(Model):
    """What one call of a model took."""

    provider: str
    """The provider of the model."""
    model: str
    """The model."""
    prompt_tokens: int
    """Tokens read."""
    completion_tokens: int
    """Tokens written."""
    total_tokens: int
    """Tokens read and written together."""
    source_node_type: str | None = None
    """How the task was submitted, for example by the SDK or a webhook."""
    finish_reason: str | None = None
    """Why the model ended its answer."""
    duration: float | None = attrs.field(
        default=None, metadata={"bounds": {"minimum": 0, "maximum": 100000000000}}
    )
    """How long it took, in seconds."""
    function_name: list[str] | None = None
    """The tools that the model called."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`ThreadToolCall`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ThreadToolCall(Model):
    """A tool that a model called."""

    name: str
    """The tool's name, as the model wrote it."""
    payload: str
    """The arguments, as JSON text."""
    tool_call_id: str
    """The model's id of the call."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

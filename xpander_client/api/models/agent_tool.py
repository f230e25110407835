"""`AgentTool`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentTool(Model):
    """A tool that an agent may call."""

    id: str
    """The tool's id."""
    name: str
    """The tool's name."""
    method: str | None = None
    """The HTTP method behind it."""
    path: str | None = None
    """The path behind it."""
    description: str | None = None
    """What it does."""
    parameters: dict[str, Any] | None = None
    """The JSON Schema of its payload."""
    connector_id: str | None = None
    """The connector that it belongs to."""
    operation_id: str | None = None
    """The connector's id of it."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

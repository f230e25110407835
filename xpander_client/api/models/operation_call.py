"""`OperationCall`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class OperationCall(Model):
    """The arguments of a tool call."""

    body_params: dict[str, Any] | None = None
    """The fields of the tool's body."""
    path_params: dict[str, Any] | None = None
    """The variables of the tool's path."""
    query_params: dict[str, Any] | None = None
    """The tool's query."""
    headers: dict[str, Any] | None = None
    """The tool's headers."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`AgentActivityThreadAuth`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AgentActivityThreadAuth(Model):
    """An authorization that was asked for or given."""

    id: str
    """The entry's id."""
    created_at: datetime.datetime
    """When it happened."""
    type: str
    """`not_supported`, `login_required`, `token_issue` or `token_ready`."""
    data: dict[str, Any]
    """More about it."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

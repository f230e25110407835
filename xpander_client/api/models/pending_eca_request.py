"""`PendingECARequest`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

__all__ = ["PendingECARequest"]


@attrs.define(kw_only=True, slots=True)
class PendingECARequest(Model):
    """An authorization that a task waits for."""

    connector_name: str
    """What is to be authorized."""
    auth_url: str
    """Where to authorize it."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

"""`PendingECARequest`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class PendingECARequest(Model):
    """An authorization that a task waits for."""

    connector_name: str
    """The name of the connector to authorize."""
    auth_url: str
    """The URL for the authorization."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`ThreadCreate`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ThreadCreate(Model):
    """What a thread begins with."""

    id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The thread's id; a new one when there is none."""
    organization_id: str | None = None
    """The organization that it belongs to."""
    user_details: dict[str, Any] | None = None
    """The person it is led with."""
    metadata: dict[str, Any] | None = None
    """Whatever was kept with it."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

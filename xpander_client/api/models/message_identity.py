"""`MessageIdentity`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class MessageIdentity(Model):
    """As whom an agent speaks."""

    name: str
    """The name to show."""
    icon: str | None = None
    """The picture to show."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

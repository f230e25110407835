"""`ConnectionUri`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["ConnectionUri"]


@attrs.define(kw_only=True, slots=True)
class ConnectionUri:
    """How to connect to a database."""

    uri: str = attrs.field(repr=False)
    """The address, with what opens it."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

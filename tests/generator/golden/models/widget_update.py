"""`WidgetUpdate`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .colour import Colour


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class WidgetUpdate(Model):
    """The fields that change."""

    name: str | None = None
    """What it is called."""
    colour: Colour | None = None
    """What it looks like."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

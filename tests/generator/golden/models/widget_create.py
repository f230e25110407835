"""`WidgetCreate`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .colour import Colour
from .part import Part


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class WidgetCreate(Model):
    """What a widget is made from."""

    name: str
    """What it is called."""
    colour: Colour | None = None
    """What a widget looks like."""
    weight: float | None = None
    """In grams."""
    note: str | None = attrs.field(default=None, metadata={"always": True})
    """A remark."""
    part: Part | None = None
    """Its main part."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`Part`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Part(Model):
    """A part, which may be made of others."""

    title: str
    """A title that says "part", with a \\ in it."""
    parts: list[Part] | None = attrs.field(factory=list["Part"])
    """What it is made of."""
    maker: Maker | None = None
    """Who made it."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""


# These use Part in turn, so it has to exist before they are imported.
from .maker import Maker  # noqa: E402

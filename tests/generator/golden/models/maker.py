"""`Maker`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Maker(Model):
    """Who makes parts."""

    id: str | int
    """The maker's id."""
    favourite: Part | None = None
    """The part that the maker likes best."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""


# These use Maker in turn, so it has to exist before they are imported.
from .part import Part  # noqa: E402

"""`Principal`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .principal_kind import PrincipalKind


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Principal(Model):
    """Who created the task, and how the platform knows them."""

    kind: PrincipalKind
    """How a caller is known to the platform."""
    id: str
    """The caller's id, without spaces and colons."""
    email: str | None = None
    """The caller's e-mail address."""
    display_name: str | None = None
    """The name to show."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

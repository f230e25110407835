"""`TaskProgress`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskProgress(Model):
    """How far a task is."""

    percent: float | None = None
    """How much of it is done, from 0 to 100."""
    message: str | None = None
    """What it does now."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

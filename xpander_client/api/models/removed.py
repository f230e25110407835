"""`Removed`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Removed(Model):
    """The number of tasks and threads deleted."""

    tasks: int
    """How many tasks."""
    threads: int
    """How many threads."""
    more: bool
    """Whether there is more of what was asked for."""
    cursor: str | None = None
    """Where to go on, when there is more."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

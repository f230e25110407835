"""`ExecutionTokens`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .tokens import Tokens


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class ExecutionTokens(Model):
    """The tokens that models used for a task, on the platform and in the worker."""

    inner: Tokens | None = None
    """On the platform."""
    worker: Tokens | None = None
    """In the worker."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`Error`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

__all__ = ["Error"]


@attrs.define(kw_only=True, slots=True)
class Error(Model):
    """What is wrong with a request."""

    detail: str
    """What is wrong."""
    path: str | None = None
    """Where in the body, like `$.input.files[1]`."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

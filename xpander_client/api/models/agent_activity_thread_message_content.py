"""`AgentActivityThreadMessageContent`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

__all__ = ["AgentActivityThreadMessageContent"]


@attrs.define(kw_only=True, slots=True)
class AgentActivityThreadMessageContent(Model):
    """What was said."""

    text: str | None = None
    """The text."""
    files: list[str] | None = None
    """Addresses of files."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

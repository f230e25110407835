"""`Error`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Error(Model):
    """What is wrong with a request."""

    detail: str
    """The reason for the refusal."""
    path: str | None = None
    """Where in the body, like `$.input.files[1]`."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`User`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class User(Model):
    """The person on whose behalf a task runs."""

    email: str
    """The person's e-mail address."""
    id: str | None = attrs.field(
        default=None, metadata={"bounds": {"maxLength": 255, "pattern": "^[^\\u0000]*$"}}
    )
    """The person's id."""
    first_name: str | None = None
    """The first name."""
    last_name: str | None = None
    """The last name."""
    additional_attributes: dict[str, Any] | None = None
    """Whatever else the agent should know about the person."""
    timezone: str | None = None
    """The time zone's IANA name, like `Europe/Berlin`."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

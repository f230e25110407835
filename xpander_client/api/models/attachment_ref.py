"""`AttachmentRef`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .attachment_kind import AttachmentKind


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class AttachmentRef(Model):
    """A file that goes with a task, and what is known about it."""

    url: str
    """The file's URL."""
    name: str | None = None
    """The file's name."""
    mime: str | None = None
    """The media type, like `text/csv`."""
    size: int | None = None
    """The size in bytes."""
    kind: AttachmentKind | None = None
    """The kind of file."""
    sha256: str | None = None
    """The SHA-256 of the content in hexadecimal."""
    expires_at: str | None = None
    """Until when the address works, an ISO 8601 time."""
    source: str | None = None
    """Where the file came from."""
    transcript: str | None = None
    """The text that was read from the file."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

"""`AttachmentKind`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum


class AttachmentKind(OpenStrEnum):
    """The kind of an attached file."""

    image = "image"
    pdf = "pdf"
    document = "document"
    text = "text"
    audio = "audio"
    video = "video"
    archive = "archive"
    unknown = "unknown"

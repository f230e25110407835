"""`AttachmentKind`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["AttachmentKind"]


class AttachmentKind(OpenStrEnum):
    """What an attached file is, roughly."""

    image = "image"
    pdf = "pdf"
    document = "document"
    text = "text"
    audio = "audio"
    video = "video"
    archive = "archive"
    unknown = "unknown"

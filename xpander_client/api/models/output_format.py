"""`OutputFormat`, as it goes over the wire."""

from __future__ import annotations

from xpander_client.core.enums import OpenStrEnum

__all__ = ["OutputFormat"]


class OutputFormat(OpenStrEnum):
    """What kind of text a task's result is."""

    Text = "text"
    """Plain text."""
    Markdown = "markdown"
    """Markdown."""
    Json = "json"
    """A JSON document, as the task's `output_schema` has it."""
    Voice = "voice"
    """The address of an audio file."""

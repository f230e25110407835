"""`OutputFormat`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class OutputFormat(OpenStrEnum):
    """The format of a task's result."""

    Text = "text"
    """Plain text."""
    Markdown = "markdown"
    """Markdown."""
    Json = "json"
    """A JSON document, as the task's `output_schema` has it."""
    Voice = "voice"
    """The address of an audio file."""


OutputFormatLiteral: TypeAlias = Literal["text", "markdown", "json", "voice"]
"""The values of `OutputFormat` as texts, which calls take as well."""

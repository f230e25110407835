"""`Tokens`, as it goes over the wire."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from xpander_client.core.model import Model

__all__ = ["Tokens"]


@attrs.define(kw_only=True, slots=True)
class Tokens(Model):
    """What a model read and wrote."""

    completion_tokens: int | None = attrs.field(
        default=0, metadata={"bounds": {"minimum": -9007199254740991, "maximum": 9007199254740991}}
    )
    """Tokens written."""
    prompt_tokens: int | None = attrs.field(
        default=0, metadata={"bounds": {"minimum": -9007199254740991, "maximum": 9007199254740991}}
    )
    """Tokens read."""
    cache_read_tokens: int | None = attrs.field(
        default=0, metadata={"bounds": {"minimum": -9007199254740991, "maximum": 9007199254740991}}
    )
    """Tokens read from the provider's cache."""
    cache_write_tokens: int | None = attrs.field(
        default=0, metadata={"bounds": {"minimum": -9007199254740991, "maximum": 9007199254740991}}
    )
    """Tokens written to the provider's cache."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """What the platform sent besides, by its names on the wire. It is sent back."""

    __computed__: ClassVar[frozenset[str]] = frozenset({"total_tokens"})

    @property
    def total_tokens(self) -> int:
        """Tokens read and written together, cached ones not counted again."""
        return (self.completion_tokens or 0) + (self.prompt_tokens or 0)

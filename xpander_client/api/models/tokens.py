"""`Tokens`, as it goes over the wire."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from xpander_client.core.model import Model
from xpander_client.lacking import refuse_keywords


@attrs.define(kw_only=True, slots=True, eq=False, repr=False, init=False)
class Tokens(Model):
    """The tokens that a model used."""

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
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

    __computed__: ClassVar[frozenset[str]] = frozenset({"total_tokens"})

    def __init__(
        self,
        *,
        completion_tokens: int | None = 0,
        prompt_tokens: int | None = 0,
        cache_read_tokens: int | None = 0,
        cache_write_tokens: int | None = 0,
        additional_properties: dict[str, Any] | None = None,
        total_tokens: int | None = None,
        **lacking: None,
    ) -> None:
        if lacking:
            refuse_keywords("Tokens", lacking)
        # Programs give what is worked out, too: it says nothing new.
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]  # attrs makes it
            completion_tokens=completion_tokens,
            prompt_tokens=prompt_tokens,
            cache_read_tokens=cache_read_tokens,
            cache_write_tokens=cache_write_tokens,
            additional_properties={} if additional_properties is None else additional_properties,
        )

    @property
    def total_tokens(self) -> int:
        """Tokens read and written together, cached ones not counted again."""
        return (self.completion_tokens or 0) + (self.prompt_tokens or 0)

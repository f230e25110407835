"""What a model is asked, in the words of no provider."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import attrs


@attrs.frozen
class Image:
    """A picture that a model looks at: the bytes of a file, and which kind of file it is."""

    media_type: str
    data: bytes = attrs.field(repr=lambda data: f"<{len(data)} bytes>")


def _parts(parts: str | Iterable[str | Image]) -> tuple[str | Image, ...]:
    return (parts,) if isinstance(parts, str) else tuple(parts)


@attrs.frozen
class Message:
    """One message of a conversation; its parts are texts and images, in order, or one text.

    Example:
        >>> Message("user", "What is 6 * 7?").text
        'What is 6 * 7?'
    """

    role: Literal["system", "user", "assistant"]
    parts: tuple[str | Image, ...] = attrs.field(converter=_parts)

    @property
    def text(self) -> str:
        """The texts of the message, without its images."""
        return "\n".join(part for part in self.parts if isinstance(part, str))

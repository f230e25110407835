"""Names as models and their providers take them."""

from __future__ import annotations

import hashlib
import re

import attrs

_DIGEST = 8
"""Hex digits behind a name that had to be changed, so that two never become one."""


@attrs.frozen
class WireNames:
    """Which names may stand in a request, and what becomes of others."""

    refused: str
    """The characters that are replaced, as a class of a regular expression; may be empty."""
    length: int
    start: str = ""
    """What the first character has to be, as an expression; anything, if empty."""

    def apply(self, text: str) -> str:
        """Return `text` if it is legal, otherwise a legal text made from it alone."""
        legal = re.sub(self.refused, "_", text) if self.refused else text
        if not legal or (self.start and not re.match(self.start, legal)):
            legal = f"a{legal}"
        if legal == text and len(legal) <= self.length:
            return text
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        return f"{legal[: self.length - _DIGEST - 1]}_{digest}"


WIRE_NAMES = WireNames("[^A-Za-z0-9_-]", 64)
"""What most providers take."""

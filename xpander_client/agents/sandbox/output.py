"""What a block prints and shows, up to a bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Printed:
    """Collects a block's output, and tells it on while it comes."""

    def __init__(self, most: int, tell: Callable[[Any], None] | None) -> None:
        self._most = most
        self._tell = tell
        self._parts: list[Any] = []
        self._texts: list[str] = []
        self._length = 0
        self._left_out = 0
        self._error: BaseException | None = None

    def add(self, stream: str, text: str) -> None:
        """Add printed text, as it comes from the sandbox."""
        kept = text[: max(0, self._most - self._length)]
        self._length += len(kept)
        self._left_out += len(text) - len(kept)
        if kept:
            self._texts.append(kept)
            self._write(kept)

    def view(self, image: Any) -> None:
        """Something that is shown as it is."""
        self._end_text()
        self._parts.append(image)
        self._write(image)

    def check(self) -> None:
        """Raise what the one who was told raised: the sandbox's own thread could not."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def finish(self) -> tuple[Any, ...]:
        """Return all of it, with a note of how much was left out."""
        if self._left_out and self._most:
            note = f"\n[... {self._left_out} more characters left out]\n"
            self._left_out = 0
            self._texts.append(note)
            self._write(note)
        self._end_text()
        return tuple(self._parts)

    def _end_text(self) -> None:
        if self._texts:
            self._parts.append("".join(self._texts))
            self._texts.clear()

    def _write(self, part: Any) -> None:
        if self._tell is not None and self._error is None:
            try:
                self._tell(part)
            except BaseException as error:
                self._error = error

"""Values as text that a model reads: never longer than a budget, and it says what it left out."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import islice
from typing import Any

from xpander_client.agents.types.messages import Image

BUDGET = 4_000
"""Characters of a value."""
_ITEMS = 40
"""Items of a container that are shown, and how deep containers are followed."""
_DEPTH = 5
_LARGEST_SIDE = 1568
"""Pixels."""

_KINDS = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


def cut(text: str, budget: int) -> str:
    """Cut the text to as much of it as there is room for, and say how much is missing.

    Example:
        >>> cut("abcdefgh", 3)
        'abc… [5 of 8 characters left out]'
    """
    if len(text) <= budget:
        return text
    return f"{text[:budget]}… [{len(text) - budget:,} of {len(text):,} characters left out]"


def render(value: Any, budget: int = BUDGET) -> str:
    """Write a value as Python would; what is long is shown in part, with its length.

    Example:
        >>> render(list(range(1000)), 30)
        '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9,… [153 of 183 characters left out]'
        >>> render("x" * 5000, 10)
        "'xxxxxxxxxx' + … [4,990 of 5,000 characters left out]"
    """
    if isinstance(value, str | bytes):
        # Escapes may make it longer than it is.
        return cut(_of_text(value, budget), 2 * budget + 100)
    return cut(_text(value, budget, _DEPTH), budget)


def make_picture(value: Any) -> Image | None:
    """Return what a model can look at: an image object that saves itself, or the bytes of an image
    file.

    None when it is neither.
    """
    if isinstance(value, Image):
        return value
    if isinstance(value, bytes):
        kinds = (kind for start, kind in _KINDS.items() if value.startswith(start))
        return next((Image(kind, value) for kind in kinds), None)
    if not hasattr(value, "size") and not hasattr(value, "savefig"):
        return None
    for convert in (_as_png, _as_rgb_png, _as_figure):
        try:
            return Image("image/png", convert(value))
        except Exception:  # another kind of object, or one that has no such form
            continue
    return None


def _as_png(value: Any) -> bytes:
    """Save PIL's images; large ones are made smaller, as models see no more of them anyway."""
    if max(value.size) > _LARGEST_SIDE:
        value = value.copy()
        value.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    file = io.BytesIO()
    value.save(file, format="PNG")
    return file.getvalue()


def _as_rgb_png(value: Any) -> bytes:
    """Save images with colours that the file format does not have."""
    return _as_png(value.convert("RGB"))


def _as_figure(value: Any) -> bytes:
    """Save matplotlib's figures."""
    file = io.BytesIO()
    value.savefig(file, format="png")
    return file.getvalue()


def _text(value: Any, budget: int, depth: int) -> str:
    if isinstance(value, str | bytes):
        return _of_text(value, budget)
    kind: Any = type(value)
    items: Any = value
    if depth == 0 and isinstance(value, list | tuple | set | frozenset | dict) and value:
        return f"<{kind.__name__} of {len(value):,} items>"
    if kind is dict:
        return _between("{", _pairs(items, budget, depth), "}", len(value))
    if kind is list:
        return _between("[", _items(items, budget, depth), "]", len(value))
    if kind is tuple:
        return _between(
            "(", _items(items, budget, depth), ",)" if len(value) == 1 else ")", len(value)
        )
    if kind in (set, frozenset) and value:
        opening, closing = ("{", "}") if kind is set else ("frozenset({", "})")
        return _between(opening, _items(items, budget, depth), closing, len(value))
    if isinstance(value, int | float) and isinstance(value, Enum):
        # Agent code has it as the number that it is.
        return repr(value.value)
    try:
        return repr(value)
    except Exception as error:
        return f"<{kind.__name__} whose repr fails: {type(error).__name__}>"


def _of_text(value: str | bytes, budget: int) -> str:
    if len(value) <= budget:
        return repr(value)
    unit = "characters" if isinstance(value, str) else "bytes"
    left_out = f"[{len(value) - budget:,} of {len(value):,} {unit} left out]"
    return f"{value[:budget]!r} + … {left_out}"


def _items(values: Iterable[Any], budget: int, depth: int) -> Iterator[str]:
    return (_text(each, budget, depth - 1) for each in islice(values, _ITEMS))


def _pairs(values: Mapping[Any, Any], budget: int, depth: int) -> Iterator[str]:
    for key, value in islice(values.items(), _ITEMS):
        yield f"{_text(key, budget, depth - 1)}: {_text(value, budget, depth - 1)}"


def _between(opening: str, items: Iterator[str], closing: str, size: int) -> str:
    more = f", … [{size - _ITEMS:,} of {size:,} items left out]" if size > _ITEMS else ""
    return f"{opening}{', '.join(items)}{more}{closing}"

"""Lists that come page by page."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.answer import Response
from xpander_client.core.requests import RequestSpec
from xpander_client.errors import ArgumentError

_CURSOR = "cursor"


def page_size(size: object, least: int, most: int) -> int:
    """`size`, which has to be one that a page can have.

    Raises:
        ArgumentError: it is not from `least` to `most`.

    Example:
        >>> page_size(100, 1, 500)
        100
    """
    if not isinstance(size, int) or isinstance(size, bool) or not least <= size <= most:
        raise ArgumentError(f"page_size must be a number from {least} to {most}, not {size!r}")
    return size


def next_page(spec: RequestSpec, page: Response[Any]) -> RequestSpec | None:
    """Return what to send for the page after the one that came of `spec`; None at the end."""
    if page.next_cursor is None:
        return None
    kept = (pair for pair in spec.query if pair[0] != _CURSOR)
    return attrs.evolve(spec, query=(*kept, (_CURSOR, page.next_cursor)))

"""How long and how large what callers send may be, so that every engine can keep it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from xpander_client.platform.foundation.errors import HttpError

_compiled = cache(re.compile)

ID: Mapping[str, Any] = {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}
"""The bounds of an id, as `openapi.yaml` has them. Several go into one entry of an index."""

ITEMS: Mapping[str, Any] = {"maxItems": 10_000}
"""How many events or messages one request may add."""

KEY: Mapping[str, Any] = {"minLength": 1, "maxLength": 255}
"""The bounds of an idempotency key."""

LOOKED_UP: Mapping[str, Any] = {"maxLength": 255, "pattern": "^[^\\u0000]*$"}
"""The bounds of other texts that lists are filtered by. What the platform says of a lost worker
fits in.
"""

COUNT: Mapping[str, Any] = {"minimum": 0, "maximum": 2**31 - 1}
"""The bounds of attempts and the like: every engine's columns hold them."""


def within(
    value: Any, bounds: Mapping[str, Any], path: str | None = None, *, what: str | None = None
) -> None:
    """Hold a value against bounds, by the keywords of JSON Schema.

    `path` is its place in the request's body; where it stands elsewhere, `what` says what it is.

    Raises:
        HttpError: 422, it is out of bounds.
    """
    expected = fault(value, bounds)
    if expected is not None:
        raise HttpError(422, f"{what}: {expected}" if what else expected, path)


def fault(value: Any, bounds: Mapping[str, Any]) -> str | None:
    """Find what is wrong with a value, by the keywords of JSON Schema; None if nothing is."""
    if isinstance(value, str):
        longest, pattern = bounds.get("maxLength"), bounds.get("pattern")
        if len(value) < bounds.get("minLength", 0):
            return "expected a text that is not empty"
        if longest is not None and len(value) > longest:
            return f"expected at most {longest} characters, got {len(value)}"
        if pattern is not None and _compiled(pattern).fullmatch(value) is None:
            return f"expected a text that matches {pattern}"
    elif isinstance(value, list):
        most = bounds.get("maxItems")
        if most is not None and len(value) > most:
            return f"expected at most {most} items, got {len(value)}"
    elif isinstance(value, int | float):
        least, most = bounds.get("minimum", -math.inf), bounds.get("maximum", math.inf)
        if not least <= value <= most:
            return f"expected a number from {least} to {most}, got {value}"
    return None

"""What `xpander_sdk.modules.events.decorators` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        on_tool_after as on_tool_after,
        on_tool_before as on_tool_before,
        on_tool_error as on_tool_error,
    )

_HOMES = {
    "xpander_client": ("on_tool_after", "on_tool_before", "on_tool_error"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

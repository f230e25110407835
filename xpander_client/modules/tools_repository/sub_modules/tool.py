"""What `xpander_sdk.modules.tools_repository.sub_modules.tool` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import Configuration as Configuration, Tool as Tool

_HOMES = {
    "xpander_client": ("Configuration", "Tool"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

"""What `xpander_sdk.modules.events.decorators.on_shutdown` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        Configuration as Configuration,
        Events as Events,
        on_shutdown as on_shutdown,
    )

_HOMES = {
    "xpander_client": ("Configuration", "Events", "on_shutdown"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

"""What `xpander_sdk.modules.agents.agents_module` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        Agent as Agent,
        Agents as Agents,
        AgentsListItem as AgentsListItem,
        Configuration as Configuration,
        ModuleException as ModuleException,
    )

_HOMES = {
    "xpander_client": ("Agent", "Agents", "AgentsListItem", "Configuration", "ModuleException"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

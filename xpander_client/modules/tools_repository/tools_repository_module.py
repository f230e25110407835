"""What `xpander_sdk.modules.tools_repository.tools_repository_module` has, for programs written
for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        Configuration as Configuration,
        ModuleException as ModuleException,
        ToolsRepository as ToolsRepository,
    )

_HOMES = {
    "xpander_client": ("Configuration", "ModuleException", "ToolsRepository"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

"""What `xpander_sdk.modules.backend.backend_module` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        Agent as Agent,
        Agents as Agents,
        Backend as Backend,
        Configuration as Configuration,
        OutputFormat as OutputFormat,
        Task as Task,
        Tasks as Tasks,
        Tokens as Tokens,
        User as User,
    )

_HOMES = {
    "xpander_client": (
        "Agent",
        "Agents",
        "Backend",
        "Configuration",
        "OutputFormat",
        "Task",
        "Tasks",
        "Tokens",
        "User",
    ),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

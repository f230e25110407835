"""What `xpander_sdk.modules.backend.decorators.on_auth_event` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        Agent as Agent,
        Task as Task,
        TaskUpdateEvent as TaskUpdateEvent,
        on_auth_event as on_auth_event,
    )
    from xpander_client.worker import (
        clear_handlers as clear_handlers,
        get_registered_handlers as get_registered_handlers,
    )

_HOMES = {
    "xpander_client": ("Agent", "Task", "TaskUpdateEvent", "on_auth_event"),
    "xpander_client.worker": ("clear_handlers", "get_registered_handlers"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

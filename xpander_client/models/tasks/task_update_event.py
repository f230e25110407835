"""What `xpander_sdk.models.tasks.task_update_event` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import TaskUpdateEvent as TaskUpdateEvent

_HOMES = {
    "xpander_client": ("TaskUpdateEvent",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

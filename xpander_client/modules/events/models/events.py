"""What `xpander_sdk.modules.events.models.events` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import Task as Task
    from xpander_client.api import DeployedAsset as DeployedAsset

_HOMES = {
    "xpander_client": ("Task",),
    "xpander_client.api": ("DeployedAsset",),
}
_LACKING = [
    "EventMessageBase",
    "EventType",
    "WorkerCapacityUpdateEvent",
    "WorkerEnvironmentConflict",
    "WorkerExecutionRequest",
    "WorkerFinishedEvent",
    "WorkerHeartbeat",
    "WorkerRegistrationEvent",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

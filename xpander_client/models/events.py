"""What `xpander_sdk.models.events` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import (
        TaskUpdateEventType as TaskUpdateEventType,
        ToolCallRequest as ToolCallRequest,
        ToolCallResult as ToolCallResult,
    )
    from xpander_client.api import ToolCallRequestReasoning as ToolCallRequestReasoning

_HOMES = {
    "xpander_client": ("TaskUpdateEventType", "ToolCallRequest", "ToolCallResult"),
    "xpander_client.api": ("ToolCallRequestReasoning",),
}
_LACKING = ["Task", "TaskStatus"]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)

"""Objects that call the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from .event_kinds import CountEvent as CountEvent, FinishedEvent as FinishedEvent
    from .widget import Widget as Widget
    from .widgets import Widgets as Widgets, WidgetsWithRawResponse as WidgetsWithRawResponse

_HOMES = {
    ".event_kinds": ("CountEvent", "FinishedEvent"),
    ".widget": ("Widget",),
    ".widgets": ("Widgets", "WidgetsWithRawResponse"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

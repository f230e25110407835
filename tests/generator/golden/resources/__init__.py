"""Objects that call the platform."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .event_kinds import CountEvent as CountEvent, FinishedEvent as FinishedEvent
    from .widget import Widget as Widget
    from .widgets import Widgets as Widgets, WidgetsWithRawResponse as WidgetsWithRawResponse

__all__ = [
    "CountEvent",
    "FinishedEvent",
    "Widget",
    "Widgets",
    "WidgetsWithRawResponse",
]

_MODULES = {
    "CountEvent": ".event_kinds",
    "FinishedEvent": ".event_kinds",
    "Widget": ".widget",
    "Widgets": ".widgets",
    "WidgetsWithRawResponse": ".widgets",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})

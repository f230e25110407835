"""Widgets: models, and the resources that speak of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models.colour import Colour as Colour
    from .models.maker import Maker as Maker
    from .models.named import Named as Named
    from .models.part import Part as Part
    from .models.widget_create import WidgetCreate as WidgetCreate
    from .models.widget_event import WidgetEvent as WidgetEvent
    from .models.widget_state import WidgetState as WidgetState
    from .models.widget_update import WidgetUpdate as WidgetUpdate
    from .resources.event_kinds import CountEvent as CountEvent, FinishedEvent as FinishedEvent
    from .resources.widget import Widget as Widget
    from .resources.widgets import (
        Widgets as Widgets,
        WidgetsWithRawResponse as WidgetsWithRawResponse,
    )

__all__ = [
    "Colour",
    "CountEvent",
    "FinishedEvent",
    "Maker",
    "Named",
    "Part",
    "Widget",
    "WidgetCreate",
    "WidgetEvent",
    "WidgetState",
    "WidgetUpdate",
    "Widgets",
    "WidgetsWithRawResponse",
]

_MODULES = {
    "Colour": ".models.colour",
    "CountEvent": ".resources.event_kinds",
    "FinishedEvent": ".resources.event_kinds",
    "Maker": ".models.maker",
    "Named": ".models.named",
    "Part": ".models.part",
    "Widget": ".resources.widget",
    "WidgetCreate": ".models.widget_create",
    "WidgetEvent": ".models.widget_event",
    "Widgets": ".resources.widgets",
    "WidgetState": ".models.widget_state",
    "WidgetsWithRawResponse": ".resources.widgets",
    "WidgetUpdate": ".models.widget_update",
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

"""Data as it goes over the wire."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .colour import Colour as Colour
    from .maker import Maker as Maker
    from .named import Named as Named
    from .part import Part as Part
    from .widget_create import WidgetCreate as WidgetCreate
    from .widget_event import WidgetEvent as WidgetEvent
    from .widget_state import WidgetState as WidgetState
    from .widget_update import WidgetUpdate as WidgetUpdate

__all__ = [
    "Colour",
    "Maker",
    "Named",
    "Part",
    "WidgetCreate",
    "WidgetEvent",
    "WidgetState",
    "WidgetUpdate",
]

_MODULES = {
    "Colour": ".colour",
    "Maker": ".maker",
    "Named": ".named",
    "Part": ".part",
    "WidgetCreate": ".widget_create",
    "WidgetEvent": ".widget_event",
    "WidgetState": ".widget_state",
    "WidgetUpdate": ".widget_update",
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

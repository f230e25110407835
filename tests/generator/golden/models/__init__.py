"""Data as it goes over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from .colour import Colour as Colour
    from .maker import Maker as Maker
    from .named import Named as Named
    from .part import Part as Part
    from .widget_create import WidgetCreate as WidgetCreate
    from .widget_event import WidgetEvent as WidgetEvent
    from .widget_state import WidgetState as WidgetState
    from .widget_update import WidgetUpdate as WidgetUpdate

_HOMES = {
    ".colour": ("Colour",),
    ".maker": ("Maker",),
    ".named": ("Named",),
    ".part": ("Part",),
    ".widget_create": ("WidgetCreate",),
    ".widget_event": ("WidgetEvent",),
    ".widget_state": ("WidgetState",),
    ".widget_update": ("WidgetUpdate",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

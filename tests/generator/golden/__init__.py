"""Widgets: models, and the resources that speak of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

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

_HOMES = {
    ".models.colour": ("Colour",),
    ".models.maker": ("Maker",),
    ".models.named": ("Named",),
    ".models.part": ("Part",),
    ".models.widget_create": ("WidgetCreate",),
    ".models.widget_event": ("WidgetEvent",),
    ".models.widget_state": ("WidgetState",),
    ".models.widget_update": ("WidgetUpdate",),
    ".resources.event_kinds": ("CountEvent", "FinishedEvent"),
    ".resources.widget": ("Widget",),
    ".resources.widgets": ("Widgets", "WidgetsWithRawResponse"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)

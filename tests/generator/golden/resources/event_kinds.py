"""The kinds of events whose data is known, for `match` and `isinstance`."""

from __future__ import annotations

from xpander_client.core.events import EventKind

from ..models.widget_event import WidgetEvent
from .widget import Widget


class FinishedEvent(WidgetEvent, metaclass=EventKind):
    """A `WidgetEvent` whose type is `finished` and whose data is of class `Widget`."""

    __slots__ = ()
    __promise__ = ("type", "finished", "data", Widget)

    data: Widget


class CountEvent(WidgetEvent, metaclass=EventKind):
    """A `WidgetEvent` whose type is `count` and whose data is of class `int`."""

    __slots__ = ()
    __promise__ = ("type", "count", "data", int)

    data: int

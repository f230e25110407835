"""How the events of each stream are read, and which of them is the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from xpander_client.core.events import event_decoder
from xpander_client.core.sse import ServerSentEvent

from ..models.widget_event import WidgetEvent
from .widget import Widget

WIDGET_EVENT_DATA: Final[Mapping[str, Any]] = {
    "finished": Widget,
    "count": int,
}
"""What `data` of a `WidgetEvent` is, by its `type`."""

_LAST_WIDGET_EVENT = frozenset({"finished"})


def widget_event(source: str) -> Callable[[ServerSentEvent], WidgetEvent]:
    """Return what makes a `WidgetEvent` of a frame. `source` names the stream. Never raises."""
    return event_decoder(WidgetEvent, WIDGET_EVENT_DATA, source)


def is_last_widget_event(event: object) -> bool:
    """Whether the stream is over after this event."""
    return isinstance(event, WidgetEvent) and event.type in _LAST_WIDGET_EVENT

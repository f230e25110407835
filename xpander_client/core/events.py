"""A stream's frames as task events: what is not what it promises is delivered raw."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from .convert import ConversionError, loads, structure
from .sse import ServerSentEvent

__all__ = ["decode_event"]

E = TypeVar("E")


def decode_event(
    sse: ServerSentEvent, event_class: type[E], data_types: Mapping[str, Any], task_id: str
) -> E:
    """The event in a frame. Never raises.

    `data_types` says what the `data` of an event type is; data that is something else, or that
    belongs to a type which is not listed, stays as it came. A frame that is no event at all
    becomes one of the frame's own type, with the frame's text as its data.
    """
    try:
        event: Any = loads(sse.data, event_class)
    except ConversionError:
        event = structure(
            {
                "type": sse.event,
                "task_id": task_id,
                "organization_id": "",
                "time": datetime.datetime.now(datetime.UTC).isoformat(),
                "data": sse.data,
            },
            event_class,
        )
    promised = data_types.get(event.type)
    if promised is not None:
        with contextlib.suppress(ConversionError):
            event.data = structure(event.data, promised)
    return event  # type: ignore[no-any-return]  # `loads` gave an event_class

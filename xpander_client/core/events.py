"""A stream's frames as task events: what is not what it promises is delivered raw."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from xpander_client.core.convert import ConversionError, loads, structure
from xpander_client.core.sse import ServerSentEvent

E = TypeVar("E")


def event_decoder(
    event_class: type[E], data_types: Mapping[str, Any], task_id: str
) -> Callable[[ServerSentEvent], E]:
    """What makes an event of a frame. It never raises.

    `data_types` says what the `data` of an event type is; data that is something else, or that
    belongs to a type which is not listed, stays as it came. A frame that is no event at all
    becomes one of the frame's own type about the task `task_id`, with the frame's text as its data.
    """

    def decode(frame: ServerSentEvent) -> E:
        try:
            event: Any = loads(frame.data, event_class)
        except ConversionError:
            event = structure(
                {
                    "type": frame.event,
                    "task_id": task_id,
                    "organization_id": "",
                    "time": datetime.datetime.now(datetime.UTC).isoformat(),
                    "data": frame.data,
                },
                event_class,
            )
        promised = data_types.get(event.type)
        # Text, of which streams mostly consist, is what it is.
        if promised is not None and event.data.__class__ is not promised:
            with contextlib.suppress(ConversionError):
                event.data = structure(event.data, promised)
        decoded: E = event
        return decoded

    return decode

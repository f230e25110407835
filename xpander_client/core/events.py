"""A stream's frames as task events: what is not what it promises is delivered raw."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, TypeVar

import attrs
import orjson

from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.model_functions import readers
from xpander_client.core.serialization import loads, parse, structure
from xpander_client.core.sse import ServerSentEvent

E = TypeVar("E")


@attrs.frozen
class EventText:
    """The JSON of an event, which has the JSON of its data in it."""

    text: str

    def parse_data(self) -> Any:
        """Return the plain values that the data was made of."""
        return parse(self.text)["data"]


class LoadedData:
    """The base of data that knows what it was loaded from: its JSON, that of the event that it came
    in, or an object like it, which nobody else has and so nobody changes.
    """

    __slots__ = ("_loaded",)

    _loaded: bytes | EventText | Any | None


class EventKind(type):
    """The class of `ChunkEvent` and its siblings, which tell events apart and hold none.

    Whether an event is of such a class is decided when that is asked, by what it says and by what
    its data is: so reading an event costs nothing more, and it is the same object, to be compared,
    copied and written, whoever made it.
    """

    __promise__: ClassVar[tuple[str, str, str, type]]
    """A field, its value, and of which class another field is then."""

    def __instancecheck__(cls, instance: Any) -> bool:
        """Tell whether an event is of this kind, and its data what that promises."""
        by, value, field, data_class = cls.__promise__
        return (
            isinstance(instance, cls.__base__ or object)
            and getattr(instance, by) == value
            and isinstance(getattr(instance, field), data_class)
        )

    def __call__(cls, *args: object, **values: object) -> NoReturn:
        """Refuse to make an event: its own class does.

        Raises:
            TypeError: always; the message says what to make.
        """
        by, value, field, data_class = cls.__promise__
        made = cls.__mro__[1].__name__
        raise TypeError(
            f"{cls.__name__} only tells events apart: make a {made}, which is one when its "
            f"{by} is {value!r} and its {field} is of the class {data_class.__name__}"
        )


def event_decoder(
    event_class: type[E], data_types: Mapping[str, Any], task_id: str
) -> Callable[[ServerSentEvent], E]:
    """Return a function that makes an event of a frame. It never raises.

    `data_types` says what the `data` of an event type is, a text or a model; data that is something
    else, or that belongs to a type which is not listed, stays as it came. A frame that is no event
    at all becomes one of the frame's own type about the task `task_id`, with the frame's text as
    its data.
    """
    read = readers[event_class]

    def decode(frame: ServerSentEvent) -> E:
        try:
            event = read(orjson.loads(frame.data))
        except Exception:
            event = read_carefully(frame)
        # Text, of which streams mostly consist, is what it is.
        if event.data.__class__ is not str:
            promised = data_types.get(event.type)
            if promised is not None and event.data.__class__ is not promised:
                with contextlib.suppress(ConversionError):
                    event.data = data = structure(event.data, promised)
                    if isinstance(data, LoadedData):
                        data._loaded = EventText(frame.data)
        decoded: E = event
        return decoded

    def read_carefully(frame: ServerSentEvent) -> Any:
        try:
            return loads(frame.data, event_class)
        except ConversionError:
            return structure(
                {
                    "type": frame.event,
                    "task_id": task_id,
                    "organization_id": "",
                    "time": datetime.datetime.now(datetime.UTC).isoformat(),
                    "data": frame.data,
                },
                event_class,
            )

    return decode

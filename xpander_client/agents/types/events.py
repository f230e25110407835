"""What happens in a call of a task, as `on_event` gets it and as a session keeps it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, Self, TypeAlias

import attrs
import orjson

from xpander_client.agents.types.event_json import from_json, to_json
from xpander_client.agents.types.messages import Image
from xpander_client.errors import ArgumentError

_CHARACTERS_PER_TOKEN = 4
_TOKENS_OF_AN_IMAGE = 1000
_LOW_DETAIL = 1024


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _parts(parts: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(parts)


@attrs.frozen(kw_only=True)
class BaseEvent:
    """What all events have.

    `timestamp` is in UTC. `full_namespace` is the path of agents from the one that was called to
    the one that this is about, "parent/child". `commit_hash` names the commit of the session's
    state that holds what the event tells of; it is None where there is none (yet).

    Example:
        >>> event = OutputEvent(agent_name="analyst", parts=("mean: ", 2.5))
        >>> BaseEvent.from_dict(event.to_dict()) == event
        True
    """

    timestamp: datetime.datetime = attrs.field(factory=_now)
    agent_name: str = ""
    full_namespace: str = ""
    commit_hash: str | None = None
    source: Literal["main", "setup"] = "main"

    _classes: ClassVar[dict[str, type[BaseEvent]]] = {}

    def __init_subclass__(cls) -> None:
        BaseEvent._classes[cls.__name__] = cls

    @property
    def type(self) -> str:
        """The name of the event's class."""
        return type(self).__name__

    @property
    def full_detail_tokens(self) -> int:
        """About how many tokens a model reads for all that the event holds."""
        return sum(_tokens(getattr(self, name)) for name in _own_fields(type(self)))

    @property
    def low_detail_tokens(self) -> int:
        """The same where an event of long ago is cut short."""
        return min(self.full_detail_tokens, _LOW_DETAIL)

    def to_dict(self) -> dict[str, Any]:
        """Return the event as JSON has it, with the name of its class as "type".

        Values that JSON can't hold are written so that `from_dict` gives them back, if they are
        plain data; an object becomes a text that shows it.
        """
        fields = {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
        fields["timestamp"] = self.timestamp.isoformat()
        return {"type": self.type, **{name: to_json(value) for name, value in fields.items()}}

    def to_json(self) -> bytes:
        """`to_dict` as bytes."""
        return orjson.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Read the event that `to_dict` wrote. Fields that this version does not know are left out.

        Raises:
            ArgumentError: It is none, or one of another class than this.
        """
        kind = BaseEvent._classes.get(str(fields.get("type")))
        if kind is None or not issubclass(kind, cls):
            raise ArgumentError(f"{fields.get('type')!r} is no {cls.__name__}")
        known = {field.name for field in attrs.fields(kind)}
        try:
            values = {name: from_json(fields[name]) for name in fields if name in known}
            values["timestamp"] = datetime.datetime.fromisoformat(values["timestamp"])
            return kind(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise ArgumentError(f"this is no {kind.__name__}: {error!r}") from error

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """Read the event that `to_json` wrote.

        Raises:
            ArgumentError: It is none, or one of another class than this.
        """
        try:
            fields = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ArgumentError(f"an event is not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise ArgumentError("an event is not a JSON object")
        return cls.from_dict(fields)


Event: TypeAlias = BaseEvent
"""Another name of it, for what may be any of the events below."""


@attrs.frozen(kw_only=True)
class TaskStartEvent(BaseEvent):
    """A call begins; `message` is what the agent is told of it."""

    task_name: str
    inputs: dict[str, Any] = attrs.field(factory=dict)
    message: str = ""


@attrs.frozen(kw_only=True)
class ActionEvent(BaseEvent):
    """The agent decided what to do: `code` is run next. A setup's code is one too."""

    title: str = ""
    thinking: str = ""
    code: str = ""


@attrs.frozen(kw_only=True)
class OutputEvent(BaseEvent):
    """What code printed or showed, or what the agent is told about it: texts, values and images."""

    parts: tuple[Any, ...] = attrs.field(default=(), converter=_parts)


@attrs.frozen(kw_only=True)
class SuccessEvent(BaseEvent):
    """The task is done; `result` is what its caller gets."""

    result: Any = None


@attrs.frozen(kw_only=True)
class FailEvent(BaseEvent):
    """The task ended without a result."""

    message: str = ""


@attrs.frozen(kw_only=True)
class ClarifyEvent(BaseEvent):
    """The task ended with a question to its caller."""

    message: str = ""


@attrs.frozen(kw_only=True)
class CancelledEvent(BaseEvent):
    """The task was cancelled."""

    task_name: str
    iterations_completed: int = 0


@attrs.frozen(kw_only=True)
class ErrorEvent(BaseEvent):
    """A request to the model failed; where `recoverable`, it is made again."""

    error: str
    recoverable: bool = True


@attrs.frozen(kw_only=True)
class SummaryEvent(BaseEvent):
    """A text that stands for earlier events of the session."""

    summary: str
    summarized_event_count: int
    original_tokens: int = 0
    low_detail_threshold: datetime.datetime | None = None


@attrs.frozen(kw_only=True)
class SystemNoteEvent(BaseEvent):
    """A hint to the agent, such as how many turns are left."""

    message: str = ""


def _own_fields(kind: type[BaseEvent]) -> list[str]:
    shared = {field.name for field in attrs.fields(BaseEvent)}
    return [field.name for field in attrs.fields(kind) if field.name not in shared]


def _tokens(value: Any) -> int:
    if isinstance(value, Image):
        return _TOKENS_OF_AN_IMAGE
    if isinstance(value, tuple):
        return sum(_tokens(item) for item in value)
    text = value if isinstance(value, str) else str(to_json(value))
    return -(-len(text) // _CHARACTERS_PER_TOKEN)

"""Events of agents as events of platform tasks, and back."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import attrs

from xpander_client.agents.types.events import ActionEvent, BaseEvent, OutputEvent, SystemNoteEvent
from xpander_client.agents.types.tokens import StreamToken
from xpander_client.api.models import (
    TaskUpdateEvent,
    TaskUpdateEventType,
    ToolCallRequest,
    ToolCallResult,
)
from xpander_client.api.resources import (
    GapEvent,
    Task,
    ToolCallRequestEvent,
    ToolCallResultEvent,
)
from xpander_client.errors import ArgumentError

_CODE = "python"
"""What blocks of code are called as tool calls."""
_TOKEN = "StreamToken"

_NOT_TOLD = frozenset(
    {
        TaskUpdateEventType.Connected,
        TaskUpdateEventType.TaskUpdated,
        # The caller's own start and end, which are told by the call.
        TaskUpdateEventType.TaskCreated,
        TaskUpdateEventType.TaskFinished,
    }
)


@attrs.define
class Updates:
    """Writes the events of one task's call: a block of code is a tool call, its output the result.

    What the platform has no word for is a `process_update`. Each holds the whole event, so that
    `read_event` gives it back.
    """

    _task: Task
    _blocks: int = 0

    def event(self, event: BaseEvent) -> TaskUpdateEvent:
        """Return what the platform's followers get for an event."""
        fields = event.to_dict()
        if isinstance(event, ActionEvent):
            self._blocks += 1
            request = ToolCallRequest(
                request_id=self._request_id,
                operation_id=_CODE,
                tool_call_id=self._request_id,
                tool_name=_CODE,
                payload=fields,
            )
            return self._update(TaskUpdateEventType.ToolCallRequest, request)
        if isinstance(event, OutputEvent):
            result = ToolCallResult(
                request_id=self._request_id,
                operation_id=_CODE,
                tool_call_id=self._request_id,
                tool_name=_CODE,
                result=fields,
            )
            return self._update(TaskUpdateEventType.ToolCallResult, result)
        return self._update(TaskUpdateEventType.ProcessUpdate, fields)

    def token(self, token: StreamToken) -> TaskUpdateEvent:
        """Return what the platform's followers get for a piece of the model's answer."""
        fields = attrs.asdict(token)
        fields["section"] = fields["type"]
        fields["timestamp"] = token.timestamp.isoformat()
        return self._update(TaskUpdateEventType.Think, {**fields, "type": _TOKEN})

    def make_last_event(self) -> TaskUpdateEvent:
        """Return the last event: the task as it is now."""
        return self._update(TaskUpdateEventType.TaskFinished, self._task)

    @property
    def _request_id(self) -> str:
        return f"{self._task.id}-{self._blocks}"

    def _update(self, kind: TaskUpdateEventType, data: Any) -> TaskUpdateEvent:
        return TaskUpdateEvent(
            type=kind,
            task_id=self._task.id,
            organization_id=self._task.organization_id,
            time=datetime.datetime.now(datetime.UTC),
            data=data,
        )


def read_event(
    update: TaskUpdateEvent, agent_name: str, outer_path: str
) -> BaseEvent | StreamToken | None:
    """Read what a platform task's event is to an agent: an event, a token, or nothing.

    Events that `Updates` wrote come back as they were; others are told as well as may be.
    `outer_path` is the path of the agents whose code runs the task, empty if there are none.
    """
    data: Any = update.data
    if isinstance(data, ToolCallRequest):
        data = data.payload
    elif isinstance(data, ToolCallResult):
        data = data.result
    if isinstance(data, Mapping):
        if data.get("type") == _TOKEN:
            return _token(data, outer_path)
        try:
            event = BaseEvent.from_dict(data)
        except ArgumentError:
            pass
        else:
            return attrs.evolve(event, full_namespace=_path(outer_path, event.full_namespace))
    return _other(update, agent_name, _path(outer_path, agent_name))


def _token(data: Mapping[str, Any], outer_path: str) -> StreamToken:
    return StreamToken(
        data["section"],
        data["content"],
        data["done"],
        agent_name=data["agent_name"],
        full_namespace=_path(outer_path, data["full_namespace"]),
        timestamp=datetime.datetime.fromisoformat(data["timestamp"]),
        start=data["start"],
    )


def _other(update: TaskUpdateEvent, agent_name: str, path: str) -> BaseEvent | StreamToken | None:
    origin: Any = {"agent_name": agent_name, "full_namespace": path, "timestamp": update.time}
    data: Any = update.data
    match update:
        case TaskUpdateEvent(type=TaskUpdateEventType.Chunk):
            return StreamToken("thinking", str(data), **origin)
        case ToolCallRequestEvent(data=call):
            name = call.tool_name or call.operation_id
            return ActionEvent(title=name, code=_text(call.payload), **origin)
        case ToolCallResultEvent(data=answer):
            return OutputEvent(parts=(answer.result,), **origin)
        case TaskUpdateEvent(type=TaskUpdateEventType.Think | TaskUpdateEventType.Analyze):
            return ActionEvent(thinking=_text(data), **origin)
        case GapEvent(data=gap):
            missing = f"events {gap.missing_from} to {gap.earliest - 1} are no longer kept"
            return SystemNoteEvent(message=missing, **origin)
        case _ if update.type in _NOT_TOLD:
            return None
        case _:
            return SystemNoteEvent(message=f"{update.type}: {_text(data)}", **origin)


def _text(data: Any) -> str:
    return data if isinstance(data, str) else repr(data)


def _path(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer else inner

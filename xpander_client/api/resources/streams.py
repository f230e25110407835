"""How the events of each stream are read, and which of them is the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.events import event_decoder
from xpander_client.core.serialization import loads, parse
from xpander_client.core.sse import ServerSentEvent

from ..models.deep_planning import DeepPlanning
from ..models.deployed_asset import DeployedAsset
from ..models.event_gap import EventGap
from ..models.task_notice import TaskNotice
from ..models.task_stop import TaskStop
from ..models.task_update_event import TaskUpdateEvent
from ..models.tool_call_request import ToolCallRequest
from ..models.tool_call_result import ToolCallResult
from ..models.worker_environment_conflict import WorkerEnvironmentConflict
from ..models.worker_event import WorkerEvent
from ..models.worker_event_type import WorkerEventType
from .task import Task

TASK_UPDATE_EVENT_DATA: Final[Mapping[str, Any]] = {
    "task_created": Task,
    "task_updated": Task,
    "task_finished": Task,
    "sub_task_created": Task,
    "sub_task_updated": Task,
    "sub_task_finished": Task,
    "chunk": str,
    "tool_call_request": ToolCallRequest,
    "tool_call_result": ToolCallResult,
    "plan_updated": DeepPlanning,
    "gap": EventGap,
}
"""What `data` of a `TaskUpdateEvent` is, by its `type`."""

_LAST_TASK_UPDATE_EVENT = frozenset({"task_finished"})


def task_update_event(source: str) -> Callable[[ServerSentEvent], TaskUpdateEvent]:
    """Return what makes a `TaskUpdateEvent` of a frame. `source` names the stream. Never raises."""
    return event_decoder(TaskUpdateEvent, TASK_UPDATE_EVENT_DATA, source)


def is_last_task_update_event(event: object) -> bool:
    """Whether the stream is over after this event."""
    return isinstance(event, TaskUpdateEvent) and event.type in _LAST_TASK_UPDATE_EVENT


WORKER_EVENT_DATA: Final[Mapping[str, Any]] = {
    "worker-registration": DeployedAsset,
    "agent-execution": Task,
    "task-stop": TaskStop,
    "task-notify": TaskNotice,
    "worker-environment-conflict": WorkerEnvironmentConflict,
}
"""What `data` of a `WorkerEvent` is, by its `event`."""

_LAST_WORKER_EVENT = frozenset({"worker-environment-conflict"})


def worker_event(source: str) -> Callable[[ServerSentEvent], WorkerEvent]:
    """Return what makes a `WorkerEvent` of a frame that names its type. Never raises."""

    def decode(frame: ServerSentEvent) -> WorkerEvent:
        data: Any
        try:
            data = loads(frame.data, WORKER_EVENT_DATA.get(frame.event, Any))
        except ConversionError:
            try:
                data = parse(frame.data)
            except ConversionError:
                data = frame.data
        return WorkerEvent(event=WorkerEventType(frame.event), data=data)

    return decode


def is_last_worker_event(event: object) -> bool:
    """Whether the stream is over after this event."""
    return isinstance(event, WorkerEvent) and event.event in _LAST_WORKER_EVENT

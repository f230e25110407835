"""The kinds of events whose data is known, for `match` and `isinstance`."""

from __future__ import annotations

from xpander_client.core.events import EventKind

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
from .task import Task


class TaskCreatedEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `task_created` and whose data is of class `Task`."""

    __slots__ = ()
    __promise__ = ("type", "task_created", "data", Task)

    data: Task


class TaskUpdatedEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `task_updated` and whose data is of class `Task`."""

    __slots__ = ()
    __promise__ = ("type", "task_updated", "data", Task)

    data: Task


class TaskFinishedEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `task_finished` and whose data is of class `Task`."""

    __slots__ = ()
    __promise__ = ("type", "task_finished", "data", Task)

    data: Task


class SubTaskCreatedEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `sub_task_created` and whose data is of class `Task`."""

    __slots__ = ()
    __promise__ = ("type", "sub_task_created", "data", Task)

    data: Task


class SubTaskUpdatedEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `sub_task_updated` and whose data is of class `Task`."""

    __slots__ = ()
    __promise__ = ("type", "sub_task_updated", "data", Task)

    data: Task


class SubTaskFinishedEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `sub_task_finished` and whose data is of class `Task`."""

    __slots__ = ()
    __promise__ = ("type", "sub_task_finished", "data", Task)

    data: Task


class ChunkEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `chunk` and whose data is of class `str`."""

    __slots__ = ()
    __promise__ = ("type", "chunk", "data", str)

    data: str


class ToolCallRequestEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `tool_call_request` and whose data is of class
    `ToolCallRequest`.
    """

    __slots__ = ()
    __promise__ = ("type", "tool_call_request", "data", ToolCallRequest)

    data: ToolCallRequest


class ToolCallResultEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `tool_call_result` and whose data is of class
    `ToolCallResult`.
    """

    __slots__ = ()
    __promise__ = ("type", "tool_call_result", "data", ToolCallResult)

    data: ToolCallResult


class PlanUpdatedEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `plan_updated` and whose data is of class
    `DeepPlanning`.
    """

    __slots__ = ()
    __promise__ = ("type", "plan_updated", "data", DeepPlanning)

    data: DeepPlanning


class GapEvent(TaskUpdateEvent, metaclass=EventKind):
    """A `TaskUpdateEvent` whose type is `gap` and whose data is of class `EventGap`."""

    __slots__ = ()
    __promise__ = ("type", "gap", "data", EventGap)

    data: EventGap


class WorkerRegistrationEvent(WorkerEvent, metaclass=EventKind):
    """A `WorkerEvent` whose event is `worker-registration` and whose data is of class
    `DeployedAsset`.
    """

    __slots__ = ()
    __promise__ = ("event", "worker-registration", "data", DeployedAsset)

    data: DeployedAsset


class AgentExecutionEvent(WorkerEvent, metaclass=EventKind):
    """A `WorkerEvent` whose event is `agent-execution` and whose data is of class `Task`."""

    __slots__ = ()
    __promise__ = ("event", "agent-execution", "data", Task)

    data: Task


class TaskStopEvent(WorkerEvent, metaclass=EventKind):
    """A `WorkerEvent` whose event is `task-stop` and whose data is of class `TaskStop`."""

    __slots__ = ()
    __promise__ = ("event", "task-stop", "data", TaskStop)

    data: TaskStop


class TaskNotifyEvent(WorkerEvent, metaclass=EventKind):
    """A `WorkerEvent` whose event is `task-notify` and whose data is of class `TaskNotice`."""

    __slots__ = ()
    __promise__ = ("event", "task-notify", "data", TaskNotice)

    data: TaskNotice


class WorkerEnvironmentConflictEvent(WorkerEvent, metaclass=EventKind):
    """A `WorkerEvent` whose event is `worker-environment-conflict` and whose data is of class
    `WorkerEnvironmentConflict`.
    """

    __slots__ = ()
    __promise__ = ("event", "worker-environment-conflict", "data", WorkerEnvironmentConflict)

    data: WorkerEnvironmentConflict

"""`WorkerEventType`, as it goes over the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xpander_client.core.enums import OpenStrEnum


class WorkerEventType(OpenStrEnum):
    """What the platform tells a worker, or the worker the platform."""

    WorkerRegistration = "worker-registration"
    """The worker is known. `data` is its DeployedAsset."""
    AgentExecution = "agent-execution"
    """A task to run. `data` is the Task."""
    TaskStop = "task-stop"
    """A task to stop running. `data` is a TaskStop."""
    TaskNotify = "task-notify"
    """Something that a task of the worker waits for. `data` is a TaskNotice."""
    EnvironmentConflict = "worker-environment-conflict"
    """The worker is not wanted here. `data` is a WorkerEnvironmentConflict."""
    WorkerHeartbeat = "worker-heartbeat"
    """The worker is alive."""
    WorkerCapacityUpdate = "worker-capacity-update"
    """Whether the worker takes tasks."""
    WorkerFinished = "worker-finished"
    """The worker is going."""


WorkerEventTypeLiteral: TypeAlias = Literal[
    "worker-registration",
    "agent-execution",
    "task-stop",
    "task-notify",
    "worker-environment-conflict",
    "worker-heartbeat",
    "worker-capacity-update",
    "worker-finished",
]
"""The values of `WorkerEventType` as texts, which calls take as well."""

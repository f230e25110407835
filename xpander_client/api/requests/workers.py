"""What the operations of `Workers` send."""

from __future__ import annotations

from typing import Any

from xpander_client.core.requests import (
    Replay,
    RequestSpec,
    Root,
    StreamSpec,
    encode_path as _encode_path,
    header_fields as _header_fields,
    name_argument as _name_argument,
    query as _query,
)
from xpander_client.core.serialization import (
    body as _body,
)
from xpander_client.errors import ArgumentError

from .. import models
from ..models.worker_environment import WorkerEnvironment, WorkerEnvironmentLiteral
from ..models.worker_event_type import WorkerEventType, WorkerEventTypeLiteral


def listen(
    *,
    agent_id: str,
    environment: WorkerEnvironment | WorkerEnvironmentLiteral | None = None,
    worker_id: str | None = None,
    pool: str | None = None,
    slots: int | None = None,
    begins: bool | None = None,
) -> StreamSpec:
    """Return what `Workers.listen` sends."""
    environment = WorkerEnvironment.from_argument("environment", environment)
    try:
        return StreamSpec(
            operation="Workers.listen",
            method="GET",
            path=_encode_path("/events/{agent_id}/", agent_id=agent_id),
            template="/events/{agent_id}/",
            root=Root.EVENTS,
            replay=Replay.ALWAYS,
            query=_query(
                {"environment": environment, "pool": pool, "slots": slots, "begins": begins}
            ),
            headers=_header_fields({"x-worker-id": worker_id}),
            resume=False,
        )
    except ArgumentError as error:
        raise _name_argument(error, {"x-worker-id": "worker_id"}) from None


def send(
    *,
    worker_id: str,
    agent_id: str,
    event: WorkerEventType | WorkerEventTypeLiteral,
    id: str,
    data: Any = None,
    type: str = "worker",
) -> RequestSpec:
    """Return what `Workers.send` sends."""
    event = WorkerEventType.from_argument("event", event)
    try:
        return RequestSpec(
            operation="Workers.send",
            method="POST",
            path=_encode_path("/events/{worker_id}", worker_id=worker_id),
            template="/events/{worker_id}",
            root=Root.EVENTS,
            replay=Replay.ALWAYS,
            query=_query({"agent_id": agent_id, "type": type}),
            body=_body(models.WorkerMessage(id=id, event=event, data=data)),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"WorkerMessage.": "", "$.": ""}) from None


def check_api_key(*, api_key: str) -> RequestSpec:
    """Return what `Workers.check_api_key` sends."""
    try:
        return RequestSpec(
            operation="Workers.check_api_key",
            method="POST",
            path="/metadata/api_key_allowance",
            template="/metadata/api_key_allowance",
            replay=Replay.ALWAYS,
            body=_body(models.ApiKeyAllowanceRequest(api_key=api_key)),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"ApiKeyAllowanceRequest.": "", "$.": ""}) from None

"""What the operations of `Workers` send."""

from __future__ import annotations

from typing import Any

from xpander_client.core.convert import (
    body as _body,
)
from xpander_client.core.requests import (
    Replay,
    RequestSpec,
    Root,
    StreamSpec,
    encode_path as _encode_path,
    header_fields as _header_fields,
    query as _query,
)

from ..models.api_key_allowance_request import ApiKeyAllowanceRequest
from ..models.worker_environment import WorkerEnvironment
from ..models.worker_event_type import WorkerEventType
from ..models.worker_message import WorkerMessage

__all__ = [
    "check_api_key",
    "listen",
    "send",
]


def listen(
    *,
    agent_id: str,
    environment: WorkerEnvironment | None = None,
    worker_id: str | None = None,
    pool: str | None = None,
    slots: int | None = None,
) -> StreamSpec:
    """Return what `Workers.listen` sends."""
    return StreamSpec(
        operation="Workers.listen",
        method="GET",
        path=_encode_path("/events/{agent_id}/", agent_id=agent_id),
        template="/events/{agent_id}/",
        root=Root.EVENTS,
        replay=Replay.ALWAYS,
        query=_query({"environment": environment, "pool": pool, "slots": slots}),
        headers=_header_fields({"x-worker-id": worker_id}),
        resume=False,
    )


def send(
    *,
    worker_id: str,
    agent_id: str,
    event: WorkerEventType,
    id: str,
    data: Any = None,
    type: str = "worker",
) -> RequestSpec:
    """Return what `Workers.send` sends."""
    return RequestSpec(
        operation="Workers.send",
        method="POST",
        path=_encode_path("/events/{worker_id}", worker_id=worker_id),
        template="/events/{worker_id}",
        root=Root.EVENTS,
        replay=Replay.ALWAYS,
        query=_query({"agent_id": agent_id, "type": type}),
        body=_body(WorkerMessage(id=id, event=event, data=data)),
    )


def check_api_key(*, api_key: str) -> RequestSpec:
    """Return what `Workers.check_api_key` sends."""
    return RequestSpec(
        operation="Workers.check_api_key",
        method="POST",
        path="/metadata/api_key_allowance",
        template="/metadata/api_key_allowance",
        replay=Replay.ALWAYS,
        body=_body(ApiKeyAllowanceRequest(api_key=api_key)),
    )

"""Frames of a worker's stream: who it is, what its tasks were told, and which it has lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from xpander_client.core.sse import encode_event
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.rules.records import TaskRecord


def registration(
    session: WorkerSession, agent: Mapping[str, Any], heartbeat_interval: float
) -> bytes:
    """Return the frame that tells a worker who it is, and how often it is to say that it lives."""
    asset = {
        "id": session.id,
        "name": f"worker-{session.id[:8]}",
        "organization_id": session.organization_id,
        "type": "worker",
        "created_at": timestamp(session.registered_at),
        "created_by": None,
        "last_heartbeat": timestamp(session.heard_at),
        "configuration": {"environment": session.environment} if session.environment else None,
        "dedicated_agent_id": session.agent_id,
        "parent_asset_id": None,
        "is_busy": session.busy,
        "metadata": {"name": agent.get("name"), "unique_name": agent.get("unique_name")},
        "heartbeat_interval": heartbeat_interval,
    }
    if session.refused_id is not None:
        asset["refused_id"] = session.refused_id
    return encode_event(orjson.dumps(asset), name="worker-registration")


def task_stop(task_id: str, attempt: int) -> bytes:
    """Return the frame that tells a worker that it has lost a task."""
    return encode_event(
        orjson.dumps({"id": task_id, "execution_attempts": attempt}), name="task-stop"
    )


def task_notice(record: TaskRecord, seq: int, notification: Mapping[str, Any]) -> bytes:
    """Return the frame that passes on to a worker what its task was told."""
    notice = {
        "id": record.id,
        "execution_attempts": record.attempt,
        "seq": seq,
        "key": notification["key"],
        "data": notification.get("data"),
    }
    return encode_event(orjson.dumps(notice), name="task-notify")

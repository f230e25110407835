"""What the operations of `Agents` send."""

from __future__ import annotations

from typing import Any

from xpander_client.core.convert import (
    dumps as _dumps,
)
from xpander_client.core.plan import (
    Replay,
    RequestPlan,
    encode_path as _encode_path,
    query as _query,
)

__all__ = [
    "get",
    "invoke_tool",
    "list",
]


def list() -> RequestPlan:
    """What `Agents.list` sends."""
    return RequestPlan(
        operation="Agents.list",
        method="GET",
        path="/agents/list",
        template="/agents/list",
        replay=Replay.ALWAYS,
    )


def get(*, agent_id: str, version: str | int | None = None) -> RequestPlan:
    """What `Agents.get` sends."""
    return RequestPlan(
        operation="Agents.get",
        method="GET",
        path=_encode_path("/agents/{agent_id}", agent_id=agent_id),
        template="/agents/{agent_id}",
        replay=Replay.ALWAYS,
        headers=dict(_query({"x-agent-version": version})),
    )


def invoke_tool(
    *,
    agent_id: str,
    tool_id: str,
    payload: dict[str, Any],
    agent_version: str | int | None = None,
    execution_id: str | None = None,
    tool_call_id: str | None = None,
    preflight_check: bool | None = None,
) -> RequestPlan:
    """What `Agents.invoke_tool` sends."""
    return RequestPlan(
        operation="Agents.invoke_tool",
        method="POST",
        path=_encode_path(
            "/agents/{agent_id}/operations/{tool_id}", agent_id=agent_id, tool_id=tool_id
        ),
        template="/agents/{agent_id}/operations/{tool_id}",
        replay=Replay.NEVER,
        headers=dict(
            _query(
                {
                    "x-agent-version": agent_version,
                    "x-execution-id": execution_id,
                    "x-tool-call-id": tool_call_id,
                    "x-preflight-check": preflight_check,
                }
            )
        ),
        body=_dumps(payload),
    )

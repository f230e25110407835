"""What the operations of `Agents` send."""

from __future__ import annotations

import builtins
from typing import Any

from xpander_client.core.requests import (
    Replay,
    RequestSpec,
    encode_path as _encode_path,
    header_fields as _header_fields,
    name_argument as _name_argument,
)
from xpander_client.core.serialization import (
    body as _body,
    dumps as _dumps,
)
from xpander_client.errors import ArgumentError

from .. import models
from ..models.agent_type import AgentType, AgentTypeLiteral


def get_default_llm_extra_headers() -> RequestSpec:
    """Return what `Agents.get_default_llm_extra_headers` sends."""
    return RequestSpec(
        operation="Agents.get_default_llm_extra_headers",
        method="GET",
        path="/metadata/default_llm_extra_headers",
        template="/metadata/default_llm_extra_headers",
        replay=Replay.ALWAYS,
    )


def list() -> RequestSpec:
    """Return what `Agents.list` sends."""
    return RequestSpec(
        operation="Agents.list",
        method="GET",
        path="/agents/list",
        template="/agents/list",
        replay=Replay.ALWAYS,
    )


def get(*, agent_id: str, version: str | int | None = None) -> RequestSpec:
    """Return what `Agents.get` sends."""
    try:
        return RequestSpec(
            operation="Agents.get",
            method="GET",
            path=_encode_path("/agents/{agent_id}", agent_id=agent_id),
            template="/agents/{agent_id}",
            replay=Replay.ALWAYS,
            headers=_header_fields({"x-agent-version": version}),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"x-agent-version": "version"}) from None


def get_database(*, agent_id: str) -> RequestSpec:
    """Return what `Agents.get_database` sends."""
    return RequestSpec(
        operation="Agents.get_database",
        method="GET",
        path=_encode_path("/agents/{agent_id}/db", agent_id=agent_id),
        template="/agents/{agent_id}/db",
        replay=Replay.ALWAYS,
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
) -> RequestSpec:
    """Return what `Agents.invoke_tool` sends."""
    try:
        return RequestSpec(
            operation="Agents.invoke_tool",
            method="POST",
            path=_encode_path(
                "/agents/{agent_id}/operations/{tool_id}", agent_id=agent_id, tool_id=tool_id
            ),
            template="/agents/{agent_id}/operations/{tool_id}",
            replay=Replay.NEVER,
            headers=_header_fields(
                {
                    "x-agent-version": agent_version,
                    "x-execution-id": execution_id,
                    "x-tool-call-id": tool_call_id,
                    "x-preflight-check": preflight_check,
                }
            ),
            body=_dumps(payload),
        )
    except ArgumentError as error:
        raise _name_argument(
            error,
            {
                "x-agent-version": "agent_version",
                "x-execution-id": "execution_id",
                "x-tool-call-id": "tool_call_id",
                "x-preflight-check": "preflight_check",
                "$": "payload",
            },
        ) from None


def run_operation(
    *,
    agent_id: str,
    execution_id: str,
    operation_id: str,
    body_params: dict[str, Any] | None = None,
    path_params: dict[str, Any] | None = None,
    query_params: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
    tool_call_id: str | None = None,
    parallel: bool | None = None,
    with_auto_report_result: bool | None = None,
    agent_version: str | int | None = None,
    execution_attempt: int | None = None,
) -> RequestSpec:
    """Return what `Agents.run_operation` sends."""
    try:
        return RequestSpec(
            operation="Agents.run_operation",
            method="POST",
            path=_encode_path(
                "/agents/{agent_id}/{execution_id}/operations/{operation_id}",
                agent_id=agent_id,
                execution_id=execution_id,
                operation_id=operation_id,
            ),
            template="/agents/{agent_id}/{execution_id}/operations/{operation_id}",
            replay=Replay.NEVER,
            headers=_header_fields(
                {
                    "x-xpander-tool-call-id": tool_call_id,
                    "x-xpander-parallel": parallel,
                    "x-xpander-with-auto-report-result": with_auto_report_result,
                    "x-agent-version": agent_version,
                    "x-execution-attempt": execution_attempt,
                }
            ),
            body=_body(
                models.OperationCall(
                    body_params=body_params,
                    path_params=path_params,
                    query_params=query_params,
                    headers=headers,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(
            error,
            {
                "x-xpander-with-auto-report-result": "with_auto_report_result",
                "x-xpander-tool-call-id": "tool_call_id",
                "x-execution-attempt": "execution_attempt",
                "x-xpander-parallel": "parallel",
                "x-agent-version": "agent_version",
                "OperationCall.": "",
                "$.": "",
            },
        ) from None


def create(
    *,
    name: str,
    type: AgentType | AgentTypeLiteral | None = None,
    description: str | None = None,
    instructions: models.AgentInstructions | None = None,
) -> RequestSpec:
    """Return what `Agents.create` sends."""
    type = AgentType.from_argument("type", type)
    try:
        return RequestSpec(
            operation="Agents.create",
            method="POST",
            path="/agents-crud/tools/crud/create",
            template="/agents-crud/tools/crud/create",
            replay=Replay.KEYED,
            body=_body(
                models.AgentCreate(
                    name=name, type=type, description=description, instructions=instructions
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"AgentCreate.": "", "$.": ""}) from None


def report_llm_usage(
    *,
    agent_id: str,
    provider: str,
    model: str,
    prompt_tokens: int,
    completion_tokens: int,
    total_tokens: int,
    duration: float | None = None,
    finish_reason: str | None = None,
    source_node_type: str | None = None,
    function_name: builtins.list[str] | None = None,
) -> RequestSpec:
    """Return what `Agents.report_llm_usage` sends."""
    try:
        return RequestSpec(
            operation="Agents.report_llm_usage",
            method="POST",
            path=_encode_path("/agents-metrics/{agent_id}/llm", agent_id=agent_id),
            template="/agents-metrics/{agent_id}/llm",
            replay=Replay.KEYED,
            body=_body(
                models.LLMUsageReport(
                    source_node_type=source_node_type,
                    finish_reason=finish_reason,
                    provider=provider,
                    model=model,
                    duration=duration,
                    prompt_tokens=prompt_tokens,
                    completion_tokens=completion_tokens,
                    total_tokens=total_tokens,
                    function_name=function_name,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"LLMUsageReport.": "", "$.": ""}) from None

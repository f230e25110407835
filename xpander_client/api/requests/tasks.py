"""What the operations of `Tasks` send."""

from __future__ import annotations

import builtins
import datetime
from collections.abc import Mapping
from typing import Any

from xpander_client.core.requests import (
    Replay,
    RequestSpec,
    Root,
    StreamSpec,
    add_filters as _add_filters,
    encode_path as _encode_path,
    header_fields as _header_fields,
    name_argument as _name_argument,
    query as _query,
)
from xpander_client.core.serialization import (
    body as _body,
    body_of_fields as _body_of_fields,
    dumps as _dumps,
)
from xpander_client.errors import ArgumentError

from .. import models
from ..models.agent_execution_status import AgentExecutionStatus, AgentExecutionStatusLiteral
from ..models.llm_reasoning_effort import LLMReasoningEffort, LLMReasoningEffortLiteral
from ..models.output_format import OutputFormat, OutputFormatLiteral
from ..models.source_node_type import SourceNodeType
from ..models.think_mode import ThinkMode, ThinkModeLiteral
from ..models.worker_loss import WorkerLoss, WorkerLossLiteral


def create(
    *,
    agent_id: str,
    existing_task_id: str | None = None,
    prompt: str = "",
    file_urls: builtins.list[str] | None = None,
    user_details: models.User | None = None,
    principal: models.Principal | None = None,
    agent_version: str | int | None = None,
    tool_call_payload_extension: dict[str, Any] | None = None,
    source: SourceNodeType | str | None = None,
    worker_id: str | None = None,
    run_locally: bool | None = None,
    output_format: OutputFormat | OutputFormatLiteral | None = None,
    output_schema: dict[str, Any] | None = None,
    events_streaming: bool | None = None,
    additional_context: str | None = None,
    instructions_override: str | None = None,
    test_run_node_id: str | None = None,
    user_oidc_token: str | None = None,
    expected_output: str | None = None,
    mcp_servers: builtins.list[models.MCPServerDetails] | None = None,
    triggering_agent_id: str | None = None,
    title: str | None = None,
    think_mode: ThinkMode | ThinkModeLiteral | None = None,
    disable_attachment_injection: bool | None = None,
    return_metrics: bool | None = None,
    user_tokens: dict[str, Any] | None = None,
    llm_model_provider: str | None = None,
    llm_model_name: str | None = None,
    llm_reasoning_effort: LLMReasoningEffort | LLMReasoningEffortLiteral | None = None,
    harness_cli: str | None = None,
    tool_call_limit: int | None = None,
    attachments: builtins.list[models.AttachmentRef] | None = None,
    permission_mode: str | None = None,
    memory_thread_id: str | None = None,
    parent_execution_id: str | None = None,
    tool_call_name: str | None = None,
    on_worker_loss: WorkerLoss | WorkerLossLiteral | None = None,
    worker_pool: str | None = None,
) -> RequestSpec:
    """Return what `Tasks.create` sends."""
    output_format = OutputFormat.from_argument("output_format", output_format)
    think_mode = ThinkMode.from_argument("think_mode", think_mode)
    llm_reasoning_effort = LLMReasoningEffort.from_argument(
        "llm_reasoning_effort", llm_reasoning_effort
    )
    on_worker_loss = WorkerLoss.from_argument("on_worker_loss", on_worker_loss)
    try:
        return RequestSpec(
            operation="Tasks.create",
            method="POST",
            path=_encode_path("/agent-execution/{agent_id}", agent_id=agent_id),
            template="/agent-execution/{agent_id}",
            replay=Replay.KEYED,
            headers=_header_fields({"x-agent-version": agent_version}),
            body=_body(
                models.TaskCreate(
                    id=existing_task_id,
                    input=models.AgentExecutionInput(
                        text=prompt,
                        files=[] if file_urls is None else file_urls,
                        attachments=attachments,
                        user=user_details,
                        principal=principal,
                    ),
                    payload_extension=tool_call_payload_extension,
                    source=source,
                    worker_id=worker_id,
                    worker_pool=worker_pool,
                    on_worker_loss=on_worker_loss,
                    memory_thread_id=memory_thread_id,
                    parent_execution_id=parent_execution_id,
                    tool_call_name=tool_call_name,
                    output_format=output_format,
                    output_schema=output_schema,
                    run_locally=run_locally,
                    events_streaming=events_streaming,
                    additional_context=additional_context,
                    instructions_override=instructions_override,
                    test_run_node_id=test_run_node_id,
                    user_oidc_token=user_oidc_token,
                    expected_output=expected_output,
                    mcp_servers=mcp_servers,
                    triggering_agent_id=triggering_agent_id,
                    title=title,
                    think_mode=think_mode,
                    disable_attachment_injection=disable_attachment_injection,
                    tool_call_limit=tool_call_limit,
                    user_tokens=user_tokens,
                    return_metrics=return_metrics,
                    llm_model_provider=llm_model_provider,
                    llm_model_name=llm_model_name,
                    llm_reasoning_effort=llm_reasoning_effort,
                    harness_cli=harness_cli,
                    permission_mode=permission_mode,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(
            error,
            {
                "TaskCreate.payload_extension": "tool_call_payload_extension",
                "AgentExecutionInput.files": "file_urls",
                "AgentExecutionInput.text": "prompt",
                "AgentExecutionInput.user": "user_details",
                "AgentExecutionInput.": "",
                "$.payload_extension": "tool_call_payload_extension",
                "$.input.attachments": "attachments",
                "$.input.principal": "principal",
                "x-agent-version": "agent_version",
                "TaskCreate.id": "existing_task_id",
                "$.input.files": "file_urls",
                "$.input.text": "prompt",
                "$.input.user": "user_details",
                "TaskCreate.": "",
                "$.id": "existing_task_id",
                "$.": "",
            },
        ) from None


def stop(*, task_id: str) -> RequestSpec:
    """Return what `Tasks.stop` sends."""
    return RequestSpec(
        operation="Tasks.stop",
        method="DELETE",
        path=_encode_path("/agent-execution/{task_id}", task_id=task_id),
        template="/agent-execution/{task_id}",
        replay=Replay.ALWAYS,
    )


def get(*, task_id: str) -> RequestSpec:
    """Return what `Tasks.get` sends."""
    return RequestSpec(
        operation="Tasks.get",
        method="GET",
        path=_encode_path("/agent-execution/{task_id}/status", task_id=task_id),
        template="/agent-execution/{task_id}/status",
        replay=Replay.ALWAYS,
    )


def update(
    *,
    task_id: str,
    tool_call_payload_extension: dict[str, Any] | None = None,
    source: SourceNodeType | str | None = None,
    status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
    last_executed_node_id: str | None = None,
    result: str | dict[str, Any] | builtins.list[Any] | None = None,
    memory_thread_id: str | None = None,
    worker_id: str | None = None,
    progress: models.TaskProgress | None = None,
) -> RequestSpec:
    """Return what `Tasks.update` sends."""
    status = AgentExecutionStatus.from_argument("status", status)
    try:
        return RequestSpec(
            operation="Tasks.update",
            method="PATCH",
            path=_encode_path("/agent-execution/{task_id}/update", task_id=task_id),
            template="/agent-execution/{task_id}/update",
            replay=Replay.ALWAYS,
            body=_body(
                models.TaskUpdate(
                    tool_call_payload_extension=tool_call_payload_extension,
                    status=status,
                    last_executed_node_id=last_executed_node_id,
                    result=result,
                    memory_thread_id=memory_thread_id,
                    worker_id=worker_id,
                    source=source,
                    progress=progress,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"TaskUpdate.": "", "$.": ""}) from None


def update_fields(*, task_id: str, fields: Mapping[str, Any]) -> RequestSpec:
    """Return what `Tasks.update` sends to change these fields, by their names on the wire."""
    try:
        data = _body_of_fields(models.TaskUpdate, fields)
    except ArgumentError as error:
        raise _name_argument(error, {"$.": ""}) from None
    return RequestSpec(
        operation="Tasks.update",
        method="PATCH",
        path=_encode_path("/agent-execution/{task_id}/update", task_id=task_id),
        template="/agent-execution/{task_id}/update",
        replay=Replay.ALWAYS,
        body=data,
    )


def finish(
    *,
    task_id: str,
    status: AgentExecutionStatus | AgentExecutionStatusLiteral,
    result: str | dict[str, Any] | builtins.list[Any] | None = None,
    execution_attempt: int | None = None,
) -> RequestSpec:
    """Return what `Tasks.finish` sends."""
    status = AgentExecutionStatus.from_argument("status", status)
    try:
        return RequestSpec(
            operation="Tasks.finish",
            method="PATCH",
            path=_encode_path("/agent-execution/{task_id}/finish", task_id=task_id),
            template="/agent-execution/{task_id}/finish",
            replay=Replay.ALWAYS,
            headers=_header_fields({"x-execution-attempt": execution_attempt}),
            body=_body(models.TaskFinish(status=status, result=result)),
        )
    except ArgumentError as error:
        raise _name_argument(
            error, {"x-execution-attempt": "execution_attempt", "TaskFinish.": "", "$.": ""}
        ) from None


def notify(*, task_id: str, key: str, data: Any = None) -> RequestSpec:
    """Return what `Tasks.notify` sends."""
    try:
        return RequestSpec(
            operation="Tasks.notify",
            method="POST",
            path=_encode_path("/agent-execution/{task_id}/notify", task_id=task_id),
            template="/agent-execution/{task_id}/notify",
            replay=Replay.KEYED,
            body=_body(models.TaskNotification(key=key, data=data)),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"TaskNotification.": "", "$.": ""}) from None


def get_pending(*, worker_id: str) -> RequestSpec:
    """Return what `Tasks.get_pending` sends."""
    return RequestSpec(
        operation="Tasks.get_pending",
        method="GET",
        path=_encode_path("/agent-execution/pending-executions/{worker_id}", worker_id=worker_id),
        template="/agent-execution/pending-executions/{worker_id}",
        replay=Replay.ALWAYS,
    )


def list(
    *,
    agent_id: str,
    user_id: str | None = None,
    parent_task_id: str | None = None,
    triggering_agent_id: str | None = None,
    status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
    internal_status: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    filters: dict[str, Any] | None = None,
) -> RequestSpec:
    """Return what `Tasks.list` sends."""
    status = AgentExecutionStatus.from_argument("status", status)
    return RequestSpec(
        operation="Tasks.list",
        method="GET",
        path=_encode_path("/agent-execution/executions/history/{agent_id}", agent_id=agent_id),
        template="/agent-execution/executions/history/{agent_id}",
        replay=Replay.ALWAYS,
        query=_query(
            _add_filters(
                {
                    "user_id": user_id,
                    "parent_task_id": parent_task_id,
                    "triggering_agent_id": triggering_agent_id,
                    "status": status,
                    "internal_status": internal_status,
                    "limit": limit,
                    "cursor": cursor,
                },
                filters,
            )
        ),
    )


def list_user_tasks(
    *,
    user_id: str,
    parent_task_id: str | None = None,
    triggering_agent_id: str | None = None,
    status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
    internal_status: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    filters: dict[str, Any] | None = None,
) -> RequestSpec:
    """Return what `Tasks.list_user_tasks` sends."""
    status = AgentExecutionStatus.from_argument("status", status)
    return RequestSpec(
        operation="Tasks.list_user_tasks",
        method="GET",
        path=_encode_path("/agent-execution/executions/history/user/{user_id}", user_id=user_id),
        template="/agent-execution/executions/history/user/{user_id}",
        replay=Replay.ALWAYS,
        query=_query(
            _add_filters(
                {
                    "parent_task_id": parent_task_id,
                    "triggering_agent_id": triggering_agent_id,
                    "status": status,
                    "internal_status": internal_status,
                    "limit": limit,
                    "cursor": cursor,
                },
                filters,
            )
        ),
    )


def delete(
    *, task_id: str, stop: bool | None = None, with_thread: bool | None = None
) -> RequestSpec:
    """Return what `Tasks.delete` sends."""
    return RequestSpec(
        operation="Tasks.delete",
        method="DELETE",
        path=_encode_path("/agent-execution/executions/{task_id}", task_id=task_id),
        template="/agent-execution/executions/{task_id}",
        replay=Replay.ALWAYS,
        query=_query({"stop": stop, "with_thread": with_thread}),
    )


def delete_many(
    *,
    agent_id: str | None = None,
    user_id: str | None = None,
    parent_task_id: str | None = None,
    status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
    finished_before: datetime.datetime | None = None,
    stop: bool | None = None,
    with_threads: bool | None = None,
    cursor: str | None = None,
) -> RequestSpec:
    """Return what `Tasks.delete_many` sends."""
    status = AgentExecutionStatus.from_argument("status", status)
    try:
        return RequestSpec(
            operation="Tasks.delete_many",
            method="POST",
            path="/agent-execution/executions/delete",
            template="/agent-execution/executions/delete",
            replay=Replay.ALWAYS,
            body=_body(
                models.TasksDelete(
                    agent_id=agent_id,
                    user_id=user_id,
                    parent_task_id=parent_task_id,
                    status=status,
                    finished_before=finished_before,
                    stop=stop,
                    with_threads=with_threads,
                    cursor=cursor,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"TasksDelete.": "", "$.": ""}) from None


def report_external_task(
    *,
    agent_id: str,
    id: str | None = None,
    input: str | None = None,
    llm_response: Any = None,
    tokens: models.Tokens | None = None,
    is_success: bool | None = None,
    result: str | None = None,
    duration: float | None = None,
    used_tools: builtins.list[str] | None = None,
) -> RequestSpec:
    """Return what `Tasks.report_external_task` sends."""
    try:
        return RequestSpec(
            operation="Tasks.report_external_task",
            method="POST",
            path=_encode_path("/agent-execution/{agent_id}/report_task", agent_id=agent_id),
            template="/agent-execution/{agent_id}/report_task",
            replay=Replay.KEYED,
            body=_body(
                models.TaskReportRequest(
                    id=id,
                    input=input,
                    llm_response=llm_response,
                    tokens=tokens,
                    is_success=True if is_success is None else is_success,
                    result=result,
                    duration=duration,
                    used_tools=used_tools,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"TaskReportRequest.": "", "$.": ""}) from None


def report_metrics(
    *,
    agent_id: str,
    execution_id: str,
    source: SourceNodeType | str,
    memory_thread_id: str,
    task: str,
    status: str,
    duration: float,
    ai_model: str,
    sub_executions: builtins.list[str] | None = None,
    triggered_by: str | None = None,
    skills: builtins.list[str] | None = None,
    internal_status: str | None = None,
    worker: str | None = None,
    ai_employee_id: str | None = None,
    api_calls_made: builtins.list[Any] | None = None,
    result: str | None = None,
    llm_tokens: models.ExecutionTokens | None = None,
) -> RequestSpec:
    """Return what `Tasks.report_metrics` sends."""
    try:
        return RequestSpec(
            operation="Tasks.report_metrics",
            method="POST",
            path=_encode_path("/agents-metrics/{agent_id}/execution", agent_id=agent_id),
            template="/agents-metrics/{agent_id}/execution",
            replay=Replay.KEYED,
            body=_body(
                models.ExecutionMetricsReport(
                    execution_id=execution_id,
                    source=source,
                    memory_thread_id=memory_thread_id,
                    task=task,
                    status=status,
                    duration=duration,
                    ai_model=ai_model,
                    sub_executions=sub_executions,
                    triggered_by=triggered_by,
                    skills=skills,
                    internal_status=internal_status,
                    worker=worker,
                    ai_employee_id=ai_employee_id,
                    api_calls_made=api_calls_made,
                    result=result,
                    llm_tokens=llm_tokens,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"ExecutionMetricsReport.": "", "$.": ""}) from None


def get_activity_log(*, agent_id: str, task_id: str) -> RequestSpec:
    """Return what `Tasks.get_activity_log` sends."""
    return RequestSpec(
        operation="Tasks.get_activity_log",
        method="GET",
        path=_encode_path("/activity/{agent_id}/{task_id}", agent_id=agent_id, task_id=task_id),
        template="/activity/{agent_id}/{task_id}",
        replay=Replay.ALWAYS,
    )


def push_events(
    *,
    task_id: str,
    events: builtins.list[models.TaskUpdateEvent],
    execution_attempt: int | None = None,
) -> RequestSpec:
    """Return what `Tasks.push_events` sends."""
    try:
        return RequestSpec(
            operation="Tasks.push_events",
            method="POST",
            path=_encode_path("/agent-execution/{task_id}/events/push", task_id=task_id),
            template="/agent-execution/{task_id}/events/push",
            replay=Replay.KEYED,
            headers=_header_fields({"x-execution-attempt": execution_attempt}),
            body=_dumps(events),
        )
    except ArgumentError as error:
        raise _name_argument(
            error, {"x-execution-attempt": "execution_attempt", "$": "events"}
        ) from None


def events(*, task_id: str, last_event_id: str | None = None) -> StreamSpec:
    """Return what `Tasks.events` sends."""
    try:
        return StreamSpec(
            operation="Tasks.events",
            method="GET",
            path=_encode_path("/agent-execution/{task_id}/events", task_id=task_id),
            template="/agent-execution/{task_id}/events",
            root=Root.EVENTS,
            replay=Replay.ALWAYS,
            headers=_header_fields({"last-event-id": last_event_id}),
            probe=get(task_id=task_id),
            resume=True,
        )
    except ArgumentError as error:
        raise _name_argument(error, {"last-event-id": "last_event_id"}) from None

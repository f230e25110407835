"""Each operation in both worlds: what goes out, and what comes back."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import respx
from ruamel.yaml import YAML

from tests.worlds import World
from xpander_client.api import (
    Agent,
    AgentActivityThread,
    AgentActivityThreadMessage,
    AgentActivityThreadOtherEntry,
    AgentActivityThreadToolCall,
    AgentDatabase,
    AgentExecutionStatus,
    AgentInstructions,
    Agents,
    AgentsListItem,
    AgentType,
    ApiKeyAllowance,
    AttachmentKind,
    AttachmentRef,
    AuditEntry,
    DeployedAsset,
    ExecutionTokens,
    ListeningWorker,
    LLMReasoningEffort,
    MCPServerDetails,
    Organization,
    OutputFormat,
    Principal,
    PrincipalKind,
    Removed,
    Task,
    TaskNotice,
    TaskNotified,
    TaskProgress,
    Tasks,
    TasksListItem,
    TaskUpdateEvent,
    TaskUpdateEventType,
    ThinkMode,
    Thread,
    ThreadMessage,
    Threads,
    ThreadsListItem,
    ThreadToolCall,
    Tokens,
    User,
    WorkerEnvironment,
    WorkerEnvironmentConflict,
    WorkerEvent,
    WorkerEventType,
    WorkerLoss,
    Workers,
)
from xpander_client.configuration import Configuration

BASE = "https://platform.test"
CONFIGURATION = Configuration("secret", BASE, "acme", "agent-default")
SPEC: dict[str, Any] = YAML(typ="safe", pure=True).load(
    (Path(__file__).resolve().parents[2] / "openapi.yaml").read_text("utf-8")
)
TASK = SPEC["components"]["examples"]["CompletedTask"]["value"]
LIST = SPEC["components"]["examples"]["TaskList"]["value"]
THREAD = {"id": "thread-1", "messages": [{"role": "user", "content": "Sum up"}]}
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


@attrs.frozen(kw_only=True)
class Case:
    """A call, the request that it makes, and what becomes of the answer."""

    arguments: dict[str, Any]
    request: str
    query: dict[str, str] = attrs.field(factory=dict)
    headers: dict[str, str] = attrs.field(factory=dict)
    body: Any = None
    answer: Any = None
    returns: Any
    keyed: bool = False


CASES: dict[str, Case] = {
    "Tasks.create": Case(
        arguments={
            "agent_id": "agent-1",
            "existing_task_id": "task-0",
            "prompt": "Sum up",
            "file_urls": ["https://example.com/a.csv"],
            "user_details": User(email="ann@example.com", first_name="Ann"),
            "principal": Principal(kind=PrincipalKind.user, id="u-1"),
            "agent_version": 3,
            "tool_call_payload_extension": {"body": {"a": 1}},
            "source": "sdk",
            "worker_id": "worker-1",
            "run_locally": True,
            "output_format": OutputFormat.Json,
            "output_schema": {"type": "object"},
            "events_streaming": True,
            "additional_context": "context",
            "instructions_override": "be brief",
            "test_run_node_id": "node-1",
            "user_oidc_token": "token",
            "expected_output": "a number",
            "mcp_servers": [MCPServerDetails(name="files", url="https://mcp.test")],
            "triggering_agent_id": "agent-2",
            "title": "Sales",
            "think_mode": ThinkMode.Harder,
            "disable_attachment_injection": True,
            "return_metrics": True,
            "user_tokens": {"files": "t"},
            "llm_model_provider": "openai",
            "llm_model_name": "gpt-5",
            "llm_reasoning_effort": LLMReasoningEffort.XHigh,
            "harness_cli": "codex",
            "tool_call_limit": 7,
            "attachments": [
                AttachmentRef(url="https://example.com/a.csv", kind=AttachmentKind.text)
            ],
            "permission_mode": "gated",
            "memory_thread_id": "thread-1",
            "parent_execution_id": "task-9",
            "tool_call_name": "xpagent-agent-1",
            "on_worker_loss": WorkerLoss.Error,
            "worker_pool": "reports",
        },
        request="POST /agent-execution/agent-1",
        headers={"x-agent-version": "3"},
        body={
            "id": "task-0",
            "input": {
                "text": "Sum up",
                "files": ["https://example.com/a.csv"],
                "attachments": [{"url": "https://example.com/a.csv", "kind": "text"}],
                "user": {"email": "ann@example.com", "first_name": "Ann"},
                "principal": {"kind": "user", "id": "u-1"},
            },
            "payload_extension": {"body": {"a": 1}},
            "source": "sdk",
            "worker_id": "worker-1",
            "memory_thread_id": "thread-1",
            "parent_execution_id": "task-9",
            "tool_call_name": "xpagent-agent-1",
            "on_worker_loss": "error",
            "worker_pool": "reports",
            "output_format": "json",
            "output_schema": {"type": "object"},
            "run_locally": True,
            "events_streaming": True,
            "additional_context": "context",
            "instructions_override": "be brief",
            "test_run_node_id": "node-1",
            "user_oidc_token": "token",
            "expected_output": "a number",
            "mcp_servers": [{"name": "files", "url": "https://mcp.test"}],
            "triggering_agent_id": "agent-2",
            "title": "Sales",
            "think_mode": "harder",
            "disable_attachment_injection": True,
            "tool_call_limit": 7,
            "user_tokens": {"files": "t"},
            "return_metrics": True,
            "llm_model_provider": "openai",
            "llm_model_name": "gpt-5",
            "llm_reasoning_effort": "xhigh",
            "harness_cli": "codex",
            "permission_mode": "gated",
        },
        answer=TASK,
        returns=Task,
        keyed=True,
    ),
    "Tasks.get": Case(
        arguments={"task_id": "a/b"},
        request="GET /agent-execution/a%2Fb/status",
        answer=TASK,
        returns=Task,
    ),
    "Tasks.update": Case(
        arguments={
            "task_id": "task-1",
            "tool_call_payload_extension": {"a": 1},
            "source": "api",
            "status": AgentExecutionStatus.Completed,
            "last_executed_node_id": "node-2",
            "result": "200",
            "memory_thread_id": "thread-1",
            "worker_id": "worker-1",
            "progress": TaskProgress(percent=50, message="half"),
        },
        request="PATCH /agent-execution/task-1/update",
        body={
            "tool_call_payload_extension": {"a": 1},
            "source": "api",
            "status": "completed",
            "last_executed_node_id": "node-2",
            "result": "200",
            "memory_thread_id": "thread-1",
            "worker_id": "worker-1",
            "progress": {"percent": 50, "message": "half"},
        },
        answer=TASK,
        returns=Task,
    ),
    "Tasks.notify": Case(
        arguments={"task_id": "a/b", "key": "approval", "data": {"by": "ann"}},
        request="POST /agent-execution/a%2Fb/notify",
        body={"key": "approval", "data": {"by": "ann"}},
        answer={"delivered": True},
        returns=TaskNotified(delivered=True),
        keyed=True,
    ),
    "Tasks.finish": Case(
        arguments={
            "task_id": "task-1",
            "status": AgentExecutionStatus.Completed,
            "result": "200",
            "execution_attempt": 2,
        },
        request="PATCH /agent-execution/task-1/finish",
        headers={"x-execution-attempt": "2"},
        body={"status": "completed", "result": "200"},
        answer=TASK,
        returns=Task,
    ),
    "Tasks.get_pending": Case(
        arguments={"worker_id": "w 1"},
        request="GET /agent-execution/pending-executions/w%201",
        answer=TASK,
        returns=Task,
    ),
    "Tasks.stop": Case(
        arguments={"task_id": "task-1"},
        request="DELETE /agent-execution/task-1",
        answer=TASK,
        returns=Task,
    ),
    "Tasks.list": Case(
        arguments={
            "agent_id": "agent-1",
            "user_id": "u-1",
            "parent_task_id": "task-0",
            "triggering_agent_id": "agent-2",
            "status": AgentExecutionStatus.Failed,
            "internal_status": "x y",
            "limit": 2,
            "cursor": "a b",
        },
        request="GET /agent-execution/executions/history/agent-1",
        query={
            "user_id": "u-1",
            "parent_task_id": "task-0",
            "triggering_agent_id": "agent-2",
            "status": "failed",
            "internal_status": "x y",
            "limit": "2",
            "cursor": "a b",
        },
        answer=LIST,
        returns=[TasksListItem, TasksListItem],
    ),
    "Tasks.list_user_tasks": Case(
        arguments={
            "user_id": "u-1",
            "filters": {"status": AgentExecutionStatus.Paused},
            "limit": 2,
            "cursor": "a b",
        },
        request="GET /agent-execution/executions/history/user/u-1",
        query={"status": "paused", "limit": "2", "cursor": "a b"},
        answer=LIST,
        returns=[TasksListItem, TasksListItem],
    ),
    "Tasks.report_external_task": Case(
        arguments={
            "id": "ext-1",
            "input": "Sum up",
            "llm_response": {"choices": []},
            "tokens": Tokens(completion_tokens=2, prompt_tokens=3),
            "is_success": False,
            "result": "no",
            "duration": 1.5,
            "used_tools": ["read_csv"],
        },
        request="POST /agent-execution/agent-default/report_task",
        body={
            "id": "ext-1",
            "input": "Sum up",
            "llm_response": {"choices": []},
            "tokens": {
                "completion_tokens": 2,
                "prompt_tokens": 3,
                "cache_read_tokens": 0,
                "cache_write_tokens": 0,
            },
            "is_success": False,
            "result": "no",
            "duration": 1.5,
            "used_tools": ["read_csv"],
        },
        answer=TASK,
        returns=Task,
        keyed=True,
    ),
    "Tasks.report_metrics": Case(
        arguments={
            "agent_id": "agent-1",
            "execution_id": "task-1",
            "source": "sdk",
            "memory_thread_id": "thread-1",
            "task": "Sum up",
            "status": "completed",
            "duration": 2.0,
            "ai_model": "gpt-5",
            "api_calls_made": ["read_csv", {"name": "x"}],
            "llm_tokens": ExecutionTokens(worker=Tokens(prompt_tokens=3)),
        },
        request="POST /agents-metrics/agent-1/execution",
        body={
            "execution_id": "task-1",
            "source": "sdk",
            "memory_thread_id": "thread-1",
            "task": "Sum up",
            "status": "completed",
            "duration": 2.0,
            "ai_model": "gpt-5",
            "api_calls_made": ["read_csv", {"name": "x"}],
            "result": None,  # the platform insists on it
            "llm_tokens": {
                "worker": {
                    "completion_tokens": 0,
                    "prompt_tokens": 3,
                    "cache_read_tokens": 0,
                    "cache_write_tokens": 0,
                }
            },
        },
        returns=None,
        keyed=True,
    ),
    "Tasks.get_activity_log": Case(
        arguments={"agent_id": "agent-1", "task_id": "task-1"},
        request="GET /activity/agent-1/task-1",
        answer={
            "id": "task-1",
            "created_at": "2026-01-02T03:04:05Z",
            "messages": [
                {
                    "id": "1",
                    "created_at": "2026-01-02T03:04:05Z",
                    "role": "user",
                    "content": {"text": "hi", "files": []},
                },
                {
                    "id": "2",
                    "created_at": "2026-01-02T03:04:05Z",
                    "tool_name": "read_csv",
                    "payload": {},
                },
                {"id": "3", "action": "something new"},
            ],
        },
        returns=AgentActivityThread,
    ),
    "Tasks.push_events": Case(
        arguments={
            "task_id": "task-1",
            "events": [
                TaskUpdateEvent(
                    type=TaskUpdateEventType.Chunk,
                    task_id="task-1",
                    organization_id="acme",
                    time=NOW,
                    data="north",
                )
            ],
            "execution_attempt": 2,
        },
        request="POST /agent-execution/task-1/events/push",
        headers={"x-execution-attempt": "2"},
        body=[
            {
                "type": "chunk",
                "task_id": "task-1",
                "organization_id": "acme",
                "time": "2026-01-02T03:04:05+00:00",
                "data": "north",
            }
        ],
        returns=None,
        keyed=True,
    ),
    "Workers.send": Case(
        arguments={
            "worker_id": "worker-1",
            "agent_id": "agent-1",
            "event": WorkerEventType.WorkerHeartbeat,
            "id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11",
            "data": NOW,
        },
        request="POST /acme/events/worker-1",
        query={"type": "worker", "agent_id": "agent-1"},
        body={
            "id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11",
            "event": "worker-heartbeat",
            "data": "2026-01-02T03:04:05+00:00",
        },
        returns=None,
    ),
    "Workers.check_api_key": Case(
        arguments={"api_key": "other"},
        request="POST /metadata/api_key_allowance",
        body={"api_key": "other"},
        answer={"api_key": "other", "agent_ids": ["agent-1"]},
        returns=ApiKeyAllowance,
    ),
    "Agents.list": Case(
        arguments={},
        request="GET /agents/list",
        answer=[{"id": "a", "name": "A", "organization_id": "acme", "status": "RETIRED"}],
        returns=[AgentsListItem],
    ),
    "Agents.get": Case(
        arguments={"version": 2},
        request="GET /agents/agent-default",
        headers={"x-agent-version": "2"},
        answer={"id": "a", "name": "A", "organization_id": "acme"},
        returns=Agent,
    ),
    "Agents.get_database": Case(
        arguments={},
        request="GET /agents/agent-default/db",
        answer={"id": "a", "name": "A", "connection_uri": {"uri": "postgresql://db"}},
        returns=AgentDatabase,
    ),
    "Agents.get_default_llm_extra_headers": Case(
        arguments={},
        request="GET /metadata/default_llm_extra_headers",
        answer={"x-team": "sales"},
        returns={"x-team": "sales"},
    ),
    "Agents.invoke_tool": Case(
        arguments={
            "agent_id": "agent-1",
            "tool_id": "read_csv",
            "payload": {"url": "https://example.com"},
            "agent_version": "4",
            "execution_id": "task-1",
            "tool_call_id": "call-1",
            "preflight_check": True,
        },
        request="POST /agents/agent-1/operations/read_csv",
        headers={
            "x-agent-version": "4",
            "x-execution-id": "task-1",
            "x-tool-call-id": "call-1",
            "x-preflight-check": "true",
        },
        body={"url": "https://example.com"},
        answer={"rows": [1, 2]},
        returns={"rows": [1, 2]},
    ),
    "Agents.run_operation": Case(
        arguments={
            "agent_id": "agent-1",
            "execution_id": "task-1",
            "operation_id": "read csv",
            "body_params": {"a": 1},
            "path_params": {"b": 2},
            "query_params": {"c": [3, 4]},
            "headers": {"d": "5"},
            "tool_call_id": "call-1",
            "parallel": False,
            "with_auto_report_result": True,
            "agent_version": 4,
            "execution_attempt": 2,
        },
        request="POST /agents/agent-1/task-1/operations/read%20csv",
        headers={
            "x-xpander-tool-call-id": "call-1",
            "x-xpander-parallel": "false",
            "x-xpander-with-auto-report-result": "true",
            "x-agent-version": "4",
            "x-execution-attempt": "2",
        },
        body={
            "body_params": {"a": 1},
            "path_params": {"b": 2},
            "query_params": {"c": [3, 4]},
            "headers": {"d": "5"},
        },
        answer="four rows",
        returns="four rows",
    ),
    "Agents.create": Case(
        arguments={
            "name": "Sales",
            "type": AgentType.Regular,
            "description": "Sums up",
            "instructions": AgentInstructions(role=["be brief"]),
        },
        request="POST /agents-crud/tools/crud/create",
        body={
            "name": "Sales",
            "type": "regular",
            "description": "Sums up",
            "instructions": {"role": ["be brief"], "goal": [], "general": ""},
        },
        answer={"id": "a", "name": "Sales", "organization_id": "acme"},
        returns=Agent,
        keyed=True,
    ),
    "Agents.report_llm_usage": Case(
        arguments={
            "agent_id": "agent-1",
            "provider": "openai",
            "model": "gpt-5",
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "duration": 1.5,
            "finish_reason": "stop",
            "source_node_type": "sdk",
            "function_name": ["read_csv"],
        },
        request="POST /agents-metrics/agent-1/llm",
        body={
            "provider": "openai",
            "model": "gpt-5",
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "duration": 1.5,
            "finish_reason": "stop",
            "source_node_type": "sdk",
            "function_name": ["read_csv"],
        },
        returns=None,
        keyed=True,
    ),
    "Threads.create": Case(
        arguments={
            "organization_id": "acme",
            "user_details": {"id": "u-1"},
            "metadata": {"agent_id": "agent-1"},
            "thread_id": "chat-1",
        },
        request="POST /memory",
        body={
            "id": "chat-1",
            "organization_id": "acme",
            "user_details": {"id": "u-1"},
            "metadata": {"agent_id": "agent-1"},
        },
        answer=THREAD,
        returns=Thread,
        keyed=True,
    ),
    "Threads.get": Case(
        arguments={"thread_id": "thread-1"},
        request="GET /memory/thread-1",
        answer=THREAD,
        returns=Thread,
    ),
    "Threads.read": Case(
        arguments={"thread_id": "thread-1", "strategy": "MovingWindow", "after": 7},
        request="GET /memory/thread-1/MovingWindow",
        query={"after": "7"},
        answer=THREAD,
        returns=Thread,
    ),
    "Threads.extend": Case(
        arguments={
            "thread_id": "thread-1",
            "messages": [
                ThreadMessage(role="user", content="Sum up"),
                ThreadMessage(
                    role="assistant",
                    tool_calls=[
                        ThreadToolCall(name="read", payload="{}", tool_call_id="call-1"),
                    ],
                ),
            ],
            "after": 7,
            "execution_id": "task-1",
            "execution_attempt": 2,
        },
        request="PUT /memory/thread-1",
        query={"after": "7"},
        headers={"x-xpander-execution-id": "task-1", "x-execution-attempt": "2"},
        body=[
            {"role": "user", "content": "Sum up"},
            {
                "role": "assistant",
                "tool_calls": [{"name": "read", "payload": "{}", "tool_call_id": "call-1"}],
            },
        ],
        answer=THREAD,
        returns=Thread,
        keyed=True,
    ),
    "Threads.update": Case(
        arguments={
            "thread_id": "thread-1",
            "messages": [ThreadMessage(role="user", content="Sum up")],
            "metadata": {"agent_id": "agent-1"},
            "user_details": {"id": "u-1"},
            "name": "Sales",
        },
        request="PATCH /memory/thread-1",
        body={
            "messages": [{"role": "user", "content": "Sum up"}],
            "metadata": {"agent_id": "agent-1"},
            "user_details": {"id": "u-1"},
            "name": "Sales",
        },
        answer=THREAD,
        returns=Thread,
    ),
    "Threads.rename": Case(
        arguments={"thread_id": "thread-1", "name": "a/b"},
        request="PATCH /memory/rename/thread-1/a%2Fb",
        returns=None,
    ),
    "Threads.delete": Case(
        arguments={"thread_id": "thread-1"},
        request="DELETE /memory/thread-1",
        returns=None,
    ),
    "Tasks.delete": Case(
        arguments={"task_id": "task-1", "stop": True, "with_thread": False},
        request="DELETE /agent-execution/executions/task-1",
        query={"stop": "true", "with_thread": "false"},
        answer={"tasks": 1, "threads": 0, "more": False},
        returns=Removed,
    ),
    "Tasks.delete_many": Case(
        arguments={
            "agent_id": "agent-1",
            "user_id": "u-1",
            "parent_task_id": "task-0",
            "status": "failed",
            "finished_before": NOW,
            "stop": False,
            "with_threads": True,
            "cursor": "9",
        },
        request="POST /agent-execution/executions/delete",
        body={
            "agent_id": "agent-1",
            "user_id": "u-1",
            "parent_task_id": "task-0",
            "status": "failed",
            "finished_before": "2026-01-02T03:04:05+00:00",
            "stop": False,
            "with_threads": True,
            "cursor": "9",
        },
        answer={"tasks": 2, "threads": 1, "more": True, "cursor": "7"},
        returns=Removed,
    ),
    "Organization.forget_user": Case(
        arguments={"user_id": "u/1"},
        request="DELETE /metadata/users/u%2F1",
        answer={"tasks": 2, "threads": 1, "more": False},
        returns=Removed,
    ),
    "Organization.list_audit": Case(
        arguments={"limit": 5, "cursor": "9"},
        request="GET /metadata/audit",
        query={"limit": "5", "cursor": "9"},
        answer=[
            {
                "id": "8",
                "time": "2026-01-02T03:04:05Z",
                "actor": "operator",
                "action": "key.revoke",
                "target": "1a2b3c4d",
                "outcome": "revoked",
            }
        ],
        returns=[AuditEntry],
    ),
    "Organization.list_workers": Case(
        arguments={},
        request="GET /metadata/workers",
        answer=[{"id": "worker-1", "agent_id": "agent-1"}],
        returns=[ListeningWorker],
    ),
    "Threads.list_user_threads": Case(
        arguments={"user_id": "u-1", "agent_id": "agent-1"},
        request="GET /memory/threads/u-1",
        query={"agent_id": "agent-1"},
        answer=[{"thread_id": "thread-1"}],
        returns=[ThreadsListItem],
    ),
}
STREAMS = {"Tasks.events", "Workers.listen"}
COLLECTIONS: dict[str, type[Tasks | Agents | Organization | Threads | Workers]] = {
    "Tasks": Tasks,
    "Agents": Agents,
    "Organization": Organization,
    "Threads": Threads,
    "Workers": Workers,
}


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


def test_every_operation_of_the_specification_has_a_case() -> None:
    declared = {
        item[method]["operationId"]
        for item in SPEC["paths"].values()
        for method in ("get", "post", "put", "patch", "delete")
        if method in item
    }
    assert declared == CASES.keys() | STREAMS


def test_the_case_of_create_gives_every_keyword() -> None:
    [declared] = [
        set(item["post"]["x-arguments"])
        for item in SPEC["paths"].values()
        if "post" in item and item["post"]["operationId"] == "Tasks.create"
    ]
    assert CASES["Tasks.create"].arguments.keys() == declared


@pytest.mark.parametrize("raw", [False, True], ids=["plain", "raw"])
@pytest.mark.parametrize("name", CASES)
def test_an_operation_sends_what_the_contract_says(
    world: World, name: str, raw: bool, router: respx.MockRouter
) -> None:
    case = CASES[name]
    answer = httpx.Response(200, headers={"x-request-id": "r-1"}, json=case.answer)
    router.route().mock(return_value=answer)
    collection, _, method = name.partition(".")
    with COLLECTIONS[collection](CONFIGURATION) as calls:
        target: Any = calls.with_raw_response if raw else calls
        returned = world.run(target, method, **case.arguments)
        world.runner.run(calls.aclose())
    [call] = router.calls
    request = call.request
    path = request.url.raw_path.decode().partition("?")[0]
    assert f"{request.method} {path}" == case.request
    assert dict(request.url.params) == case.query
    assert request.headers["x-api-key"] == "secret"
    for header, value in case.headers.items():
        assert request.headers[header] == value
    assert ("idempotency-key" in request.headers) == case.keyed
    assert (json.loads(request.content) if request.content else None) == case.body
    if raw:
        assert returned.status_code == 200
        assert returned.request_id == "r-1"
        returned = returned.parsed
    if isinstance(case.returns, list):
        assert [type(item) for item in returned] == case.returns
    elif isinstance(case.returns, type):
        assert type(returned) is case.returns
    else:
        assert returned == case.returns


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_given_is_not_sent(world: World, name: str, router: respx.MockRouter) -> None:
    case = CASES[name]
    router.route().mock(return_value=httpx.Response(200, json=case.answer))
    collection, _, method = name.partition(".")
    with COLLECTIONS[collection](CONFIGURATION) as calls:
        needed = {
            key: case.arguments[key] for key in REQUIRED.get(name, ()) if key in case.arguments
        }
        world.run(calls, method, **needed)
        world.runner.run(calls.aclose())
    [call] = router.calls
    content = json.loads(call.request.content) if call.request.content else {}
    if name != "Tasks.report_metrics":  # its result is sent, whatever it is
        assert "null" not in call.request.content.decode()
    assert not [header for header in case.headers if header in call.request.headers]
    if isinstance(content, dict) and isinstance(case.body, dict):
        assert content.keys() <= case.body.keys()


REQUIRED: dict[str, tuple[str, ...]] = {
    "Tasks.create": ("agent_id",),
    "Tasks.get": ("task_id",),
    "Tasks.update": ("task_id",),
    "Tasks.stop": ("task_id",),
    "Tasks.list": ("agent_id",),
    "Tasks.list_user_tasks": ("user_id",),
    "Tasks.report_metrics": (
        "agent_id",
        "execution_id",
        "source",
        "memory_thread_id",
        "task",
        "status",
        "duration",
        "ai_model",
    ),
    "Tasks.get_activity_log": ("agent_id", "task_id"),
    "Tasks.push_events": ("task_id", "events"),
    "Workers.send": ("worker_id", "agent_id", "event", "id"),
    "Workers.check_api_key": ("api_key",),
    "Agents.invoke_tool": ("agent_id", "tool_id", "payload"),
    "Agents.run_operation": ("agent_id", "execution_id", "operation_id"),
    "Agents.create": ("name",),
    "Agents.report_llm_usage": (
        "agent_id",
        "provider",
        "model",
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
    ),
    "Tasks.finish": ("task_id", "status"),
    "Tasks.delete": ("task_id",),
    "Organization.forget_user": ("user_id",),
    "Tasks.notify": ("task_id", "key"),
    "Tasks.get_pending": ("worker_id",),
    "Threads.get": ("thread_id",),
    "Threads.read": ("thread_id", "strategy"),
    "Threads.extend": ("thread_id", "messages"),
    "Threads.update": ("thread_id",),
    "Threads.rename": ("thread_id", "name"),
    "Threads.delete": ("thread_id",),
    "Threads.list_user_threads": ("user_id",),
}


def test_the_entries_of_a_log_are_told_apart(world: World, router: respx.MockRouter) -> None:
    case = CASES["Tasks.get_activity_log"]
    router.route().mock(return_value=httpx.Response(200, json=case.answer))
    thread = world.run(Tasks(CONFIGURATION), "get_activity_log", **case.arguments)
    assert [type(entry) for entry in thread.messages] == [
        AgentActivityThreadMessage,
        AgentActivityThreadToolCall,
        AgentActivityThreadOtherEntry,
    ]
    assert thread.messages[2].additional_properties == {"action": "something new"}


def frames(path: str) -> str:
    content = SPEC["paths"][path]["get"]["responses"]["200"]["content"]["text/event-stream"]
    [example] = content["examples"].values()
    text: str = example["value"]
    return text


def collect(world: World, obj: Any, method: str, *args: Any, **kwargs: Any) -> list[Any]:
    if world.name == "sync":
        return list(getattr(obj, method)(*args, **kwargs))

    async def gather() -> list[Any]:
        return [event async for event in getattr(obj, f"a{method}")(*args, **kwargs)]

    return world.runner.run(gather())


def test_events_come_typed_from_the_events_root(world: World, router: respx.MockRouter) -> None:
    router.route().mock(
        return_value=httpx.Response(
            200,
            headers={"content-type": "text/event-stream"},
            text=frames("/agent-execution/{task_id}/events"),
        )
    )
    tasks = Tasks(CONFIGURATION)
    events = collect(world, tasks, "events", "task-1", last_event_id="7")
    [call] = router.calls
    assert call.request.url == f"{BASE}/acme/agent-execution/task-1/events"
    assert call.request.headers["last-event-id"] == "7"
    assert [event.type for event in events] == [
        TaskUpdateEventType.Connected,
        TaskUpdateEventType.TaskCreated,
        TaskUpdateEventType.Chunk,
        TaskUpdateEventType.TaskFinished,
    ]
    assert [type(event.data) for event in events] == [type(None), Task, str, Task]
    assert events[3].data.configuration is CONFIGURATION


def test_workers_hear_named_events_with_typed_data(world: World, router: respx.MockRouter) -> None:
    router.route().mock(
        return_value=httpx.Response(
            200,
            headers={"content-type": "text/event-stream"},
            text='event: brand-new\ndata: {"a": 1}\n\nevent: agent-execution\ndata: no task\n\n'
            'event: task-notify\ndata: {"id":"t","execution_attempts":1,"seq":7,"key":"k"}\n\n'
            + frames("/events/{agent_id}/"),
        )
    )
    workers = Workers(CONFIGURATION)
    events: list[WorkerEvent] = collect(
        world,
        workers,
        "listen",
        "agent-1",
        environment=WorkerEnvironment.Local,
        worker_id="w-1",
        pool="reports",
    )
    [call] = router.calls
    assert call.request.url == f"{BASE}/acme/events/agent-1/?environment=local&pool=reports"
    assert call.request.headers["x-worker-id"] == "w-1"
    assert [event.event for event in events] == [
        "brand-new",
        WorkerEventType.AgentExecution,
        WorkerEventType.TaskNotify,
        WorkerEventType.WorkerRegistration,
        WorkerEventType.EnvironmentConflict,
    ]
    assert events[0].data == {"a": 1}
    assert events[1].data == "no task"
    assert events[2].data == TaskNotice(id="t", execution_attempts=1, seq=7, key="k")
    assert isinstance(events[3].data, DeployedAsset)
    assert isinstance(events[4].data, WorkerEnvironmentConflict)

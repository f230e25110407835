"""Tasks as objects: what they load, save and follow, in both worlds."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncGenerator, Generator, Iterator
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
    AgentExecutionStatus,
    Agents,
    AgentsListItem,
    ApiKeyAllowance,
    MCPServerDetails,
    SourceNodeType,
    Task,
    Tasks,
    TasksListItem,
    Tokens,
)
from xpander_client.configuration import Configuration
from xpander_client.core.serialization import unstructure
from xpander_client.core.statuses import STATUSES, TERMINAL
from xpander_client.errors import ArgumentError, NotFoundError

CONFIGURATION = Configuration("secret", "https://platform.test", "acme", "agent-default")
OTHER = Configuration("other", "https://elsewhere.test", "acme")
SPEC: dict[str, Any] = YAML(typ="safe", pure=True).load(
    (Path(__file__).resolve().parents[2] / "openapi.yaml").read_text("utf-8")
)
EXAMPLES = SPEC["components"]["examples"]
PENDING: dict[str, Any] = EXAMPLES["PendingTask"]["value"]
COMPLETED: dict[str, Any] = EXAMPLES["CompletedTask"]["value"]


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


def answering(router: respx.MockRouter, *answers: Any) -> None:
    """Answer the requests to come with these, in order."""
    router.route().mock(side_effect=[httpx.Response(200, json=answer) for answer in answers])


def sent(router: respx.MockRouter) -> Any:
    """The body of the last request."""
    return json.loads(router.calls[-1].request.content)


@pytest.fixture
def task(router: respx.MockRouter) -> Task:
    answering(router, {**PENDING, "brand_new": {"a": 1}, "result": "so far", "source": "fax"})
    return Tasks(CONFIGURATION).get("task-1")


def test_a_task_keeps_what_it_does_not_know(task: Task) -> None:
    assert task.additional_properties == {"brand_new": {"a": 1}}
    assert task.source == "fax"
    assert isinstance(task.source, SourceNodeType)
    assert task.status is AgentExecutionStatus.Pending
    assert task.configuration is CONFIGURATION


def test_secrets_are_kept_out_of_what_is_printed(task: Task) -> None:
    task.user_oidc_token = "oidc-secret"
    task.user_tokens = {"files": "token-secret"}
    task.mcp_servers = [
        MCPServerDetails(
            url="https://mcp.test",
            api_key="key-secret",
            client_secret="client-secret",
            headers={"authorization": "header-secret"},
            env_vars={"TOKEN": "variable-secret"},
        )
    ]
    assert "https://mcp.test" in repr(task)
    assert "-secret" not in repr(task)
    assert "-secret" not in repr(ApiKeyAllowance(api_key="key-secret", agent_ids=["a"]))


def test_save_sends_only_what_changed(world: World, task: Task, router: respx.MockRouter) -> None:
    task.title = "Sales"
    task.result = None
    task.input.text = "Sum it up"
    answering(router, {**COMPLETED, "title": "Sales (January)"})
    world.run(task, "save")
    assert router.calls[-1].request.method == "PATCH"
    assert sent(router) == {
        "title": "Sales",
        "result": None,
        "input": {"text": "Sum it up", "files": ["https://example.com/sales.csv"]},
    }
    assert task.title == "Sales (January)"
    assert task.status is AgentExecutionStatus.Completed


def test_a_plan_is_saved_on_request_only(
    world: World, task: Task, router: respx.MockRouter
) -> None:
    from xpander_client.api import DeepPlanning

    task.title = "Sales"
    task.deep_planning = DeepPlanning(enabled=True)
    answering(router, {**PENDING, "title": "Sales"}, PENDING)
    world.run(task, "save")
    assert sent(router) == {"title": "Sales"}
    assert task.deep_planning == DeepPlanning(enabled=True)
    world.run(task, "save", with_deep_plan_update=True)
    assert list(sent(router)) == ["deep_planning"]


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ((AgentExecutionStatus.Executing,), {"status": "executing"}),
        ((AgentExecutionStatus.Completed, "200"), {"status": "completed", "result": "200"}),
        ((AgentExecutionStatus.Completed, ""), {"status": "completed", "result": ""}),
    ],
)
def test_set_status_sends_the_status_and_a_result_when_given(
    world: World,
    task: Task,
    router: respx.MockRouter,
    arguments: tuple[Any, ...],
    body: dict[str, str],
) -> None:
    task.title = "not saved yet"
    answering(router, {**PENDING, **body})
    world.run(task, "set_status", *arguments)
    assert sent(router) == body
    assert task.status == body["status"]
    assert task.title == "not saved yet"


def _deep() -> Any:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (5, r"^title: expected a string"),
        (b"Sales", r"^title: a value of type bytes has no JSON form; decode\(\)"),
        ({"Sales"}, r"^title: a value of type set has no JSON form; list\(\)"),
        (Path("sales"), r"^title: a value of type \w+ has no JSON form; str\(\)"),
        (_deep(), r"nested too deeply"),
    ],
    ids=["number", "bytes", "set", "path", "deep"],
)
def test_a_wrong_value_is_refused_before_anything_is_sent(
    world: World, task: Task, router: respx.MockRouter, value: Any, told: str
) -> None:
    before = len(router.calls)
    task.title = value
    with pytest.raises(ArgumentError, match=told):
        world.run(task, "save")
    assert len(router.calls) == before


def test_a_task_is_told_what_it_waits_for(
    world: World, task: Task, router: respx.MockRouter
) -> None:
    answering(router, {"delivered": False})
    told = world.run(task, "notify", "approval", {"by": "ann"})
    assert told.delivered is False
    request = router.calls[-1].request
    assert (request.method, request.url.path) == ("POST", "/agent-execution/task-1/notify")
    assert json.loads(request.content) == {"key": "approval", "data": {"by": "ann"}}


def test_stop_and_reload_take_over_what_the_platform_answers(
    world: World, task: Task, router: respx.MockRouter
) -> None:
    answering(router, EXAMPLES["StoppedTask"]["value"], COMPLETED)
    world.run(task, "stop")
    assert router.calls[-1].request.method == "DELETE"
    assert task.status is AgentExecutionStatus.Stopped
    setattr(task, "title", "lost")  # noqa: B010  # type checkers don't see what a call changes
    world.run(task, "reload")
    assert router.calls[-1].request.url.path == "/agent-execution/task-1/status"
    assert task.title is None
    assert task.result == COMPLETED["result"]


def test_load_makes_a_task_of_an_id(world: World, router: respx.MockRouter) -> None:
    answering(router, COMPLETED)
    task = world.run(Task, "load", "task-1", CONFIGURATION)
    assert type(task) is Task
    assert task.configuration is CONFIGURATION


def test_a_subclass_loads_objects_of_itself(world: World, router: respx.MockRouter) -> None:
    class MyTask(Task):
        pass

    answering(router, COMPLETED)
    assert type(world.run(MyTask, "load", "task-1", CONFIGURATION)) is MyTask


def test_a_list_item_loads_the_whole_task(world: World, router: respx.MockRouter) -> None:
    answering(router, EXAMPLES["TaskList"]["value"], COMPLETED, COMPLETED)
    item = world.run(Tasks(CONFIGURATION), "list", "agent-sales")[1]
    assert type(item) is TasksListItem
    task = world.run(item, "load")
    assert type(task) is Task
    assert router.calls[-1].request.url.path == "/agent-execution/task-1/status"
    assert task.configuration is CONFIGURATION
    assert world.run(item, "load", OTHER).configuration is OTHER
    assert router.calls[-1].request.url.host == "elsewhere.test"


def test_agents_load_and_call_their_tools(world: World, router: respx.MockRouter) -> None:
    agent = {
        "id": "a-1",
        "name": "Sales",
        "organization_id": "acme",
        "tools": [{"id": "t", "name": "t"}],
    }
    answering(router, [agent], agent, agent, {"rows": 4}, agent)
    [item] = world.run(Agents(CONFIGURATION), "list")
    assert type(item) is AgentsListItem
    found = world.run(item, "load")
    assert type(found) is Agent
    world.run(found, "reload")
    assert world.run(found, "invoke_tool", tool_id="t", payload={}) == {"rows": 4}
    assert router.calls[-1].request.url.path == "/agents/a-1/operations/t"
    world.run(Agent, "load", configuration=CONFIGURATION)
    assert router.calls[-1].request.url.path == "/agents/agent-default"


def test_an_id_that_is_missing_everywhere_is_refused(
    world: World, router: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XPANDER_AGENT_ID", raising=False)
    nobody = Configuration("secret", "https://platform.test", "acme")
    with pytest.raises(Exception, match="agent_id"):
        world.run(Agents(nobody), "get")
    assert len(router.calls) == 0


@pytest.mark.parametrize("method", ["events", "aevents"])
@pytest.mark.parametrize("streaming", [False, None])
def test_a_task_without_events_refuses_to_stream_at_the_call(
    task: Task, method: str, streaming: bool | None
) -> None:
    task.events_streaming = streaming
    with pytest.raises(ValueError, match="events_streaming=True"):
        getattr(task, method)()


def test_events_are_generators(task: Task) -> None:
    sync, aio = task.events(), task.aevents()
    assert isinstance(sync, Generator)
    assert isinstance(aio, AsyncGenerator)
    assert not inspect.iscoroutinefunction(Task.aevents)
    sync.close()


@pytest.mark.parametrize("streaming", [False, True])
def test_wait_finished_returns_the_same_task_finished(
    world: World, task: Task, router: respx.MockRouter, streaming: bool
) -> None:
    [example] = SPEC["paths"]["/agent-execution/{task_id}/events"]["get"]["responses"]["200"][
        "content"
    ]["text/event-stream"]["examples"].values()
    stream = httpx.Response(
        200, headers={"content-type": "text/event-stream"}, text=example["value"]
    )
    polls = [httpx.Response(200, json=PENDING)] if not streaming else [stream]
    router.route().mock(side_effect=[*polls, httpx.Response(200, json=COMPLETED)])
    task.events_streaming = streaming
    if world.name == "sync":
        finished = task.wait_finished(timeout=20)
    else:
        finished = world.runner.run(task.await_finished(timeout=20))
    assert finished is task
    assert task.result == COMPLETED["result"]
    streams = [call for call in router.calls if call.request.url.path.endswith("/events")]
    assert len(streams) == streaming


def test_report_metrics_tells_what_the_task_knows(
    world: World, task: Task, router: respx.MockRouter
) -> None:
    with pytest.raises(ArgumentError, match=r"task\.tokens"):
        world.run(task, "report_metrics")
    task.tokens = Tokens(prompt_tokens=3)
    task.used_tools = ["read_csv"]
    answering(router, None)
    world.run(task, "report_metrics", ai_model="gpt-5", worker="worker-1")
    assert router.calls[-1].request.url.path == "/agents-metrics/agent-sales/execution"
    body = sent(router)
    tokens = body.pop("llm_tokens")
    assert tokens["worker"]["prompt_tokens"] == 3
    assert body == {
        "execution_id": "task-1",
        "source": "fax",
        "memory_thread_id": "task-1",
        "task": "Sum up the sales by region",
        "status": "pending",
        "duration": 0.0,
        "ai_model": "gpt-5",
        "worker": "worker-1",
        "api_calls_made": ["read_csv"],
        "result": "so far",
    }


def test_an_external_task_is_reported_from_the_class(
    world: World, router: respx.MockRouter
) -> None:
    answering(router, COMPLETED)
    task = world.run(
        Task, "report_external_task", configuration=CONFIGURATION, agent_id="a-1", result="Done"
    )
    assert type(task) is Task
    assert router.calls[-1].request.url.path == "/agent-execution/a-1/report_task"
    assert sent(router) == {"is_success": True, "result": "Done"}


def test_get_activity_log_asks_for_the_task_of_the_agent(
    world: World, task: Task, router: respx.MockRouter
) -> None:
    answering(router, {"id": "t", "created_at": "2026-01-02T03:04:05Z", "messages": []})
    world.run(task, "get_activity_log")
    assert router.calls[-1].request.url.path == "/activity/agent-sales/task-1"


def test_a_missing_task_is_an_error_of_its_own(world: World, router: respx.MockRouter) -> None:
    router.route().mock(return_value=httpx.Response(404, json={"detail": "no such task"}))
    with pytest.raises(NotFoundError, match="no such task"):
        world.run(Tasks(CONFIGURATION), "get", "nope")


def test_the_statuses_of_the_contract_are_those_that_the_core_knows() -> None:
    assert {status.value for status in AgentExecutionStatus} == STATUSES
    assert {status.value for status in AgentExecutionStatus if status.is_terminal} == TERMINAL
    assert not AgentExecutionStatus("melted").is_terminal


def test_a_worker_writes_with_its_attempt(world: World, router: respx.MockRouter) -> None:
    answering(router, {**PENDING, "execution_attempts": 3}, {**COMPLETED, "execution_attempts": 3})
    task = Tasks(CONFIGURATION).get("task-1")
    task._bind(task._transport, task._loaded, {"execution_attempts": 3})
    world.run(task, "set_status", AgentExecutionStatus.Completed)
    assert sent(router) == {"status": "completed", "execution_attempts": 3}


# The order of the official client's keywords: calls by position mean the same in both.
CREATE = [
    "agent_id",
    "existing_task_id",
    "prompt",
    "file_urls",
    "user_details",
    "principal",
    "agent_version",
    "tool_call_payload_extension",
    "source",
    "worker_id",
    "run_locally",
    "output_format",
    "output_schema",
    "events_streaming",
    "additional_context",
    "instructions_override",
    "test_run_node_id",
    "user_oidc_token",
    "expected_output",
    "mcp_servers",
    "triggering_agent_id",
    "title",
    "think_mode",
    "disable_attachment_injection",
    "return_metrics",
    "user_tokens",
    "llm_model_provider",
    "llm_model_name",
    "llm_reasoning_effort",
    "harness_cli",
    "tool_call_limit",
    "attachments",
    "permission_mode",
    # and behind them what is ours
    "memory_thread_id",
    "parent_execution_id",
    "tool_call_name",
    "on_worker_loss",
    "worker_pool",
]
UPDATE = [
    "task_id",
    "tool_call_payload_extension",
    "source",
    "status",
    "last_executed_node_id",
    "result",
    # and behind them what is ours
    "memory_thread_id",
    "worker_id",
    "progress",
]


@pytest.mark.parametrize(
    ("method", "names"),
    [
        (Tasks.create, CREATE),
        (Tasks.update, UPDATE),
        (Tasks.get, ["task_id"]),
        (Tasks.stop, ["task_id"]),
        (Agents.get, ["agent_id", "version"]),
        (Task.set_status, ["status", "result"]),
        (Task.save, ["with_deep_plan_update"]),
    ],
)
def test_parameters_stand_in_the_official_order(method: Any, names: list[str]) -> None:
    parameters = [
        each for each in inspect.signature(method).parameters.values() if each.name != "self"
    ]
    assert [each.name for each in parameters] == names
    assert {each.kind for each in parameters} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


@pytest.mark.parametrize("tells", [True, False])
def test_waiting_asks_only_where_the_last_event_does_not_tell(
    world: World, router: respx.MockRouter, tells: bool
) -> None:
    answering(router, {**PENDING, "events_streaming": True})
    task = Tasks(CONFIGURATION).get("task-1")
    last = {
        "type": "task_finished",
        "task_id": "task-1",
        "organization_id": "acme",
        "time": "2026-01-02T03:04:05Z",
        "data": {**COMPLETED, "id": "task-1", "result": "told"} if tells else None,
    }
    stream = f"id: 1\ndata: {json.dumps(last)}\n\n".encode()
    headers = {"content-type": "text/event-stream"}
    answer = {**COMPLETED, "id": "task-1", "result": "asked"}
    router.route().mock(
        side_effect=[
            httpx.Response(200, content=stream, headers=headers),
            httpx.Response(200, json=answer),
        ]
    )
    before = len(router.calls)
    world.run(task, "wait_finished", timeout=20)
    assert (task.status, task.result) == (
        AgentExecutionStatus.Completed,
        "told" if tells else "asked",
    )
    assert len(router.calls) - before == (1 if tells else 2)


def test_what_is_worked_out_may_be_given_and_says_nothing() -> None:
    tokens = Tokens(prompt_tokens=1, completion_tokens=2, total_tokens=9)
    assert tokens == Tokens(prompt_tokens=1, completion_tokens=2)
    assert tokens.total_tokens == 3
    assert "total_tokens" not in unstructure(tokens)
    assert (Tokens().completion_tokens, Tokens().additional_properties) == (0, {})
    assert attrs.evolve(tokens, prompt_tokens=5).total_tokens == 7
    with pytest.raises(TypeError, match="tokens_in_all"):
        Tokens(tokens_in_all=3)  # type: ignore[arg-type]


def test_a_server_of_tools_is_described_as_in_the_files_of_mcp() -> None:
    server = MCPServerDetails(name="files", command="npx", args=["-y"], env={"KEY": "hush"})
    assert unstructure(server)["args"] == ["-y"]
    assert "hush" not in repr(server)

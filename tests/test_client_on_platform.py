"""The client and the embedded platform over a real socket, in both worlds."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.worlds import World
from xpander_client import (
    AgentExecutionStatus,
    Agents,
    ApiStatusError,
    ArgumentError,
    AuthenticationError,
    Configuration,
    ConflictError,
    EventGap,
    NotFoundError,
    Organization,
    OutputFormat,
    RetryPolicy,
    Task,
    Tasks,
    TaskUpdateEvent,
    TaskUpdateEventType,
    ThinkMode,
    Tokens,
    UnprocessableError,
    User,
    WaitTimeoutError,
)
from xpander_client.api import ThreadMessage, Threads, ThreadToolCall
from xpander_client.platform import LocalPlatform, Settings

AGENT = "agent-sales"


@pytest.fixture(scope="module")
def configuration() -> Iterator[Configuration]:
    with LocalPlatform() as platform:
        yield platform.configuration


@pytest.fixture
def tasks(configuration: Configuration) -> Tasks:
    return Tasks(configuration)


def test_a_task_holds_what_was_asked_for(world: World, tasks: Tasks) -> None:
    task: Task = world.run(
        tasks,
        "create",
        agent_id=AGENT,
        prompt="Analyze the sales data",
        file_urls=["https://example.com/data.csv"],
        user_details=User(id="u1", email="ann@example.com"),
        tool_call_payload_extension={"region": "north"},
        output_format=OutputFormat.Json,
        output_schema={"type": "object"},
        think_mode=ThinkMode.Harder,
        title="Sales",
        additional_context="last year only",
        tool_call_limit=3,
        llm_model_name="small",
    )
    assert task.status == AgentExecutionStatus.Pending
    assert task.agent_id == AGENT
    assert task.input.text == "Analyze the sales data"
    assert task.input.files == ["https://example.com/data.csv"]
    assert task.input.user is not None
    assert task.input.user.email == "ann@example.com"
    assert task.payload_extension == {"region": "north"}
    assert (task.output_format, task.output_schema) == (OutputFormat.Json, {"type": "object"})
    assert (task.think_mode, task.tool_call_limit) == (ThinkMode.Harder, 3)
    assert (task.title, task.additional_context) == ("Sales", "last year only")
    assert task.llm_model_name == "small"
    assert task.configuration == tasks.configuration
    assert world.run(tasks, "get", task.id) == task


def test_lists_give_summaries_that_load_their_task(world: World, tasks: Tasks) -> None:
    user = User(id=f"u-{world.name}", email="bob@example.com")
    task: Task = world.run(
        tasks, "create", "agent-list", prompt="a", user_details=user, title=world.name
    )
    by_agent = world.run(tasks, "list", "agent-list", user_id=f"u-{world.name}")
    by_user = world.run(tasks, "list_user_tasks", f"u-{world.name}")
    assert [item.id for item in by_agent] == [item.id for item in by_user] == [task.id]
    assert (by_agent[0].title, by_agent[0].status) == (world.name, "pending")
    assert world.run(by_agent[0], "load") == task
    done = world.run(tasks, "list", "agent-list", status=AgentExecutionStatus.Completed)
    assert task.id not in {item.id for item in done}


@pytest.mark.parametrize("method", ["iter", "iter_user_tasks"])
def test_what_is_created_meanwhile_leaves_the_pages_as_they_are(
    world: World, tasks: Tasks, method: str
) -> None:
    whose = f"{method}-{world.name}"

    def create(title: str) -> None:
        user = User(id=whose, email="bob@example.com")
        world.run(tasks, "create", whose, prompt="a", title=title, user_details=user)

    for number in range(7):
        create(str(number))
    seen = []
    for item in world.each(tasks, method, whose, page_size=2):
        seen.append(item.title)
        create("meanwhile")
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_page_is_loaded_by_hand_where_the_one_before_ended(world: World, tasks: Tasks) -> None:
    agent = f"agent-by-hand-{world.name}"
    made = [world.run(tasks, "create", agent, prompt="a").id for _ in range(3)]
    first = world.run(tasks.with_raw_response, "list", agent, limit=2)
    assert [item.id for item in first.parsed] == [made[2], made[1]]
    last = world.run(tasks, "list", agent, limit=2, cursor=first.next_cursor)
    assert [item.id for item in last] == [made[0]]
    with pytest.raises(UnprocessableError, match="limit has to be from 1 to 500, not 501"):
        world.run(tasks, "list", agent, limit=501)
    with pytest.raises(UnprocessableError, match="cursor was not given out"):
        world.run(tasks, "list", agent, cursor="nonsense")


def test_a_status_is_set_and_leaves_the_result_alone(world: World, tasks: Tasks) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a")
    world.run(tasks, "update", task.id, result="half")
    world.run(task, "set_status", AgentExecutionStatus.Completed)
    assert (task.status, task.result) == (AgentExecutionStatus.Completed, "half")
    assert task.finished_at is not None
    assert world.run(tasks, "get", task.id).result == "half"


def test_two_writers_do_not_undo_each_other(world: World, tasks: Tasks) -> None:
    first: Task = world.run(tasks, "create", AGENT, prompt="a")
    second: Task = world.run(tasks, "get", first.id)
    first.title = "mine"
    second.additional_context = "yours"
    world.run(first, "save")
    world.run(second, "save")
    assert (second.title, second.additional_context) == ("mine", "yours")
    world.run(first, "reload")
    assert first.additional_context == "yours"


def test_unsaved_edits_survive_a_status_and_are_dropped_by_a_reload(
    world: World, tasks: Tasks
) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a")
    task.title = "unsaved"
    world.run(task, "set_status", AgentExecutionStatus.Paused)
    assert (task.title, task.status) == ("unsaved", "paused")
    world.run(task, "reload")
    assert task.title is None


def test_a_change_within_a_field_is_saved(world: World, tasks: Tasks) -> None:
    task: Task = world.run(
        tasks, "create", AGENT, prompt="a", tool_call_payload_extension={"a": {"b": 1}}
    )
    assert task.payload_extension is not None
    task.payload_extension["a"]["b"] = 2
    task.tokens = Tokens(prompt_tokens=1, completion_tokens=2)
    world.run(task, "save")
    again: Task = world.run(Task, "load", task.id, tasks.configuration)
    assert again.payload_extension == {"a": {"b": 2}}
    assert again.tokens is not None
    assert again.tokens.completion_tokens == 2


def test_unknown_fields_come_back_as_they_were_sent(world: World, tasks: Tasks) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a")
    task.additional_properties["x_new"] = {"deep": [1, None]}
    world.run(task, "save")
    assert world.run(tasks, "get", task.id).additional_properties["x_new"] == {"deep": [1, None]}


def test_a_stopped_task_is_over(world: World, tasks: Tasks) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a")
    world.run(task, "stop")
    assert (task.status, task.is_manually_stopped) == (AgentExecutionStatus.Stopped, True)
    with pytest.raises(ConflictError):
        world.run(task, "set_status", AgentExecutionStatus.Completed)
    assert world.run(tasks, "stop", task.id).status == AgentExecutionStatus.Stopped


def test_events_are_followed_from_the_first_to_the_last(world: World, tasks: Tasks) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a", events_streaming=True)
    seen = []
    for event in world.each(task, "events"):
        seen.append(event.type)
        if event.type == TaskUpdateEventType.TaskCreated:
            assert isinstance(event.data, Task)
            assert event.data.id == task.id
            pushed = TaskUpdateEvent(
                type=TaskUpdateEventType.Chunk,
                task_id=task.id,
                organization_id=task.organization_id,
                time=task.created_at,
                data="token\u2028token",
            )
            # Another client, as in life: a loop can't be run while it runs.
            Tasks(tasks.configuration).push_events(task.id, [pushed])
        if event.type == TaskUpdateEventType.Chunk:
            assert event.data == "token\u2028token"
            done = AgentExecutionStatus.Completed
            Tasks(tasks.configuration).update(task.id, status=done, result="42")
    assert seen == ["connected", "task_created", "chunk", "task_finished"]
    assert world.run(task, "wait_finished", timeout=5).result == "42"
    # Whoever comes late sees the same.
    assert [event.type for event in world.each(task, "events")] == seen


def test_data_that_is_not_what_its_type_promises_is_delivered_raw(
    world: World, tasks: Tasks
) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a", events_streaming=True)
    for kind, data in (("sub_task_created", {"id": 5}), ("brand_new", [1]), ("chunk", {"a": 1})):
        event = TaskUpdateEvent(
            type=TaskUpdateEventType(kind),
            task_id=task.id,
            organization_id=task.organization_id,
            time=task.created_at,
            data=data,
        )
        world.run(tasks, "push_events", task.id, [event])
    world.run(task, "stop")
    got = [(event.type, event.data) for event in world.each(task, "events")]
    assert got[2:5] == [("sub_task_created", {"id": 5}), ("brand_new", [1]), ("chunk", {"a": 1})]


def test_events_that_are_kept_no_more_are_told_as_a_gap(world: World) -> None:
    forgetful = Settings(keep_events=0.0, prune_interval=0.05)
    with LocalPlatform(settings=forgetful) as platform:
        tasks = Tasks(platform.configuration)
        task = tasks.create(agent_id=AGENT, prompt="x", events_streaming=True)
        task.set_status(AgentExecutionStatus.Completed, "done")
        patience = time.monotonic() + 30
        while task.get_activity_log().messages[0].id == f"{task.id}-1":
            assert time.monotonic() < patience
        hello, gap, end = world.each(task, "events")
    assert hello.type == TaskUpdateEventType.Connected
    assert (gap.type, gap.task_id) == (TaskUpdateEventType.Gap, task.id)
    assert gap.data == EventGap(missing_from=1, earliest=2, latest=2)
    assert end.data.result == "done"


def test_tasks_and_users_are_deleted_and_it_is_known_by_whom(world: World) -> None:
    with LocalPlatform() as platform:
        tasks, organization = Tasks(platform.configuration), Organization(platform.configuration)
        task: Task = world.run(tasks, "create", AGENT, prompt="a", events_streaming=True)
        with pytest.raises(ConflictError):
            world.run(task, "delete")
        assert world.run(task, "delete", stop=True).tasks == 1
        for call in ("reload", "stop", "events"):
            with pytest.raises(NotFoundError):
                next(world.each(task, call)) if call == "events" else world.run(task, call)
        ann = User(id="ann", email="ann@example.com")
        for _ in range(2):
            world.run(tasks, "create", AGENT, prompt="a", user_details=ann)
        failed: Task = world.run(tasks, "create", AGENT, prompt="a")
        world.run(failed, "set_status", AgentExecutionStatus.Failed)
        removed = world.run(tasks, "delete_many", agent_id=AGENT, status="failed")
        assert (removed.tasks, removed.more) == (1, False)
        removed = world.run(organization, "forget_user", "ann")
        assert (removed.tasks, removed.more) == (2, False)
        entries = list(world.each(organization, "iter_audit", page_size=2))
        assert [entry.action for entry in entries] == ["user.forget"] + ["task.delete"] * 4
        assert entries[-1].target == task.id


def test_a_task_without_events_refuses_to_stream(world: World, tasks: Tasks) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a")
    with pytest.raises(ValueError, match="events_streaming"):
        next(world.each(task, "events"))


@pytest.mark.parametrize("streaming", [True, False])
def test_waiting_returns_the_finished_task(world: World, tasks: Tasks, streaming: bool) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a", events_streaming=streaming)
    other = Tasks(tasks.configuration)
    finishing = threading.Timer(
        0.2, lambda: other.update(task.id, status=AgentExecutionStatus.Failed, result="no luck")
    )
    finishing.start()
    assert world.run(task, "wait_finished", timeout=20) is task
    assert (task.status, task.result) == (AgentExecutionStatus.Failed, "no luck")
    finishing.join()


@pytest.mark.parametrize("streaming", [True, False])
def test_waiting_ends_with_its_time(world: World, tasks: Tasks, streaming: bool) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="a", events_streaming=streaming)
    with pytest.raises(WaitTimeoutError):
        world.run(task, "wait_finished", timeout=0.3)


def test_a_task_that_ran_elsewhere_is_reported(world: World, tasks: Tasks) -> None:
    task: Task = world.run(
        tasks,
        "report_external_task",
        agent_id=AGENT,
        input="What is 6 x 7?",
        llm_response=[{"role": "assistant", "content": "42"}],
        is_success=True,
        result="42",
        duration=1.5,
    )
    assert (task.status, task.result) == (AgentExecutionStatus.Completed, "42")
    assert world.run(tasks, "get", task.id).result == "42"


def test_metrics_and_activity(world: World, tasks: Tasks) -> None:
    task: Task = world.run(tasks, "create", AGENT, prompt="hello")
    world.run(task, "set_status", AgentExecutionStatus.Completed, "bye")
    task.tokens = Tokens(prompt_tokens=3, completion_tokens=4)
    world.run(task, "report_metrics")
    log = world.run(task, "get_activity_log")
    said = [(message.role, message.content.text) for message in log.messages]
    assert said == [("user", "hello"), ("agent", "bye")]


def test_a_repeated_key_is_answered_with_the_first_task(world: World, tasks: Tasks) -> None:
    keyed = tasks.options(idempotency_key=f"once-{world.name}")
    first = world.run(keyed, "create", AGENT, prompt="a")
    assert world.run(keyed, "create", AGENT, prompt="a").id == first.id
    with pytest.raises(UnprocessableError):
        world.run(keyed, "create", AGENT, prompt="another")


def test_raw_responses_carry_status_headers_and_the_object(world: World, tasks: Tasks) -> None:
    response = world.run(tasks.with_raw_response, "create", AGENT, prompt="a")
    assert isinstance(response.parsed, Task)
    assert response.headers["idempotency-keys"] == "honored"
    assert response.request_id
    assert response.parsed.configuration == tasks.configuration


def test_agents_are_listed_and_loaded(world: World, tasks: Tasks) -> None:
    world.run(tasks, "create", AGENT, prompt="a")
    agents = Agents(tasks.configuration)
    [item] = [agent for agent in world.run(agents, "list") if agent.id == AGENT]
    agent = world.run(item, "load")
    assert agent.id == AGENT
    assert agent == world.run(agents, "get", AGENT)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda world, tasks: world.run(tasks, "get", "nobody"), NotFoundError),
        (lambda world, tasks: world.run(tasks, "get", "../agents/list"), NotFoundError),
        (lambda world, tasks: world.run(tasks, "get", ""), ArgumentError),
        (lambda world, tasks: world.run(tasks, "get", ".."), ArgumentError),
        (lambda world, tasks: world.run(tasks, "create", None, prompt="a"), ArgumentError),
        (lambda world, tasks: world.run(tasks, "create", AGENT, prompt=object()), ArgumentError),
        (
            lambda world, tasks: world.run(tasks, "create", AGENT, file_urls=["a", 1]),
            ArgumentError,
        ),
        (
            lambda world, tasks: world.run(
                tasks, "create", AGENT, tool_call_payload_extension={"a": float("nan")}
            ),
            ArgumentError,
        ),
    ],
)
def test_bad_input_is_one_clear_error(
    world: World, tasks: Tasks, call: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        call(world, tasks)


def test_a_wrong_key_is_refused(world: World, tasks: Tasks) -> None:
    there = tasks.configuration
    wrong = Configuration(
        "wrong", there.base_url, there.organization_id, retry=RetryPolicy(attempts=1)
    )
    with pytest.raises(AuthenticationError, match="401"):
        world.run(Tasks(wrong), "list", AGENT)


# The execution loop ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def looping() -> Iterator[Configuration]:
    agents = [{"id": AGENT, "tools": ["rows", "broken"], "sub_agents": ["agent-mail"]}]
    tools: dict[str, Callable[..., Any]] = {
        "rows": lambda url: {"rows": len(url)},
        "broken": lambda: 1 / 0,
    }
    with LocalPlatform(agents=agents, tools=tools) as platform:
        yield platform.configuration


def test_a_script_drives_a_task_in_a_thread(world: World, looping: Configuration) -> None:
    tasks, threads, agents = Tasks(looping), Threads(looping), Agents(looping)
    thread = world.run(threads, "create", metadata={"agent_id": AGENT})
    task = world.run(tasks, "create", AGENT, prompt="count", worker_id="script")
    held = world.run(
        tasks,
        "update",
        task.id,
        status=AgentExecutionStatus.Executing,
        worker_id="script",
        memory_thread_id=thread.id,
    )
    assert (held.execution_attempts, held.memory_thread_id) == (1, thread.id)
    with pytest.raises(ConflictError, match="worker script has the task"):
        world.run(
            tasks, "update", task.id, status=AgentExecutionStatus.Executing, worker_id="other"
        )
    call = ThreadToolCall(name="rows", payload='{"url":"abc"}', tool_call_id="c1")
    said = [
        ThreadMessage(role="user", content="count"),
        ThreadMessage(role="assistant", tool_calls=[call]),
    ]
    extended = world.run(
        threads.with_raw_response,
        "extend",
        thread.id,
        said,
        after=0,
        execution_id=task.id,
        execution_attempt=1,
    )
    assert extended.parsed.messages == said
    assert extended.headers["x-xpander-execution-status"] == "executing"
    assert extended.headers["x-xpander-thread-length"] == "2"
    answer = world.run(
        agents.with_raw_response,
        "run_operation",
        AGENT,
        task.id,
        "rows",
        body_params={"url": "abc"},
        tool_call_id="c1",
        with_auto_report_result=True,
        execution_attempt=1,
    )
    assert answer.parsed == {"rows": 3}
    assert answer.headers["x-xpander-thread-length"] == "3"
    told = world.run(threads, "read", thread.id, "full", after=2)
    assert told.offset == 2
    assert told.messages == [ThreadMessage(role="tool", tool_call_id="c1", content='{"rows":3}')]
    with pytest.raises(ApiStatusError) as failed:
        world.run(agents, "run_operation", AGENT, task.id, "broken", execution_attempt=1)
    assert failed.value.status_code == 424
    assert failed.value.description == "the tool broken failed: division by zero"
    ended = world.run(
        tasks, "finish", task.id, AgentExecutionStatus.Completed, "3 rows", execution_attempt=1
    )
    assert (ended.status, ended.result) == (AgentExecutionStatus.Completed, "3 rows")
    world.run(threads, "rename", thread.id, "Rows")
    assert world.run(threads, "get", thread.id).name == "Rows"
    world.run(threads, "delete", thread.id)
    with pytest.raises(NotFoundError):
        world.run(threads, "get", thread.id)


def test_a_script_finds_the_task_that_its_tool_made(world: World, looping: Configuration) -> None:
    tasks, agents = Tasks(looping), Agents(looping)
    script = f"script-{world.name}"
    assert world.run(tasks, "get_pending", script) is None
    parent = world.run(tasks, "create", AGENT, prompt="write", worker_id=script)
    answer = world.run(
        agents.with_raw_response,
        "run_operation",
        AGENT,
        parent.id,
        "xpagent-agent-mail",
        body_params={"input_task": "a mail"},
        tool_call_id="c1",
    )
    assert answer.headers["xpander-agent-stop"] == "true"
    child = world.run(tasks, "get_pending", script)
    assert isinstance(child, Task)
    assert child.id == answer.parsed["execution_id"]
    assert (child.agent_id, child.input.text) == ("agent-mail", "a mail")
    assert world.run(tasks, "get", parent.id).sub_executions == [child.id]


def test_an_agent_is_created_and_a_models_use_reported(
    world: World, looping: Configuration
) -> None:
    agents = Agents(looping)
    agent = world.run(agents, "create", "Night shift", description="Counts")
    assert world.run(agents, "get", agent.id).description == "Counts"
    reported = {"provider": "openai", "model": "gpt-5", "prompt_tokens": 1}
    assert (
        world.run(
            agents,
            "report_llm_usage",
            agent.id,
            **reported,
            completion_tokens=2,
            total_tokens=3,
        )
        is None
    )

"""The official client, unchanged, against the embedded platform; our client sees the same."""

import attrs
import pytest
import xpander_sdk
from xpander_sdk.models.deep_planning import DeepPlanningItem
from xpander_sdk.modules.backend.utils.tool_call_events import (
    report_tool_call_request,
    report_tool_call_result,
)

import xpander_client
from tests.interop.processes import AGENT
from xpander_client import Configuration
from xpander_client.platform import LocalPlatform, Settings


def test_create_sends_what_our_client_reads(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    created = xpander_sdk.Tasks(configuration=theirs).create(
        agent_id=AGENT,
        prompt="Sum up the sales",
        file_urls=["https://example.com/sales.csv"],
        user_details=xpander_sdk.User(id="u-1", email="ann@example.com"),
        tool_call_payload_extension={"region": "north"},
        output_format=xpander_sdk.OutputFormat.Json,
        output_schema={"type": "object"},
        events_streaming=True,
        additional_context="as always",
        title="Sales",
        mcp_servers=[xpander_sdk.MCPServerDetails(name="files", url="https://example.com/mcp")],
    )
    assert created.status == xpander_sdk.AgentExecutionStatus.Pending
    assert created.organization_id == ours.organization_id
    task = xpander_client.Task.load(created.id, ours)
    assert task.agent_id == AGENT
    assert task.input.text == "Sum up the sales"
    assert task.input.files == ["https://example.com/sales.csv"]
    assert task.input.user is not None
    assert task.input.user.email == "ann@example.com"
    assert task.payload_extension == {"region": "north"}
    assert task.output_format == xpander_client.OutputFormat.Json
    assert task.output_schema == {"type": "object"}
    assert task.events_streaming is True
    assert (task.additional_context, task.title) == ("as always", "Sales")
    assert task.mcp_servers is not None
    assert task.mcp_servers[0].name == "files"


def test_a_task_of_ours_is_the_same_task_for_the_official_client(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    task = xpander_client.Tasks(ours).create(
        agent_id=AGENT,
        prompt="Sum up the sales",
        file_urls=["https://example.com/sales.csv"],
        user_details=xpander_client.User(email="ann@example.com"),
        output_format=xpander_client.OutputFormat.Markdown,
        think_mode=xpander_client.ThinkMode.Harder,
        events_streaming=True,
        agent_version="3",
    )
    loaded = xpander_sdk.Tasks(configuration=theirs).get(task_id=task.id)
    assert loaded.input.text == "Sum up the sales"
    assert loaded.input.files == ["https://example.com/sales.csv"]
    assert loaded.input.user is not None
    assert loaded.input.user.email == "ann@example.com"
    assert loaded.output_format == xpander_sdk.OutputFormat.Markdown
    assert loaded.think_mode.value == "harder"
    assert loaded.created_at == task.created_at


def test_create_with_nothing_but_the_agent(theirs: xpander_sdk.Configuration) -> None:
    created = xpander_sdk.Tasks(configuration=theirs).create(agent_id=AGENT)
    # Its metrics can't be reported without one.
    assert created.source


def test_lists_agree(theirs: xpander_sdk.Configuration, ours: Configuration) -> None:
    official = xpander_sdk.Tasks(configuration=theirs)
    tasks = xpander_client.Tasks(ours)
    user = xpander_client.User(id="u-1", email="ann@example.com")
    first = tasks.create(agent_id=AGENT, prompt="1", user_details=user)
    second = official.create(agent_id=AGENT, prompt="2", title="Second")
    official.stop(task_id=second.id)
    assert [item.id for item in official.list(agent_id=AGENT)] == [second.id, first.id]
    assert [item.id for item in tasks.list(agent_id=AGENT)] == [second.id, first.id]
    assert [item.id for item in official.list(AGENT, filters={"limit": 1})] == [second.id]
    stopped = official.list(agent_id=AGENT, filters={"status": "stopped"})
    assert [(item.id, item.title) for item in stopped] == [(second.id, "Second")]
    of_user = official.list_user_tasks(user_id="u-1")
    assert [item.id for item in of_user] == [first.id]
    assert of_user[0].load(configuration=theirs).input.text == "1"


def test_update_and_save_reach_the_other_client(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    official = xpander_sdk.Tasks(configuration=theirs)
    task = xpander_client.Tasks(ours).create(agent_id=AGENT, prompt="x")
    updated = official.update(
        task_id=task.id, status=xpander_sdk.AgentExecutionStatus.Executing, result="half"
    )
    assert (updated.status.value, updated.result) == ("executing", "half")
    assert official.update(task_id=task.id).result == "half"
    updated.title = "From the official client"
    updated.save()
    task.reload()
    assert task.title == "From the official client"
    task.additional_context = "from ours"
    task.save()
    updated.reload()
    assert updated.additional_context == "from ours"
    updated.set_status(xpander_sdk.AgentExecutionStatus.Completed, "whole")
    task.reload()
    assert (task.status, task.result) == ("completed", "whole")
    assert task.finished_at is not None


def test_a_plan_is_saved_on_request(theirs: xpander_sdk.Configuration, ours: Configuration) -> None:
    created = xpander_sdk.Tasks(configuration=theirs).create(agent_id=AGENT, prompt="x")
    created.deep_planning.enabled = True
    created.deep_planning.tasks = [DeepPlanningItem(id="1", title="read", completed=True)]
    created.save()
    task = xpander_client.Task.load(created.id, ours)
    assert task.deep_planning is None or not task.deep_planning.tasks
    created.save(with_deep_plan_update=True)
    task.reload()
    assert task.deep_planning is not None
    assert task.deep_planning.enabled is True
    assert [item.title for item in task.deep_planning.tasks or []] == ["read"]


def test_stop(theirs: xpander_sdk.Configuration, ours: Configuration) -> None:
    official = xpander_sdk.Tasks(configuration=theirs)
    task = xpander_client.Tasks(ours).create(agent_id=AGENT, prompt="x")
    assert official.stop(task_id=task.id).status.value == "stopped"
    task.reload()
    assert task.status == "stopped"
    other = official.create(agent_id=AGENT, prompt="y")
    other.stop()
    assert other.status.value == "stopped"


def test_a_task_that_was_stopped_is_saved_with_another_status(
    theirs: xpander_sdk.Configuration,
) -> None:
    task = xpander_sdk.Tasks(configuration=theirs).create(agent_id=AGENT, prompt="x")
    task.set_status(xpander_sdk.AgentExecutionStatus.Executing)
    task.stop()
    task.status = xpander_sdk.AgentExecutionStatus.Paused
    task.save()
    assert (task.status.value, bool(task.is_manually_stopped)) == ("paused", False)
    task.set_status(xpander_sdk.AgentExecutionStatus.Completed, "done")
    task.reload()
    assert (task.status.value, task.result) == ("completed", "done")


def test_a_task_that_ran_elsewhere_is_reported(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    reported = xpander_sdk.Task.report_external_task(
        configuration=theirs,
        agent_id=AGENT,
        id="external-1",
        input="Sum up the sales",
        result="north: 120",
        tokens=xpander_sdk.Tokens(prompt_tokens=100, completion_tokens=20),
        duration=1.5,
        used_tools=["sum"],
    )
    assert reported.status.value == "completed"
    task = xpander_client.Task.load(reported.id, ours)
    assert (task.status, task.result) == ("completed", "north: 120")
    assert (task.duration, task.used_tools) == (1.5, ["sum"])
    assert task.tokens is not None
    assert task.tokens.prompt_tokens == 100


def test_metrics_are_taken(theirs: xpander_sdk.Configuration) -> None:
    task = xpander_sdk.Tasks(configuration=theirs).create(agent_id=AGENT, prompt="x")
    task.tokens = xpander_sdk.Tokens(prompt_tokens=1)
    task.report_metrics()


def test_events_of_the_official_client_are_complete(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    task = xpander_client.Tasks(ours).create(agent_id=AGENT, prompt="x", events_streaming=True)
    task.push_events([chunk(task, "north"), chunk(task, "south")])
    task.set_status(xpander_client.AgentExecutionStatus.Completed, "done")
    loaded = xpander_sdk.Tasks(configuration=theirs).get(task_id=task.id)
    events = list(loaded.events())
    assert [event.type.value for event in events] == [
        "connected",
        "task_created",
        "chunk",
        "chunk",
        "task_finished",
    ]
    assert [event.data for event in events[2:4]] == ["north", "south"]
    assert isinstance(events[-1].data, xpander_sdk.Task)
    assert events[-1].data.result == "done"


def test_a_gap_does_not_stop_the_official_client() -> None:
    with LocalPlatform(settings=Settings(keep_events=0.0, prune_interval=0.05)) as platform:
        ours = attrs.evolve(platform.configuration, agent_id=AGENT)
        task = xpander_client.Tasks(ours).create(agent_id=AGENT, prompt="x", events_streaming=True)
        task.push_events([chunk(task, "north")])
        task.set_status(xpander_client.AgentExecutionStatus.Completed, "done")
        while task.get_activity_log().messages[0].id == f"{task.id}-1":
            pass
        theirs = xpander_sdk.Configuration(
            api_key=ours.api_key, base_url=ours.base_url, organization_id=ours.organization_id
        )
        loaded = xpander_sdk.Tasks(configuration=theirs).get(task_id=task.id)
        events = list(loaded.events())
    # It drops what it does not know, and says so in its log.
    assert [event.type.value for event in events] == ["connected", "task_finished"]
    assert events[-1].data.result == "done"


async def test_events_arrive_live_in_async_code(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    task = xpander_client.Tasks(ours).create(agent_id=AGENT, prompt="x", events_streaming=True)
    loaded = await xpander_sdk.Tasks(configuration=theirs).aget(task_id=task.id)
    types = []
    async for event in loaded.aevents():
        types.append(event.type.value)
        if event.type.value == "task_created":
            await task.apush_events([chunk(task, "live")])
        if event.type.value == "chunk":
            assert event.data == "live"
            await task.aset_status(xpander_client.AgentExecutionStatus.Completed)
    assert types == ["connected", "task_created", "chunk", "task_finished"]


def chunk(task: xpander_client.Task, text: str) -> xpander_client.TaskUpdateEvent:
    return xpander_client.TaskUpdateEvent(
        type=xpander_client.TaskUpdateEventType.Chunk,
        task_id=task.id,
        organization_id=task.organization_id,
        time=task.created_at,
        data=text,
    )


async def test_tool_calls_of_the_official_client_are_events_and_activity(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    official = await xpander_sdk.Tasks(configuration=theirs).acreate(
        agent_id=AGENT, prompt="Sum up", events_streaming=True
    )
    call = {"request_id": "r-1", "operation_id": "sum", "tool_name": "sum", "payload": {"a": 1}}
    await report_tool_call_request(task=official, **call)
    await report_tool_call_result(task=official, result={"b": 2}, **call)
    official.result = "3"
    await official.aset_status(xpander_sdk.AgentExecutionStatus.Completed, "3")
    task = await xpander_client.Task.aload(official.id, ours)
    events = [event async for event in task.aevents()]
    assert [event.type for event in events][1:] == [
        "task_created",
        "tool_call_request",
        "tool_call_result",
        "task_finished",
    ]
    assert events[2].data.tool_name == "sum"
    assert events[3].data.result == {"b": 2}
    thread = await official.aget_activity_log()
    assert thread.id
    kinds = [type(message).__name__ for message in thread.messages]
    assert "AgentActivityThreadMessage" in kinds
    assert "AgentActivityThreadToolCall" in kinds
    assert (await task.aget_activity_log()).id == thread.id


def test_agents_agree(theirs: xpander_sdk.Configuration, ours: Configuration) -> None:
    xpander_client.Tasks(ours).create(agent_id=AGENT, prompt="x")
    official = xpander_sdk.Agents(configuration=theirs)
    assert [agent.id for agent in official.list()] == [AGENT]
    agent = official.get(agent_id=AGENT)
    assert agent.name == xpander_client.Agents(ours).get(agent_id=AGENT).name
    assert official.list()[0].load(configuration=theirs).id == AGENT


@pytest.mark.parametrize("call", ["get", "stop", "update"])
def test_an_unknown_task_is_a_404_for_the_official_client(
    theirs: xpander_sdk.Configuration, call: str
) -> None:
    with pytest.raises(xpander_sdk.ModuleException) as caught:
        getattr(xpander_sdk.Tasks(configuration=theirs), call)(task_id="nowhere")
    assert caught.value.status_code == 404


def test_a_wrong_key_is_a_401_for_the_official_client(theirs: xpander_sdk.Configuration) -> None:
    theirs.api_key = "another"
    with pytest.raises(xpander_sdk.ModuleException) as caught:
        xpander_sdk.Tasks(configuration=theirs).list(agent_id=AGENT)
    assert caught.value.status_code == 401


def test_a_task_without_events_does_not_stream(
    theirs: xpander_sdk.Configuration, ours: Configuration
) -> None:
    task = xpander_client.Tasks(ours).create(agent_id=AGENT, prompt="x")
    loaded = xpander_sdk.Tasks(configuration=theirs).get(task_id=task.id)
    for one in (task, loaded):
        with pytest.raises(ValueError, match="stream"):
            next(one.events())

"""Lines of application code on `Tasks`, `Agents` and what they give."""

from __future__ import annotations

from typing import Any, assert_type

from xpander_client import api
from xpander_client.api import (
    AgentExecutionStatus,
    Agents,
    ChunkEvent,
    GapEvent,
    OutputFormat,
    Task,
    TaskFinishedEvent,
    Tasks,
    TasksListItem,
    TaskUpdateEvent,
    Tokens,
    ToolCallRequestEvent,
    User,
)
from xpander_client.configuration import Configuration


def create(tasks: Tasks) -> None:
    """Arguments of a call with many keywords."""
    tasks.create()  # type: ignore[call-arg]
    tasks.create(agent_id=5)  # type: ignore[arg-type]
    tasks.create("agent", promt="typo")  # type: ignore[call-arg]
    tasks.create("agent", file_urls="a.csv")  # type: ignore[arg-type]
    tasks.create("agent", output_format="json", think_mode="harder", source="by fax")
    tasks.create("agent", output_format=OutputFormat.Json)
    tasks.create("agent", output_format="jsn")  # type: ignore[arg-type]
    tasks.list("agent", status="completed")
    tasks.list("agent", status="done")  # type: ignore[arg-type]
    tasks.list("agent", filters={"status": "completed"})
    tasks.list("agent", filters="completed")  # type: ignore[arg-type]
    tasks.with_raw_response.create("agent", output_format="jsn")  # type: ignore[arg-type]
    tasks.create("agent", user_details={"email": "a"})  # type: ignore[arg-type]
    tasks.create("agent", events_streaming="yes")  # type: ignore[arg-type]


def run(tasks: Tasks) -> None:
    """A task from its creation to its end."""
    assert_type(tasks.run("agent", prompt="Sum up", timeout=60), Task)
    tasks.run()  # type: ignore[call-arg]
    tasks.run("agent", promt="typo")  # type: ignore[call-arg]
    tasks.run("agent", output_format="jsn")  # type: ignore[arg-type]
    tasks.run("agent", timeout="60")  # type: ignore[arg-type]
    tasks.run("agent", events_streaming=None)  # type: ignore[arg-type]
    tasks.with_raw_response.run("agent")  # type: ignore[attr-defined]


def agent_and_servers(agent: api.Agent) -> None:
    """Tasks by way of their agent, and what may be said of a server of tools."""
    assert_type(agent.create_task("Sum up", events_streaming=True), Task)
    agent.create_task(promt="typo")  # type: ignore[call-arg]
    assert_type(agent.sanitized_name, str)
    agent.sanitized_name = "other"  # type: ignore[misc]
    if agent.instructions is not None:
        assert_type(agent.instructions.full, str)
    api.MCPServerDetails(type=api.MCPServerType.Local, transport="stdio", args=["-v"])
    api.MCPServerDetails(type=api.MCPServerType.Cloud)  # type: ignore[attr-defined]
    api.MCPServerDetails(env="A=b")  # type: ignore[arg-type]


def answers(tasks: Tasks, agents: Agents) -> None:
    """What calls return."""
    task = tasks.get("task-1")
    _ = task.no_such_field  # type: ignore[attr-defined]
    task.result.upper()  # type: ignore[union-attr]
    task.status = "completed"  # type: ignore[assignment]
    first: Task = tasks.list("agent")[0]  # type: ignore[assignment]
    tasks.list("agent", None, None, None, "done")  # type: ignore[arg-type]
    tasks.iter("agent", page_size="5")  # type: ignore[arg-type]
    for item in tasks.iter("agent"):
        _ = item.no_such_field  # type: ignore[attr-defined]
    tasks.with_raw_response.iter("agent")  # type: ignore[attr-defined]
    _ = tasks.with_raw_response.get("task-1").result  # type: ignore[attr-defined]
    tasks.with_raw_response.events("task-1")  # type: ignore[attr-defined]
    tasks.with_raw_response.create("agent", promt="typo")  # type: ignore[call-arg]
    tasks.with_raw_response.get(5)  # type: ignore[arg-type]
    deleted: int = tasks.with_raw_response.delete("task-1")  # type: ignore[assignment]
    _ = tasks.with_raw_response.get("task-1").parsed.no_such_field  # type: ignore[attr-defined]
    agents.get(agent_id=1)  # type: ignore[arg-type]
    del first, deleted


async def awaiting(tasks: Tasks, task: Task) -> None:
    """The two worlds are not mixed up."""
    _ = (await tasks.aget("task-1")).no_such_field  # type: ignore[attr-defined]
    _ = tasks.aget("task-1").status  # type: ignore[attr-defined]
    await tasks.get("task-1")  # type: ignore[misc]
    assert_type(await tasks.arun("agent", prompt="Sum up"), Task)
    await tasks.run("agent")  # type: ignore[misc]
    await tasks.with_raw_response.aget("task-1", 5)  # type: ignore[call-arg]
    _ = (await tasks.with_raw_response.aget("task-1")).result  # type: ignore[attr-defined]
    await tasks.with_raw_response.get("task-1")  # type: ignore[misc]
    for _event in task.aevents():  # type: ignore[attr-defined]
        pass
    async for _event in task.events():  # type: ignore[attr-defined]
        pass
    for _item in tasks.aiter("agent"):  # type: ignore[attr-defined]
        pass
    async for item in tasks.aiter("agent"):
        number: int = item.id  # type: ignore[assignment]
        del number
    async for event in task.aevents():
        text: str = event  # type: ignore[assignment]
        del text


def objects(task: Task, item: TasksListItem, event: TaskUpdateEvent) -> None:
    """Methods and fields of objects."""
    task.result = {"north": 120}
    task.result = "done"
    if task.result is not None:
        _ = task.result.upper()
    assert_type(task.to_message(1, with_timestamp=True), str)
    task.to_message(retry_count="1")  # type: ignore[arg-type]
    assert_type(task.get_human_readable_files(), list[dict[str, str]])
    task.get_files(limit=1)  # type: ignore[call-arg]
    task.set_status("completed")
    task.set_status("done")  # type: ignore[arg-type]
    task.set_status(OutputFormat.Json)  # type: ignore[arg-type]
    task.set_status(AgentExecutionStatus.Complete)  # type: ignore[attr-defined]
    task.save(True, 1)  # type: ignore[call-arg]
    number: int = task.wait_finished(timeout=5)  # type: ignore[assignment]
    task.wait_finished(timeout="5")  # type: ignore[arg-type]
    item.save()  # type: ignore[attr-defined]
    item.load("key")  # type: ignore[arg-type]
    _ = event.kind  # type: ignore[attr-defined]
    del number


def events(task: Task) -> None:
    """What an event's data is, by its class."""
    for event in task.events():
        match event:
            case ChunkEvent(data=text):
                assert_type(text, str)
                _ = text.no_such_field  # type: ignore[attr-defined]
            case ToolCallRequestEvent(data=call):
                assert_type(call.operation_id, str)
                _ = call.no_such_field  # type: ignore[attr-defined]
            case TaskFinishedEvent():
                assert_type(event.data, Task)
                _ = event.data.no_such_field  # type: ignore[attr-defined]
            case _:
                assert_type(event, TaskUpdateEvent)
                assert_type(event.data, Any)


async def events_in_async_code(tasks: Tasks) -> None:
    """The same in the other world, with `isinstance`."""
    async for event in tasks.aevents("task-1"):
        if isinstance(event, GapEvent):
            assert_type(event.data.earliest, int)
            _ = event.data.no_such_field  # type: ignore[attr-defined]


def models() -> None:
    """Data is made with keywords, and completely."""
    User("ann@example.com")  # type: ignore[call-arg]
    User()  # type: ignore[call-arg]
    Tokens(prompt_tokens="many")  # type: ignore[arg-type]
    Tokens().total_tokens = 5  # type: ignore[misc]
    Task(id="1")  # type: ignore[call-arg]
    _ = api.NoSuchName  # type: ignore[attr-defined]
    user = User.model_validate({"email": "ann@example.com"})
    assert_type(user, User)
    assert_type(user.model_copy(update={"id": "u1"}, deep=True), User)
    assert_type(user.model_dump(mode="json", exclude={"id"}), dict[str, Any])
    assert_type(user.json(indent=2, exclude_none=True), str)
    User.model_validate_json(5)  # type: ignore[arg-type]
    user.model_dump_json(indent="2")  # type: ignore[arg-type]
    user.model_dump(without_none=True)  # type: ignore[call-arg]


def configured(configuration: Configuration) -> None:
    """A configuration is not changed after it was made."""
    Tasks(configuration, "key")  # type: ignore[call-arg, arg-type]
    Tasks("key")  # type: ignore[arg-type]
    Tasks(configuration).options(timeout="1")  # type: ignore[arg-type]
    configuration.api_key = "other"  # type: ignore[misc]

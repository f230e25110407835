"""The examples of the platform's guide to its tasks module, run as they are printed there.

Only the package's name is ours. They use `await` outside of functions, as a notebook does.
"""

import ast
import asyncio
import inspect
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from xpander_client import AgentExecutionStatus, Configuration, Tasks
from xpander_client.platform import LocalPlatform

CREATE_AND_MANAGE = """
from xpander_client import Tasks

# Initialize the Tasks module
tasks = Tasks(configuration=config)

# Create a new task for an agent
new_task = await tasks.acreate(
    agent_id="agent123",
    prompt="Analyze the sales data",
    file_urls=["https://example.com/data.csv"],
)

# List all tasks for a specific agent
task_list = await tasks.alist(agent_id="agent123")
for task in task_list:
    print(f"Task ID: {task.id}, Status: {task.status}")
"""

RETRIEVE_AND_UPDATE = """
# Retrieve a specific task
specific_task = await tasks.aget(task_id="task456")

# Update task status
# Note: aset_status is an asynchronous function
await specific_task.aset_status(AgentExecutionStatus.Completed)
# Note: asave is an asynchronous function
await specific_task.asave()
"""

STREAM = """
# Create a task with event streaming enabled
new_task = await tasks.acreate(
    agent_id="agent123",
    prompt="Analyze the sales data",
    events_streaming=True  # Enable event streaming
)

# Stream task events asynchronously
# Note: aevents is an asynchronous generator function
async for event in new_task.aevents():
    print(f"Event Type: {event.type}")
    print(f"Event Data: {event.data}")

# Stream task events synchronously (for non-async environments)
for event in new_task.events():
    print(f"Event: {event}")
"""


@pytest.fixture
def config() -> Iterator[Configuration]:
    with LocalPlatform() as platform:
        yield platform.configuration


def run(code: str, variables: dict[str, Any]) -> dict[str, Any]:
    compiled = compile(code, "guide", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if not compiled.co_flags & inspect.CO_COROUTINE:
        exec(compiled, variables)
    else:
        coroutine = eval(compiled, variables)

        async def awaited() -> None:
            await coroutine

        asyncio.run(awaited())
    return variables


def test_tasks_are_created_and_listed(
    config: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = run(CREATE_AND_MANAGE, {"config": config})
    created = variables["new_task"]
    assert capsys.readouterr().out == f"Task ID: {created.id}, Status: pending\n"


def test_a_task_is_retrieved_and_updated(config: Configuration) -> None:
    tasks = Tasks(config)
    # The only way to a task with an id of one's own.
    tasks.report_external_task(agent_id="agent123", id="task456", input="Analyze the sales data")
    run(RETRIEVE_AND_UPDATE, {"tasks": tasks, "AgentExecutionStatus": AgentExecutionStatus})
    assert tasks.get("task456").status == AgentExecutionStatus.Completed


def test_events_are_streamed_in_both_worlds(
    config: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    def finish() -> None:
        done = AgentExecutionStatus.Completed
        while not (waiting := Tasks(config).list("agent123")):
            pass
        Tasks(config).update(waiting[0].id, status=done, result="42")

    finishing = threading.Thread(target=finish)
    finishing.start()
    run(STREAM, {"tasks": Tasks(config)})
    finishing.join()
    out = capsys.readouterr().out
    assert out.count("Event Type: task_finished") == 1
    assert out.count("Event: TaskUpdateEvent(type=<TaskUpdateEventType.TaskFinished") == 1

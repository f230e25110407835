"""The code of the official client's page on @on_task runs as printed, but for the package's name.

Names that the page leaves to its reader stand in front of a block. Its first example, which wants
a language model, is in `test_backend.py`.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.worker.attempts.test_forms import invoke
from tests.worker.conftest import AGENT
from tests.worker.processes import environment_of, program
from xpander_client import Configuration, LocalTaskTest, Task, Tasks, TaskUpdateEventType
from xpander_client.worker import Worker

PREFACE = """
from xpander_client import on_task
from xpander_client.modules.tasks.sub_modules.task import Task
"""

FORMS = [
    """
@on_task
def fn(task: Task) -> Task: ...
""",
    """
@on_task(configuration=config)
def fn(task: Task) -> Task: ...
""",
    """
@on_task(test_task=local_test_task)
async def fn(task: Task) -> Task: ...
""",
]

RIGHT = [
    """
@on_task
def handler(task: Task) -> Task:        # ✓
    ...
""",
    """
@on_task
async def handler(task: Task) -> Task:  # ✓
    ...
""",
]

WRONG = """
@on_task
async def handler(thing: Task):         # ✗ raises TypeError: must be named `task`
    ...
"""

REGULAR = """
@on_task
async def handler(task: Task) -> Task:
    task.result = "done"
    return task
"""

STREAM_FROM_LLM = """
async def stream_from_llm(message):
    for word in message.split():
        yield word
"""

STREAMING = """
from datetime import datetime, timezone
from xpander_client import on_task, TaskUpdateEvent, TaskUpdateEventType

@on_task
async def handler(task: Task):
    async for chunk in stream_from_llm(task.to_message()):
        yield TaskUpdateEvent(
            type=TaskUpdateEventType.Chunk,
            task_id=task.id,
            organization_id=task.organization_id,
            time=datetime.now(timezone.utc),
            data=chunk,
        )

    yield TaskUpdateEvent(
        type=TaskUpdateEventType.TaskFinished,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.now(timezone.utc),
        data=task,  # final Task object
    )
"""

WITH_TEST_TASK = """
from xpander_client import on_task
from xpander_client.modules.tasks.models.task import LocalTaskTest, AgentExecutionInput
from xpander_client.models.shared import OutputFormat

local_test_task = LocalTaskTest(
    input=AgentExecutionInput(text="What can you do?"),
    output_format=OutputFormat.Json,
    output_schema={"capabilities": "list of capabilities"},
)

@on_task(test_task=local_test_task)
async def handler(task: Task) -> Task:
    task.result = {"capabilities": ["Search", "Summarize"]}
    return task
"""

COMMAND = 'python worker.py --invoke --prompt "Try this prompt" --output_format json'


@pytest.mark.parametrize("code", FORMS, ids=["bare", "configuration", "test_task"])
def test_each_form_of_the_decorator_gives_back_the_function(
    code: str, configuration: Configuration, local_test: LocalTaskTest
) -> None:
    names: dict[str, Any] = {"config": configuration, "local_test_task": local_test}
    exec(PREFACE + code, names)
    fn = names["fn"]
    assert fn.__name__ == "fn"
    Worker(fn, configuration)
    if "configuration=" in code:
        assert Worker(fn).configuration is configuration


@pytest.fixture
def local_test() -> LocalTaskTest:
    names: dict[str, Any] = {}
    exec(PREFACE + WITH_TEST_TASK, names)
    made = names["local_test_task"]
    assert isinstance(made, LocalTaskTest)
    return made


def test_the_one_parameter_must_be_called_task() -> None:
    for code in RIGHT:
        exec(PREFACE + code, {})
    with pytest.raises(TypeError, match=r"handler\(\) must have a parameter named `task`"):
        exec(PREFACE + WRONG, {})


def test_a_regular_handlers_task_is_persisted_without_a_save(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration)
    with (
        program(tmp_path / "worker.py", PREFACE + REGULAR, environment),
        Tasks(configuration) as tasks,
    ):
        task = tasks.create(agent_id=AGENT, prompt="hello").wait_finished(timeout=30)
        assert (task.status, task.result) == ("completed", "done")


def test_a_streaming_handlers_chunks_reach_followers_and_callers_of_invoke(
    configuration: Configuration, tmp_path: Path
) -> None:
    code = PREFACE + STREAM_FROM_LLM + STREAMING
    with (
        program(tmp_path / "worker.py", code, environment_of(configuration)) as worker,
        Tasks(configuration) as tasks,
    ):
        task = tasks.create(agent_id=AGENT, prompt="one two", events_streaming=True)
        events = list(task.events())
        chunks = [event.data for event in events if event.type == TaskUpdateEventType.Chunk]
        assert chunks == ["one", "two"]
        assert events[-1].type == TaskUpdateEventType.TaskFinished
        assert isinstance(events[-1].data, Task)
        assert events[-1].data.status == "completed"
        called = tasks.create(agent_id=AGENT, prompt="three four", worker_id="nobody")
        told, chunks = invoke(worker, configuration, called, streaming=True)
        assert (told["status"], chunks) == ("completed", ["three", "four"])


def test_a_local_test_task_is_run_once_and_its_result_printed(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration)
    with program(tmp_path / "worker.py", PREFACE + WITH_TEST_TASK, environment) as run:
        assert run.process.wait(timeout=30) == 0
    assert json.loads(run.output.splitlines()[-1]) == {"capabilities": ["Search", "Summarize"]}
    with Tasks(configuration) as tasks:
        (item,) = tasks.list(agent_id=AGENT)
        assert tasks.get(task_id=item.id).input.text == "What can you do?"


@pytest.mark.parametrize("code", [REGULAR, WITH_TEST_TASK], ids=["regular", "test_task"])
def test_the_command_line_of_the_page_runs_any_decorated_module(
    configuration: Configuration, tmp_path: Path, code: str
) -> None:
    _, *arguments = shlex.split(COMMAND)
    environment = environment_of(configuration)
    with program(tmp_path / "worker.py", PREFACE + code, environment, *arguments) as run:
        assert run.process.wait(timeout=30) == 0
    with Tasks(configuration) as tasks:
        (item,) = tasks.list(agent_id=AGENT)
        task = tasks.get(task_id=item.id)
    # What the command line says comes before what the decorator says.
    assert (task.input.text, task.output_format) == ("Try this prompt", "json")
    assert run.output.splitlines()[-1] == task.result


def test_without_a_port_of_its_own_the_server_is_on_59321_or_says_that_it_is_taken(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration)
    del environment["XPANDER_STREAMING_PORT"]
    with program(tmp_path / "worker.py", PREFACE + REGULAR, environment) as worker:
        worker.wait_for("59321")
        worker.wait_for("takes tasks of agent")
        if "served on http://127.0.0.1:59321," in worker.output:
            health = httpx.get("http://127.0.0.1:59321/health", timeout=20)
            assert (health.status_code, health.json()) == (200, {"status": "ok"})
        else:
            assert worker.output.count("port 59321 is taken") == 1

"""Every kind of handler on every way in, as programs of their own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.worker.conftest import AGENT
from tests.worker.processes import Program, environment_of, program
from xpander_client import Configuration, Task, Tasks, TaskUpdateEventType

HEADER = """
from datetime import datetime, timezone

from xpander_client import (
    AgentExecutionInput, LocalTaskTest, OutputFormat, Task, TaskUpdateEvent, TaskUpdateEventType,
    on_task,
)

local_test_task = LocalTaskTest(
    input=AgentExecutionInput(text="hello"),
    output_format=OutputFormat.Json,
    output_schema={"capabilities": "list of capabilities"},
)

def result_of(task):
    if task.input.text == "fail":
        raise ValueError("told to fail")
    return {
        "text": task.input.text,
        "format": task.output_format,
        "schema": task.output_schema,
    }
"""

SYNC = """
@on_task{options}
def handler(task: Task) -> Task:
    task.result = result_of(task)
    return task
"""

ASYNC = """
@on_task{options}
async def handler(task: Task) -> Task:
    task.result = result_of(task)
    return task
"""

STREAMING = """
@on_task{options}
async def handler(task: Task):
    for chunk in ("one ", "two"):
        yield TaskUpdateEvent(
            type=TaskUpdateEventType.Chunk,
            task_id=task.id,
            organization_id=task.organization_id,
            time=datetime.now(timezone.utc),
            data=chunk,
        )
    task.result = result_of(task)
    yield TaskUpdateEvent(
        type=TaskUpdateEventType.TaskFinished,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.now(timezone.utc),
        data=task,
    )
"""

HANDLERS = pytest.mark.parametrize(
    "handler", [SYNC, ASYNC, STREAMING], ids=["sync", "async", "streaming"]
)


def code_of(handler: str, options: str = "") -> str:
    return HEADER + handler.format(options=options)


def url_of(worker: Program) -> str:
    """Where a program serves `POST /invoke`, as its log says."""
    worker.wait_for("POST /invoke is served on")
    found = re.search(r"served on (http://\S+?),", worker.output)
    assert found is not None, worker.output
    return found[1]


def invoke(
    worker: Program, configuration: Configuration, task: Task, *, streaming: bool
) -> tuple[dict[str, Any], list[str]]:
    """The finished task, and the chunks before it."""
    answer = httpx.post(
        f"{url_of(worker)}/invoke",
        content=json.dumps(
            {
                "id": task.id,
                "agent_id": task.agent_id,
                "organization_id": task.organization_id,
                "input": {"text": task.input.text},
                "created_at": task.created_at.isoformat(),
                "execution_attempts": task.execution_attempts,
                "status": "pending",
            }
        ),
        headers={"x-api-key": configuration.required("api_key")},
        timeout=20,
    )
    assert answer.status_code == 200, answer.text
    if not streaming:
        return answer.json(), []
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line[:6] == "data: "]
    assert events[-1]["type"] == "task_finished"
    return events[-1]["data"], [event["data"] for event in events[:-1]]


@HANDLERS
def test_a_dispatched_task(configuration: Configuration, tmp_path: Path, handler: str) -> None:
    environment = environment_of(configuration)
    with (
        program(tmp_path / "worker.py", code_of(handler), environment) as worker,
        Tasks(configuration) as tasks,
    ):
        worker.wait_for("takes tasks of agent")
        task = tasks.create(agent_id=AGENT, prompt="hello", events_streaming=True)
        chunks = [event.data for event in task.events() if event.type == TaskUpdateEventType.Chunk]
        task.reload()
        assert chunks == (["one ", "two"] if handler is STREAMING else [])
        assert (task.status, task.result) == (
            "completed",
            '{"text":"hello","format":null,"schema":null}',
        )
        failed = tasks.create(agent_id=AGENT, prompt="fail").wait_finished(timeout=20)
        assert (failed.status, failed.result) == ("error", "told to fail")
        assert worker.stop() == 0


@HANDLERS
def test_an_invoked_task(configuration: Configuration, tmp_path: Path, handler: str) -> None:
    # Another agent's dispatch must not be quicker than the call.
    environment = environment_of(configuration)
    with (
        program(tmp_path / "worker.py", code_of(handler), environment) as worker,
        Tasks(configuration) as tasks,
    ):
        task = tasks.create(
            agent_id=AGENT, prompt="hello", events_streaming=True, worker_id="nobody"
        )
        told, chunks = invoke(worker, configuration, task, streaming=handler is STREAMING)
        assert (told["status"], json.loads(told["result"])["text"]) == ("completed", "hello")
        assert chunks == (["one ", "two"] if handler is STREAMING else [])
        # The platform has it all as well.
        pushed = [event.data for event in task.events() if event.type == TaskUpdateEventType.Chunk]
        task.reload()
        assert (task.status, task.result) == ("completed", told["result"])
        assert pushed == chunks
        assert worker.stop() == 0


@HANDLERS
def test_a_task_invoked_on_the_command_line(
    configuration: Configuration, tmp_path: Path, handler: str
) -> None:
    path = tmp_path / "worker.py"
    environment = environment_of(configuration)
    schema = '{"type": "object"}'
    asked = ("--output_format", "json", "--output_schema", schema, "--verbose", "left", "alone")
    with program(
        path, code_of(handler), environment, str(path), "--invoke", "--prompt", "hello", *asked
    ) as run:
        assert run.process.wait(timeout=30) == 0
    printed = json.loads(run.output.splitlines()[-1])
    assert printed == {"text": "hello", "format": "json", "schema": {"type": "object"}}
    with program(
        path, code_of(handler), environment, str(path), "--invoke", "--prompt", "fail"
    ) as run:
        assert run.process.wait(timeout=30) == 1
    assert run.output.splitlines()[-1].endswith("ended as error: told to fail")
    with Tasks(configuration) as tasks:
        listed = tasks.list(agent_id=AGENT)
        assert {(item.status, item.source_node_type) for item in listed} == {
            ("completed", "sdk"),
            ("error", "sdk"),
        }
        for item in listed:
            task = tasks.get(task_id=item.id)
            assert task.additional_properties["run_locally"] is True
            assert task.additional_properties["worker_id"]


@HANDLERS
def test_a_local_test_task(configuration: Configuration, tmp_path: Path, handler: str) -> None:
    path = tmp_path / "worker.py"
    environment = environment_of(configuration)
    with program(path, code_of(handler, "(test_task=local_test_task)"), environment) as run:
        assert run.process.wait(timeout=30) == 0
    assert json.loads(run.output.splitlines()[-1]) == {
        "text": "hello",
        "format": "json",
        "schema": {"capabilities": "list of capabilities"},
    }
    with Tasks(configuration) as tasks:
        (item,) = tasks.list(agent_id=AGENT)
        assert item.status == "completed"
    failing = code_of(handler, "(test_task=local_test_task)").replace('"hello"', '"fail"')
    with program(path, failing, environment) as run:
        assert run.process.wait(timeout=30) == 1
    assert run.output.splitlines()[-1].endswith("ended as error: told to fail")

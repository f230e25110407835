"""The official worker, and ours in place of it: the same program, on the same tasks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import xpander_sdk

from tests.interop.processes import AGENT, Program, program
from xpander_client import Configuration, Task, Tasks

READY = {"xpander_sdk": "Worker registered", "xpander_client": "takes tasks of agent"}
"""What each package's worker says when tasks may come."""

HEADER = """
from datetime import datetime, timezone

from PACKAGE import TaskUpdateEvent, TaskUpdateEventType, Tokens, on_task
from PACKAGE.modules.tasks.sub_modules.task import Task

def work_on(task):
    match task.input.text:
        case "fail":
            raise ValueError("there is no region of that name")
        case "fail without a word":
            raise KeyError("region")
        case "tokens":
            task.tokens = Tokens(prompt_tokens=100, completion_tokens=20)
            task.result = "counted"
        case "object":
            task.result = {"north": 120, "south": [80, None]}
        case "failed":
            task.status = "failed"
            task.result = "the numbers do not add up"
        case _:
            task.result = f"{task.input.text}, {task.execution_attempts}. attempt"
    return task
"""

SYNC = """
@on_task
def handler(task: Task) -> Task:
    return work_on(task)
"""

ASYNC = """
@on_task
async def handler(task: Task) -> Task:
    return work_on(task)
"""

STREAMING = """
def event(task, type, data):
    return TaskUpdateEvent(
        type=type,
        task_id=task.id,
        organization_id=task.organization_id,
        time=datetime.now(timezone.utc),
        data=data,
    )

@on_task
async def handler(task: Task):
    for chunk in ("one ", "zwölf\\n"):
        yield event(task, TaskUpdateEventType.Chunk, chunk)
    yield event(task, TaskUpdateEventType.TaskFinished, work_on(task))
"""

WANTED = {
    "Sum up": ("completed", "Sum up, 1. attempt", None),
    "Überschlag ✓": ("completed", "Überschlag ✓, 1. attempt", None),
    "fail": ("error", "there is no region of that name", None),
    "fail without a word": ("error", "'region'", None),
    "tokens": ("completed", "counted", (100, 20)),
    "object": ("completed", {"north": 120, "south": [80, None]}, None),
    "failed": ("failed", "the numbers do not add up", None),
}
"""What becomes of a task with this prompt: status, result, and tokens."""


TASK = {
    "id": "unknown",
    "agent_id": AGENT,
    "organization_id": "local",
    "input": {"text": "Sum up"},
    "created_at": "2026-01-01T00:00:00Z",
}


@contextmanager
def worker(
    package: str, handler: str, configuration: Configuration, path: Path, **more: str
) -> Iterator[Program]:
    code = (HEADER + handler).replace("PACKAGE", package)
    with program(path / f"{package}_worker.py", code, configuration, **more) as running:
        running.wait_for(READY[package])
        yield running


def outcome(task: Task) -> tuple[str, Any, tuple[int, int] | None]:
    result: Any = task.result
    if isinstance(result, str) and result.startswith("{"):
        result = json.loads(result)
    tokens = task.tokens and (task.tokens.prompt_tokens, task.tokens.completion_tokens)
    return str(task.status), result, tokens or None


def finished(tasks: Tasks, task_id: str) -> tuple[str, Any, tuple[int, int] | None]:
    task = tasks.get(task_id=task_id).wait_finished(timeout=60)
    assert task.execution_attempts == 1
    kinds = [event.type for event in task.events()]
    assert (kinds[0], kinds[-1]) == ("connected", "task_finished")
    assert kinds.count("task_finished") == 1
    return outcome(task)


@pytest.mark.parametrize("handler", [SYNC, ASYNC, STREAMING], ids=["sync", "async", "streaming"])
@pytest.mark.parametrize("package", READY)
def test_dispatched_tasks_end_alike_whoever_creates_and_whoever_runs_them(
    ours: Configuration,
    theirs: xpander_sdk.Configuration,
    tmp_path: Path,
    package: str,
    handler: str,
) -> None:
    official = xpander_sdk.Tasks(configuration=theirs)
    with worker(package, handler, ours, tmp_path) as running, Tasks(ours) as tasks:
        for create in (tasks.create, official.create):
            ids = {
                prompt: create(agent_id=AGENT, prompt=prompt, events_streaming=True).id
                for prompt in WANTED
            }
            assert {prompt: finished(tasks, ids[prompt]) for prompt in WANTED} == WANTED
        assert running.process.poll() is None


@pytest.mark.parametrize("first", READY)
def test_one_takes_over_from_the_other(ours: Configuration, tmp_path: Path, first: str) -> None:
    (second,) = READY.keys() - {first}
    with Tasks(ours) as tasks:
        for package in (first, second):
            # Created before its worker is there: what one leaves in the queue the other takes.
            ids = [
                tasks.create(agent_id=AGENT, prompt="Sum up", events_streaming=True).id
                for _ in range(10)
            ]
            with worker(package, ASYNC, ours, tmp_path) as running:
                for task_id in ids:
                    assert finished(tasks, task_id) == WANTED["Sum up"]
                running.process.terminate()
                running.process.wait(timeout=60)


def invoked(
    package: str, handler: str, ours: Configuration, path: Path, port: int
) -> list[tuple[int, Any]]:
    """What a worker's own HTTP server answers to the same requests, one after the other."""
    key = {"x-api-key": ours.required("api_key")}
    url = f"http://127.0.0.1:{port}"
    answers: list[tuple[int, Any]] = []
    with (
        worker(package, handler, ours, path, XPANDER_STREAMING_PORT=str(port)),
        httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=10), timeout=30) as client,
        Tasks(ours) as tasks,
    ):
        health = client.get("/health")
        answers.append((health.status_code, health.json()))
        for given in ("", "another"):
            refused = client.post("/invoke", json=TASK, headers={"x-api-key": given})
            answers.append((refused.status_code, None))
        for prompt in WANTED:
            # For nobody's queue: the worker hears of it by the call alone.
            task = tasks.create(
                agent_id=AGENT, prompt=prompt, worker_id="nobody", events_streaming=True
            )
            body = httpx.get(
                f"{ours.base_url}/agent-execution/{task.id}/status", headers=key
            ).json()
            answer = client.post("/invoke", json=body, headers=key)
            answers.append((answer.status_code, said(answer)))
            task.reload()
            assert task.status == WANTED[prompt][0]
    return answers


def said(answer: httpx.Response) -> Any:
    """What counts of an answer."""
    if answer.headers["content-type"].startswith("text/event-stream"):
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line[:6] == "data: "]
        return [(event["type"], fields(event["data"])) for event in events]
    return fields(answer.json())


def fields(data: Any) -> Any:
    if not isinstance(data, dict) or "id" not in data:
        return data
    result = data["result"]
    if isinstance(result, str) and result.startswith("{"):
        result = json.loads(result)
    return data["status"], result


@pytest.mark.parametrize("handler", [SYNC, ASYNC, STREAMING], ids=["sync", "async", "streaming"])
def test_both_answer_alike_over_http(
    ours: Configuration, tmp_path: Path, unused_tcp_port_factory: Any, handler: str
) -> None:
    by_package = {
        package: invoked(package, handler, ours, tmp_path, unused_tcp_port_factory())
        for package in READY
    }
    for one, other in zip(by_package["xpander_client"], by_package["xpander_sdk"], strict=True):
        # Ours claims what it is invoked with, so that is an attempt.
        assert repr(one) == repr(other).replace("0. attempt", "1. attempt")

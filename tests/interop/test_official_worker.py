"""The official worker, unchanged, takes tasks from the embedded platform."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import xpander_sdk

import xpander_client
from tests.interop.processes import AGENT, Program, program
from xpander_client import Configuration, Task, Tasks
from xpander_client.platform import LocalPlatform

IMPORTS = """
from xpander_sdk import Tokens, on_task
from xpander_sdk.modules.tasks.sub_modules.task import Task
from xpander_sdk.modules.tasks.models.task import AgentExecutionInput, LocalTaskTest
"""

WORKER = f"""{IMPORTS}
import asyncio

@on_task
async def handler(task: Task) -> Task:
    print(f"begun {{task.execution_attempts}}\\n", end="", flush=True)
    if task.input.text == "fail":
        raise ValueError("there is no region of that name")
    if task.input.text.startswith("wait"):
        await asyncio.sleep(float(task.input.text.split()[1]))
    if task.input.text == "tokens":
        task.tokens = Tokens(prompt_tokens=100, completion_tokens=20)
    if task.input.text == "object":
        task.result = {{"north": 120}}
        return task
    task.result = f"attempt {{task.execution_attempts}} of the official worker"
    return task
"""


@pytest.fixture
def worker(ours: Configuration, tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path / "worker.py", WORKER, ours) as worker:
        worker.wait_for("Worker registered")
        yield worker


def create(configuration: Configuration, prompt: str, **arguments: object) -> Task:
    with Tasks(configuration) as tasks:
        return tasks.create(agent_id=AGENT, prompt=prompt, events_streaming=True, **arguments)


def run(configuration: Configuration, prompt: str, **arguments: object) -> Task:
    return create(configuration, prompt, **arguments).wait_finished(timeout=60)


def test_it_registers_receives_and_finishes(worker: Program, ours: Configuration) -> None:
    task = run(ours, "Sum up")
    assert (task.status, task.result) == ("completed", "attempt 1 of the official worker")
    statuses = [event.data.status for event in task.events() if isinstance(event.data, Task)]
    assert (statuses[0], statuses[-1]) == ("pending", "completed")
    assert "executing" in statuses
    # It stays, and takes the next one.
    assert run(ours, "Sum up").status == "completed"


def test_it_serves_the_official_client(worker: Program, theirs: xpander_sdk.Configuration) -> None:
    created = xpander_sdk.Tasks(configuration=theirs).create(
        agent_id=AGENT, prompt="Sum up", events_streaming=True
    )
    events = list(created.events())
    assert events[-1].type.value == "task_finished"
    assert events[-1].data.result == "attempt 1 of the official worker"


def test_an_exception_ends_the_task_as_error(worker: Program, ours: Configuration) -> None:
    task = run(ours, "fail")
    assert (task.status, task.result) == ("error", "there is no region of that name")


def test_tokens_and_metrics_are_taken(worker: Program, ours: Configuration) -> None:
    task = run(ours, "tokens")
    assert task.tokens is not None
    assert (task.tokens.prompt_tokens, task.tokens.completion_tokens) == (100, 20)
    # It reports them after the task is finished, and complains when that is refused.
    assert run(ours, "next").status == "completed"
    assert "Failed to report metrics" not in worker.output


def test_an_object_as_result_becomes_json(worker: Program, ours: Configuration) -> None:
    for output_format in (xpander_client.OutputFormat.Json, None):
        task = run(ours, "object", output_format=output_format)
        assert task.status == "completed"
        assert (task.result or "").replace(" ", "") == '{"north":120}'
    assert "Traceback" not in worker.output


def test_its_heartbeats_keep_a_task_longer_than_a_lease(
    worker: Program, ours: Configuration
) -> None:
    task = run(ours, "wait 5")  # the lease is three seconds
    assert (task.status, task.result) == ("completed", "attempt 1 of the official worker")


def test_many_tasks_at_once(worker: Program, ours: Configuration) -> None:
    created = [create(ours, f"task {number}") for number in range(20)]
    for task in created:
        assert task.wait_finished(timeout=60).status == "completed"
        assert task.execution_attempts == 1


def test_a_stopped_task_stays_stopped_whatever_it_sends(
    worker: Program, ours: Configuration
) -> None:
    task = create(ours, "wait 1")
    worker.wait_for("begun 1")
    with Tasks(ours) as tasks:
        tasks.stop(task_id=task.id)
    assert run(ours, "next").status == "completed"
    task.reload()
    assert (task.status, task.result) == ("stopped", None)


def test_what_a_killed_official_worker_had_is_finished_by_ours(
    ours: Configuration, tmp_path: Path
) -> None:
    with program(tmp_path / "worker.py", WORKER, ours) as official:
        official.wait_for("Worker registered")
        task = create(ours, "wait 3600")
        official.wait_for("begun 1")
        official.process.send_signal(signal.SIGKILL)
        official.process.wait(timeout=30)
        with program(tmp_path / "ours.py", OURS, ours) as our_worker:
            our_worker.wait_for("takes tasks of agent")
            task.wait_finished(timeout=60)
    assert (task.status, task.result) == ("completed", "attempt 2 of our worker")


def test_an_official_worker_that_was_stopped_and_continued_changes_no_finished_task(
    ours: Configuration, tmp_path: Path
) -> None:
    with program(tmp_path / "worker.py", WORKER, ours) as official:
        official.wait_for("Worker registered")
        task = create(ours, "wait 1")
        official.wait_for("begun 1")
        official.process.send_signal(signal.SIGSTOP)
        with program(tmp_path / "ours.py", OURS, ours) as our_worker:
            our_worker.wait_for("takes tasks of agent")
            task.wait_finished(timeout=60)
        official.process.send_signal(signal.SIGCONT)
        # What it sends late is taken without a word, because it would not understand a refusal.
        official.wait_for(f"Finished handling task {task.id}")
        task.reload()
        assert (task.status, task.result) == ("completed", "attempt 2 of our worker")
        ends = [event for event in task.events() if event.type == "task_finished"]
        assert len(ends) == 1


OURS = """
from xpander_client import Task, on_task

@on_task
def handler(task: Task) -> Task:
    task.result = f"attempt {task.execution_attempts} of our worker"
    return task
"""


def test_our_worker_serves_the_official_client(
    theirs: xpander_sdk.Configuration, ours: Configuration, tmp_path: Path
) -> None:
    with program(tmp_path / "ours.py", OURS, ours) as worker:
        worker.wait_for("takes tasks of agent")
        created = xpander_sdk.Tasks(configuration=theirs).create(
            agent_id=AGENT, prompt="Sum up", events_streaming=True
        )
        events = list(created.events())
        assert events[-1].data.result == "attempt 1 of our worker"
        created.reload()
        assert created.status.value == "completed"
        worker.process.terminate()
        assert worker.process.wait(timeout=30) == 0


def test_it_comes_back_when_the_platform_was_restarted(
    ours: Configuration, platform: LocalPlatform, tmp_path: Path
) -> None:
    port = int(platform.url.rpartition(":")[2])
    with program(tmp_path / "worker.py", WORKER, ours) as worker:
        worker.wait_for("Worker registered")
        platform.close()
        with LocalPlatform(api_key=ours.api_key, port=port):
            worker.wait_for("Worker registered", times=2)
            assert run(ours, "Sum up").status == "completed"


def test_its_local_test_run_is_run_once(ours: Configuration, tmp_path: Path) -> None:
    code = f"""{IMPORTS}
@on_task(test_task=LocalTaskTest(input=AgentExecutionInput(text="try it")))
def handler(task: Task) -> Task:
    print(f"begun {{task.execution_attempts}}\\n", end="", flush=True)
    task.result = "tried"
    return task
"""
    with program(tmp_path / "worker.py", code, ours) as worker:
        assert worker.process.wait(timeout=60) == 0
    assert worker.output.count("begun 1") == 1
    with Tasks(ours) as tasks:
        (item,) = tasks.list(agent_id=AGENT)
        task = tasks.get(task_id=item.id)
    assert (task.status, task.result, task.input.text) == ("completed", "tried", "try it")


def test_its_http_server_checks_keys_with_the_platform(
    ours: Configuration, tmp_path: Path, unused_tcp_port: int
) -> None:
    import httpx

    url = f"http://127.0.0.1:{unused_tcp_port}"
    with program(
        tmp_path / "worker.py", WORKER, ours, XPANDER_STREAMING_PORT=str(unused_tcp_port)
    ) as worker:
        worker.wait_for("Worker registered")
        worker.wait_for("Starting /invoke HTTP server")
        with Tasks(ours) as tasks:
            # For nobody's queue: its own process is told to run it.
            task = tasks.create(
                agent_id=AGENT, prompt="Sum up", worker_id="nobody", events_streaming=True
            )
        body = httpx.get(
            f"{ours.base_url}/agent-execution/{task.id}/status",
            headers={"x-api-key": ours.required("api_key")},
        ).json()
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=transport, timeout=30) as client:
            refused = client.post(f"{url}/invoke", json=body, headers={"x-api-key": "another"})
            assert refused.status_code == 403
            answer = client.post(
                f"{url}/invoke", json=body, headers={"x-api-key": ours.required("api_key")}
            )
        assert answer.status_code == 200, answer.text
    task.reload()
    assert task.status == "completed"

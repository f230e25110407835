"""Single tasks: the command line of a worker program, `try_out`, and `Events`."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.worker.attempts.test_forms import SYNC, code_of
from tests.worker.conftest import AGENT
from tests.worker.events import chunk
from tests.worker.processes import environment_of, program
from xpander_client import (
    AgentExecutionInput,
    AgentExecutionStatus,
    ArgumentError,
    Configuration,
    Events,
    LocalTaskTest,
    ModuleException,
    OutputFormat,
    Task,
    Tasks,
    TaskUpdateEvent,
    TaskUpdateEventType,
)
from xpander_client.platform import LocalPlatform
from xpander_client.worker import Worker, run
from xpander_client.worker.attempts import attempt
from xpander_client.worker.trial import report, trial_in, warn_about

HELLO = LocalTaskTest(input=AgentExecutionInput(text="hello", files=["https://x.test/a.csv"]))


async def shout(task: Task) -> Task:
    task.result = (task.input.text or "").upper()
    return task


def test_a_result_is_printed_whatever_characters_the_terminal_has(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    task = Tasks(configuration).create(agent_id=AGENT, prompt="hello")
    task.status, task.result = AgentExecutionStatus.Completed, "Köln"
    assert report(task) == 0
    task.status = AgentExecutionStatus.Error
    assert report(task) == 1
    assert out.buffer.getvalue() == b"K\\xf6ln\n"
    assert err.buffer.getvalue().endswith(b"ended as error: K\\xf6ln\n")


def test_without_invoke_the_arguments_are_the_programs_own() -> None:
    assert trial_in(["worker.py"]) is None
    assert trial_in(["worker.py", "--prompt", "mine", "--output_format", "xml"]) is None
    # The program's name is no argument.
    assert trial_in(["--invoke"]) is None


@pytest.mark.parametrize("output_format", ["json", "markdown", "text"])
def test_the_arguments_of_invoke(output_format: str) -> None:
    test = trial_in(
        ["w.py", "run", "--output_format", output_format, "--invoke", "--prompt=hi", "--pro", "x"]
    )
    assert test == LocalTaskTest(
        input=AgentExecutionInput(text="hi"), output_format=OutputFormat(output_format)
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--prompt"),
        (["--prompt"], "--prompt"),
        (["--prompt", "x", "--output_format", "xml"], "'xml'"),
        (["--prompt", "x", "--output_schema", "{"], "this is no JSON"),
        (["--prompt", "x", "--output_schema", "[]"], "a schema is a JSON object"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_one_line_before_anything_is_sent(
    configuration: Configuration, tmp_path: Path, arguments: list[str], said: str
) -> None:
    path = tmp_path / "worker.py"
    with program(
        path, code_of(SYNC), environment_of(configuration), str(path), "--invoke", *arguments
    ) as run:
        assert run.process.wait(timeout=30) == 2
    (line,) = run.output.splitlines()
    assert line.startswith("worker.py: ")
    assert said in line
    with Tasks(configuration) as tasks:
        assert tasks.list(agent_id=AGENT) == []


def test_a_programs_own_prompt_does_not_make_it_a_trial(
    configuration: Configuration, tmp_path: Path
) -> None:
    path = tmp_path / "worker.py"
    code = "import sys\n" + code_of(SYNC) + "\nprint(sys.argv[1:], flush=True)\n"
    with program(
        path, code, environment_of(configuration), str(path), "--prompt", "mine"
    ) as worker:
        worker.wait_for("takes tasks of agent")
        assert worker.output.startswith("['--prompt', 'mine']\n")
        assert worker.stop() == 0


async def test_try_out_runs_the_task_and_nothing_else(configuration: Configuration) -> None:
    ran: list[str] = []

    async def handler(task: Task) -> Task:
        ran.append(task.id)
        assert task.input.files == ["https://x.test/a.csv"]
        return await shout(task)

    other = await Tasks(configuration).acreate(agent_id=AGENT, prompt="another")
    task = await Worker(handler, configuration).try_out(HELLO)
    assert (task.status, task.result) == ("completed", "HELLO")
    assert ran == [task.id]
    assert (await Task.aload(task.id, configuration)).result == "HELLO"
    await other.areload()
    assert other.status == "pending"


async def test_the_chunks_of_a_tried_streaming_handler_are_in_the_tasks_events(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "one")

    task = await Worker(handler, configuration).try_out(HELLO)
    loaded = await Task.aload(task.id, configuration)
    chunks = [
        event.data async for event in loaded.aevents() if event.type == TaskUpdateEventType.Chunk
    ]
    assert chunks == ["one"]


async def test_a_worker_stopped_during_a_trial_ends_the_task_as_stopped(
    configuration: Configuration,
) -> None:
    ids: list[str] = []

    async def handler(task: Task) -> Task:
        ids.append(task.id)
        worker.stop()
        await asyncio.sleep(3600)
        return task

    worker = Worker(handler, configuration)
    with pytest.raises(ModuleException, match="the worker was stopped"):
        await asyncio.wait_for(worker.try_out(HELLO), 20)
    assert (await Task.aload(ids[0], configuration)).status == "stopped"


async def test_a_trial_whose_task_is_stopped_at_the_platform_ends(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "_LOOK_EVERY", 0.05)
    cancelled = asyncio.Event()

    async def handler(task: Task) -> Task:
        # Asked for by somebody else, who has the task's id.
        await Tasks(configuration).astop(task_id=task.id)
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()
        return task

    with pytest.raises(ModuleException, match="it was stopped"):
        await asyncio.wait_for(Worker(handler, configuration).try_out(HELLO), 20)
    assert cancelled.is_set()


async def test_a_trial_without_a_platform_fails_after_max_retries(
    configuration: Configuration, platform: LocalPlatform
) -> None:
    await asyncio.to_thread(platform.close)
    with pytest.raises(ModuleException):
        await asyncio.wait_for(Worker(shout, configuration, max_retries=2).try_out(HELLO), 20)


def test_events_registers_a_handler_without_the_decorator(
    configuration: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    Events(configuration).register(on_task=shout, test_task=HELLO)
    assert capsys.readouterr().out == "HELLO\n"

    def failing(task: Task) -> Task:
        raise ValueError("broken")

    with pytest.raises(SystemExit) as caught:
        Events(configuration).register(on_task=failing, test_task=HELLO)
    assert caught.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("ended as error: broken\n")


async def test_events_registers_inside_a_loop_that_runs(
    configuration: Configuration,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XPANDER_STREAMING_PORT", "0")
    await Events(configuration).aregister(on_task=shout, test_task=HELLO)
    assert capsys.readouterr().out == "HELLO\n"
    working = asyncio.create_task(
        Events(configuration, max_sync_workers=1, max_retries=1).aregister(on_task=shout)
    )
    task = await Tasks(configuration).acreate(agent_id=AGENT, prompt="dispatched")
    assert (await task.await_finished(timeout=20)).result == "DISPATCHED"
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


def test_events_takes_its_parameters_by_position_and_by_name(
    configuration: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Events(configuration, 6, 5) == Events(
        configuration=configuration, max_sync_workers=6, max_retries=5
    )
    assert Events() == Events(None, 6, 5)
    Events(configuration, 6, 5).register(shout, HELLO)
    Events(configuration).register(test_task=HELLO, on_task=shout)
    assert capsys.readouterr().out == "HELLO\nHELLO\n"


def test_events_wants_bounds_that_are_possible() -> None:
    with pytest.raises(ValueError, match="max_sync_workers"):
        Events(max_sync_workers=0)
    with pytest.raises(ValueError, match="max_retries"):
        Events(max_retries=0)


def test_events_works_until_a_signal_comes(configuration: Configuration, tmp_path: Path) -> None:
    code = """
from xpander_client import Events, Task

def shout(task: Task) -> Task:
    task.result = task.input.text.upper()
    return task

Events().register(on_task=shout)
print("ended", flush=True)
"""
    with program(tmp_path / "worker.py", code, environment_of(configuration)) as worker:
        with Tasks(configuration) as tasks:
            task = tasks.create(agent_id=AGENT, prompt="hello", events_streaming=True)
            assert task.wait_finished(timeout=30).result == "HELLO"
        assert worker.stop(signal.SIGINT) == 0
    assert worker.output == "ended\n"


async def test_events_start_and_stop(configuration: Configuration) -> None:
    async with Events(configuration) as events:
        working = asyncio.create_task(events.start(on_execution_request=shout))
        task = await Tasks(configuration).acreate(agent_id=AGENT, prompt="hello")
        await task.await_finished(timeout=30)
        assert task.result == "HELLO"
        await events.stop()
        await asyncio.wait_for(working, 10)
        again = asyncio.create_task(events.start(shout))
        await asyncio.sleep(0)
    await asyncio.wait_for(again, 10)


async def test_run_says_what_to_await_where_an_event_loop_runs(
    configuration: Configuration,
) -> None:
    said = r"await Worker\(handler\)\.run\(\)"
    with pytest.raises(RuntimeError, match=said):
        run(shout, configuration)
    with pytest.raises(RuntimeError, match=said):
        Events(configuration).register(shout)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--prompt", "--prompt says nothing to a worker without --invoke"),
        ("--output_format=json", "--output_format says nothing to a worker without --invoke"),
        ("--invok", "--invok says nothing to a worker: is --invoke meant?"),
        ("--inovke", "--inovke says nothing to a worker: is --invoke meant?"),
        ("--verbose", ""),
        ("--invoke", ""),
    ],
)
def test_a_command_line_that_says_nothing_to_a_worker_is_warned_of(
    caplog: pytest.LogCaptureFixture, argument: str, said: str
) -> None:
    warn_about(["worker.py", argument])
    assert [record.getMessage() for record in caplog.records] == ([said] if said else [])


def test_a_worker_program_tells_what_its_command_line_may_say(tmp_path: Path) -> None:
    code = code_of(SYNC)
    environment = {name: value for name, value in os.environ.items() if "XPANDER" not in name}
    with program(tmp_path / "worker.py", code, environment, "worker.py", "--help") as worker:
        assert worker.process.wait(timeout=30) == 0
    assert worker.output.startswith("usage: worker.py [--invoke] --prompt PROMPT")
    assert "no worker" not in worker.output


def test_a_test_task_is_made_of_plain_values_as_well() -> None:
    plain: dict[str, Any] = {"input": {"text": "hello"}, "output_format": "json"}
    assert LocalTaskTest(**plain) == LocalTaskTest(
        input=AgentExecutionInput(text="hello"), output_format=OutputFormat.Json
    )
    plain["input"] = "hello"
    with pytest.raises(ArgumentError, match=r"LocalTaskTest\.input: expected an object, got"):
        LocalTaskTest(**plain)


async def test_a_trial_that_is_stopped_while_it_runs_was_one(
    configuration: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Event()

    async def endless(task: Task) -> Task:
        begun.set()
        await asyncio.Event().wait()
        return task

    worker = Worker(endless, configuration, grace=0.0)
    trying = asyncio.create_task(worker.try_out(HELLO))
    await asyncio.wait_for(begun.wait(), 10)
    worker.stop()
    with pytest.raises(ModuleException, match="the task has no result"):
        await asyncio.wait_for(trying, 10)
    assert "the handler's task has no result" in caplog.text
    assert "not tried" not in caplog.text

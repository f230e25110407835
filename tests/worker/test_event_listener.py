"""Programs for `xpander_utils.events` carry out executions with our worker."""

from __future__ import annotations

import asyncio
import functools
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worker.conftest import AGENT
from tests.worker.processes import environment_of, program
from xpander_client import Configuration, Task, Tasks, User
from xpander_client.worker import AgentExecution, AgentExecutionResult, XpanderEventListener

Handler = Callable[[AgentExecution], Any]


def listen(configuration: Configuration, **more: Any) -> XpanderEventListener:
    return XpanderEventListener(
        api_key=configuration.api_key or "",
        agent_id=AGENT,
        organization_id=configuration.organization_id,
        base_url=configuration.base_url,
        **more,
    )


async def carry_out(configuration: Configuration, handler: Handler, *asked: str) -> list[Task]:
    """Have executions carried out at the same time, as they end."""
    async with listen(configuration) as listener:
        working = asyncio.create_task(listener.start(on_execution_request=handler))
        made = [await Tasks(configuration).acreate(AGENT, prompt=text) for text in asked]
        ended = await asyncio.gather(*(task.await_finished(timeout=30) for task in made))
    await working
    return list(ended)


def shout(execution: AgentExecution) -> AgentExecutionResult:
    return AgentExecutionResult(result=(execution.input.text or "").upper())


async def shout_later(execution: AgentExecution) -> AgentExecutionResult:
    await asyncio.sleep(0)
    return AgentExecutionResult(result=(execution.input.text or "").upper(), is_success=True)


class Shouter:
    async def __call__(self, execution: AgentExecution) -> AgentExecutionResult:
        return shout(execution)


def hand_on(execution: AgentExecution) -> object:
    return shout_later(execution)


@pytest.mark.parametrize(
    "handler", [shout, shout_later, functools.partial(shout_later), Shouter(), hand_on]
)
async def test_the_result_of_a_handler_is_that_of_the_execution(
    configuration: Configuration, handler: Handler
) -> None:
    (task,) = await carry_out(configuration, handler, "hello")
    assert (task.status, task.result) == ("completed", "HELLO")


async def test_a_handler_says_that_the_execution_failed(configuration: Configuration) -> None:
    def refuse(execution: AgentExecution) -> AgentExecutionResult:
        return AgentExecutionResult(result="not today", is_success=False)

    (task,) = await carry_out(configuration, refuse, "hello")
    assert (task.status, task.result) == ("error", "not today")


async def test_a_handler_that_raises_fails_the_execution(configuration: Configuration) -> None:
    async def fail(execution: AgentExecution) -> AgentExecutionResult:
        raise ValueError("no such region")

    (task,) = await carry_out(configuration, fail, "hello")
    assert (task.status, task.result) == ("error", "no such region")


async def test_a_handler_that_returns_something_else_is_told(configuration: Configuration) -> None:
    (task,) = await carry_out(configuration, lambda execution: "HELLO", "hello")
    assert task.status == "error"
    assert str(task.result).endswith("<lambda>() must return an AgentExecutionResult, not str")


def test_a_result_has_the_habits_of_models() -> None:
    made = AgentExecutionResult(result="done", is_success=False)
    assert made.model_dump() == {"result": "done", "is_success": False}
    assert AgentExecutionResult.model_validate({"result": "done"}) == AgentExecutionResult("done")


async def test_sync_handlers_run_at_the_same_time_on_threads(configuration: Configuration) -> None:
    together = threading.Barrier(4, timeout=20)
    names: set[str] = set()

    def wait(execution: AgentExecution) -> AgentExecutionResult:
        together.wait()
        names.add(threading.current_thread().name)
        return shout(execution)

    ended = await carry_out(configuration, wait, "a", "b", "c", "d")
    assert [task.result for task in ended] == ["A", "B", "C", "D"]
    assert threading.current_thread().name not in names


async def test_a_handler_reads_the_user_without_asking_and_changes_nothing(
    configuration: Configuration,
) -> None:
    seen: list[Any] = []

    def note(execution: AgentExecution) -> AgentExecutionResult:
        assert execution.input.user is not None
        seen.append((execution.input.user.first_name, execution.input.user.email))
        execution.input.text = "changed"
        execution.input.user.email = "changed@example.com"
        return AgentExecutionResult(result=execution.id)

    async with listen(configuration) as listener:
        working = asyncio.create_task(listener.start(note))
        tasks = Tasks(configuration)
        ada = User(id="u1", email="ada@example.com", first_name="Ada")
        first = await tasks.acreate(AGENT, prompt="hello", user_details=ada)
        await first.await_finished(timeout=30)
        second = await tasks.acreate(AGENT, prompt="hello")
        await second.await_finished(timeout=30)
    await working
    assert seen == [("Ada", "ada@example.com"), ("", "")]
    assert (first.result, first.input.text) == (first.id, "hello")
    assert first.input.user is not None
    assert (first.input.user.email, second.input.user) == ("ada@example.com", None)


async def test_a_listener_is_made_with_what_the_official_one_takes(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = XpanderEventListener(
        "key",
        "agent",
        base_url="https://platform.example",
        organization_id="acme",
        should_reset_cache=True,
        with_metrics_report=True,
        max_sync_workers=2,
        max_retries=3,
    )
    assert (listener.api_key, listener.agents) == ("key", ["agent"])
    assert (listener.organization_id, listener.base_url) == ("acme", "https://platform.example")
    assert listener.with_metrics_report is True
    with pytest.raises(RuntimeError, match=r"await listener\.start\(handler\)"):
        listener.register(shout)
    monkeypatch.setenv("XPANDER_AGENT_ID", AGENT)
    monkeypatch.setenv("XPANDER_API_KEY", "another")
    assert XpanderEventListener().configuration.agent_id == AGENT


PROGRAM = """
import json
from xpander_utils.events import (
    XpanderEventListener, AgentExecution, AgentExecutionResult, ExecutionStatus,
)

with open("xpander_config.json") as config_file:
    xpander_config: dict = json.load(config_file)

listener = XpanderEventListener(**xpander_config)

async def on_execution_request(execution_task: AgentExecution) -> AgentExecutionResult:
    done = f"{execution_task.input.text} {ExecutionStatus.COMPLETED.value}"
    return AgentExecutionResult(result=done, is_success=True)

listener.register(on_execution_request=on_execution_request)
print("ended", flush=True)
"""


def test_a_program_listens_until_a_signal_comes(
    configuration: Configuration, tmp_path: Path
) -> None:
    names = ("api_key", "organization_id", "base_url")
    given = ", ".join(f'"{name}": "{getattr(configuration, name)}"' for name in names)
    (tmp_path / "xpander_config.json").write_text(f'{{"agent_id": "{AGENT}", {given}}}')
    path = tmp_path / "handler.py"
    environment = environment_of(configuration)
    del environment["XPANDER_AGENT_ID"]
    command = ("-m", "xpander_client.compat", str(path))
    with program(path, PROGRAM, environment, *command) as running:
        with Tasks(configuration) as tasks:
            task = tasks.create(AGENT, prompt="hello", events_streaming=True)
            assert task.wait_finished(timeout=30).result == "hello COMPLETED"
        assert running.stop(signal.SIGTERM) == 0
    assert f"takes tasks of agent {AGENT}" in running.output
    assert running.output.endswith("ended\n")

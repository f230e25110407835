"""An attempt that began always ends, whatever its handler left behind."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.worker.conftest import AGENT
from tests.worker.events import chunk
from tests.worker.test_worker import create, run_one, working
from xpander_client import AgentExecutionInput, Configuration, Task, TaskUpdateEvent, Tokens
from xpander_client.worker import LocalTaskTest, Worker
from xpander_client.worker.attempts.record import Record


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def _half() -> Exception:
    return ValueError(f"cannot read {os.fsdecode(b'caf' + bytes([0xE9]))}")


FAILURES = {
    "half a character": (_half, r"cannot read caf\udce9"),
    "no text": (Unprintable, "<Unprintable, which has no text: RuntimeError>"),
    "too long": (lambda: ValueError("x" * 200_000), "x" * 100_000 + "… (100000 characters more)"),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_handler_that_fails_with_what_cannot_be_sent_ends_the_task(
    configuration: Configuration, failure: str
) -> None:
    error, told = FAILURES[failure]

    async def plain(task: Task) -> Task:
        raise error()

    def on_a_thread(task: Task) -> Task:
        raise error()

    async def streaming(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "begun")
        raise error()

    for handler in (plain, on_a_thread, streaming):
        task = await run_one(handler, configuration)
        assert task.status == "error"
        assert (task.result or "").startswith(told)
    tried = await Worker(plain, configuration).try_out(
        LocalTaskTest(input=AgentExecutionInput(text="x"))
    )
    assert tried.status == "error"
    assert (tried.result or "").startswith(told)


@pytest.mark.parametrize("depth", [None, 5000])
async def test_a_result_that_contains_itself_or_has_no_bottom_is_completed(
    configuration: Configuration, depth: int | None
) -> None:
    async def handler(task: Task) -> Task:
        result: Any = {}
        if depth is None:
            result["self"] = result
        for _ in range(depth or 0):
            result = {"d": result}
        task.result = result
        return task

    assert (await run_one(handler, configuration)).status == "completed"


async def test_what_a_handler_sets_as_the_tasks_names_changes_no_other_task(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        task.id, task.agent_id, task.organization_id = other.id, "another", "another"
        if task.input.text == "fail":
            raise ValueError("it failed")
        task.result = "done"
        return task

    async with working(handler, configuration) as tasks:
        other = await tasks.acreate(agent_id="another", prompt="mine")
        done = await (await create(tasks)).await_finished(timeout=20)
        failed = await (await create(tasks, "fail")).await_finished(timeout=20)
        await other.areload()
    assert (done.agent_id, done.status, done.result) == (AGENT, "completed", "done")
    assert (failed.status, failed.result) == ("error", "it failed")
    assert (other.status, other.result) == ("pending", None)


async def test_metrics_that_cannot_be_sent_cost_nothing_but_themselves(
    configuration: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(task: Task) -> Task:
        task.result = "done"
        task.tokens = Tokens(completion_tokens=1, prompt_tokens=1)
        return task

    def broken(task: Task) -> None:
        raise RuntimeError("no metrics today")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Task, "areport_metrics", broken)
        task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("completed", "done")
    assert "no metrics today" in caplog.text


async def test_a_fault_of_the_worker_itself_ends_the_task_as_an_error(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(task: Task) -> Task:
        raise ValueError("the handler's own")

    async def broken(*_: object) -> str:
        raise LookupError("a fault")

    monkeypatch.setattr(Record, "end_as_error", broken)
    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("error", "the worker failed: a fault")

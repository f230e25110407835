"""A handler runs again while steps of its task's plan are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest

from tests.worker.events import chunk
from tests.worker.test_worker import create, working
from xpander_client import (
    MAX_PLAN_RETRIES,
    AgentExecutionStatus,
    Configuration,
    DeepPlanning,
    DeepPlanningItem,
    OutputFormat,
    Task,
    Tasks,
    TaskUpdateEvent,
    TaskUpdateEventType,
    Tokens,
)
from xpander_client.worker.attempts.handler import HandlerFunction


def plan(*, steps: int = 3, **more: Any) -> DeepPlanning:
    """A plan with open steps, that has to be worked off."""
    items = [DeepPlanningItem(id=str(n), title=f"step {n}") for n in range(1, steps + 1)]
    return attrs.evolve(DeepPlanning(enabled=True, enforce=True, started=True, tasks=items), **more)


def complete_one(task: Task) -> None:
    """Mark the first open step."""
    assert task.deep_planning is not None
    next(item for item in task.deep_planning.tasks or [] if not item.completed).completed = True


async def finished(
    handler: HandlerFunction, configuration: Configuration, **options: Any
) -> tuple[Task, list[TaskUpdateEvent]]:
    arguments = options.pop("arguments", {})
    async with working(handler, configuration, **options) as tasks:
        task = await create(tasks, events_streaming=True, **arguments)
        events = [event async for event in task.aevents()]
        await task.areload()
    return task, events


async def test_the_handler_runs_until_no_step_is_open_and_its_runs_are_added_up(
    configuration: Configuration,
) -> None:
    messages: list[str] = []

    async def handler(task: Task) -> Task:
        messages.append(task.to_message())
        assert task.result is None
        task.deep_planning = task.deep_planning or plan()
        complete_one(task)
        task.result = f"run {len(messages)}"
        task.tokens = Tokens(prompt_tokens=100, completion_tokens=len(messages))
        return task

    task, events = await finished(handler, configuration)
    assert len(messages) == 3
    assert (task.status, task.result) == ("completed", "run 1\n\nrun 2\n\nrun 3")
    assert task.tokens is not None
    assert (task.tokens.prompt_tokens, task.tokens.completion_tokens) == (300, 6)
    assert task.deep_planning is not None
    assert all(item.completed for item in task.deep_planning.tasks or [])
    assert messages[0] == "do it"
    assert "1 of the 3 steps" in messages[1]
    assert "Next: step 2" in messages[1]
    assert "- answered: run 1" in messages[1]
    assert "Next: step 3" in messages[2]
    # The digest of the first run made room for that of the second.
    assert messages[2].count("What was done so far:") == 1
    compacted = [e.data for e in events if e.type == TaskUpdateEventType.TaskCompactization]
    assert [data["type"] for data in compacted] == ["pre_retry_compaction"] * 2
    assert "Next: step 2" in compacted[0]["data"]["new_task_prompt"]
    assert [event.type for event in events].count(TaskUpdateEventType.TaskFinished) == 1


async def test_metrics_are_reported_once_and_only_when_there_are_tokens(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Tokens | None] = []
    report = Task.areport_metrics

    async def counted(task: Task, *args: Any, **more: Any) -> None:
        reported.append(task.tokens)
        await report(task, *args, **more)

    monkeypatch.setattr(Task, "areport_metrics", counted)

    async def handler(task: Task) -> Task:
        task.deep_planning = task.deep_planning or plan()
        complete_one(task)
        task.tokens = Tokens(prompt_tokens=7)
        return task

    async def without_tokens(task: Task) -> Task:
        task.deep_planning = task.deep_planning or plan()
        complete_one(task)
        return task

    await finished(without_tokens, configuration)
    assert reported == []
    await finished(handler, configuration)
    assert [tokens and tokens.prompt_tokens for tokens in reported] == [21]


async def test_it_runs_no_more_than_five_times_again(configuration: Configuration) -> None:
    runs = 0

    def handler(task: Task) -> Task:
        nonlocal runs
        runs += 1
        task.deep_planning = plan()
        task.result = f"run {runs}"
        return task

    task, _ = await finished(handler, configuration)
    assert MAX_PLAN_RETRIES == 5
    assert runs == 6
    assert task.status == "completed"
    assert (task.result or "").endswith("run 6")


@pytest.mark.parametrize(
    "more",
    [
        {"enabled": False},
        {"started": False},
        {"enforce": False},
        {"question_raised": True},
        {"steps": 0},
    ],
)
async def test_a_plan_that_does_not_ask_for_it_makes_no_second_run(
    configuration: Configuration, more: dict[str, Any]
) -> None:
    runs = 0

    async def handler(task: Task) -> Task:
        nonlocal runs
        runs += 1
        task.deep_planning = plan(**more)
        return task

    task, _ = await finished(handler, configuration)
    assert (runs, task.status) == (1, "completed")


async def test_a_task_that_the_handler_failed_is_not_run_again(
    configuration: Configuration,
) -> None:
    runs = 0

    async def handler(task: Task) -> Task:
        nonlocal runs
        runs += 1
        task.deep_planning = plan()
        task.status = AgentExecutionStatus.Failed
        return task

    task, _ = await finished(handler, configuration)
    assert (runs, task.status) == (1, "failed")


async def test_steps_that_are_marked_at_the_platform_count(configuration: Configuration) -> None:
    runs = 0

    async def handler(task: Task) -> Task:
        nonlocal runs
        runs += 1
        # As a tool does it, which knows nothing of this object.
        other = await Task.aload(task.id, configuration)
        other.deep_planning = other.deep_planning or plan(steps=2)
        complete_one(other)
        await other.asave(with_deep_plan_update=True)
        task.result = f"run {runs}"
        if runs == 1:
            await task.areload()
            task.result = "run 1"
        return task

    task, _ = await finished(handler, configuration)
    assert runs == 2
    assert task.result == "run 1\n\nrun 2"
    assert task.deep_planning is not None
    assert [item.completed for item in task.deep_planning.tasks or []] == [True, True]


async def test_of_json_results_the_last_one_counts(configuration: Configuration) -> None:
    runs = 0

    async def handler(task: Task) -> Task:
        nonlocal runs
        runs += 1
        task.deep_planning = task.deep_planning or plan(steps=2)
        complete_one(task)
        result: Any = {"run": runs}
        task.result = result
        return task

    task, _ = await finished(handler, configuration, arguments={"output_format": OutputFormat.Json})
    assert task.result == '{"run":2}'


async def test_tokens_are_added_up_also_when_a_later_run_fails(
    configuration: Configuration,
) -> None:
    runs = 0

    async def handler(task: Task) -> Task:
        nonlocal runs
        runs += 1
        task.deep_planning = plan()
        task.tokens = Tokens(prompt_tokens=5)
        if runs == 3:
            raise ValueError("out of credit")
        return task

    task, _ = await finished(handler, configuration)
    assert (task.status, task.result) == ("error", "out of credit")
    assert task.tokens is not None
    assert task.tokens.prompt_tokens == 15


async def test_streaming_handlers_run_again_too(configuration: Configuration) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        task.deep_planning = task.deep_planning or plan(steps=2)
        complete_one(task)
        yield chunk(task, f"{sum(1 for item in task.deep_planning.tasks or [] if item.completed)}")
        task.result = "done"

    task, events = await finished(handler, configuration)
    assert [e.data for e in events if e.type == TaskUpdateEventType.Chunk] == ["1", "2"]
    assert task.result == "done\n\ndone"


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_hook_of_ones_own_compacts_instead(configuration: Configuration, kind: str) -> None:
    contexts: list[str | None] = []

    async def handler(task: Task) -> Task:
        contexts.append(task.additional_context)
        task.deep_planning = task.deep_planning or plan(steps=2)
        complete_one(task)
        return task

    def shorten(task: Task) -> None:
        task.additional_context = "in short"

    async def ashorten(task: Task) -> None:
        await asyncio.sleep(0)
        shorten(task)

    hook = shorten if kind == "sync" else ashorten
    task, _ = await finished(handler, configuration, on_compact=hook)
    assert contexts == [None, "in short"]
    assert task.additional_context == "in short"


async def test_a_hook_that_fails_costs_nothing_but_a_log_line(
    configuration: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(task: Task) -> Task:
        task.deep_planning = task.deep_planning or plan(steps=2)
        complete_one(task)
        return task

    def broken(task: Task) -> None:
        raise OSError("no model")

    task, _ = await finished(handler, configuration, on_compact=broken)
    assert task.status == "completed"
    assert "the session was not compacted: no model" in caplog.text


async def test_a_stopped_task_is_not_run_again(configuration: Configuration) -> None:
    runs = 0

    async def handler(task: Task) -> Task:
        nonlocal runs
        runs += 1
        task.deep_planning = plan()
        await Tasks(configuration).astop(task_id=task.id)
        await asyncio.sleep(3600)
        return task

    task, _ = await finished(handler, configuration)
    assert (runs, task.status) == (1, "stopped")

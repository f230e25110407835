"""Streaming handlers of dispatched tasks: what they yield reaches whoever follows the task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.worker.conftest import of_agent
from tests.worker.events import chunk, event, finished
from tests.worker.test_worker import Said, create, run_one, working
from xpander_client import (
    Configuration,
    Task,
    Tasks,
    TaskUpdateEvent,
    TaskUpdateEventType,
    Tokens,
)
from xpander_client.platform import LocalPlatform
from xpander_client.worker import Worker


async def chunks_of(task: Task) -> list[Any]:
    return [event.data async for event in task.aevents() if event.type == TaskUpdateEventType.Chunk]


async def test_followers_see_each_chunk_while_the_handler_still_runs(
    configuration: Configuration,
) -> None:
    seen = asyncio.Event()

    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        for word in ("one", "two", "three"):
            yield chunk(task, word)
            await asyncio.wait_for(seen.wait(), 10)
            seen.clear()
        task.result = "three words"
        yield finished(task, task)

    words = []
    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        async for each in task.aevents():
            if each.type == TaskUpdateEventType.Chunk:
                words.append(each.data)
                seen.set()
    assert words == ["one", "two", "three"]
    await task.areload()
    assert (task.status, task.result) == ("completed", "three words")


async def test_ten_thousand_chunks_arrive_once_and_in_order_and_before_the_end(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        for number in range(10_000):
            yield chunk(task, number)
        yield finished(task, task)

    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        events = [each async for each in task.aevents()]
    assert events[-1].type == TaskUpdateEventType.TaskFinished
    numbers = [each.data for each in events if each.type == TaskUpdateEventType.Chunk]
    assert numbers == list(range(10_000))


async def test_chunks_that_are_not_delivered_when_the_platform_goes_away_arrive_later(
    tmp_path: Any,
) -> None:
    away = asyncio.Event()

    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "before")
        await away.wait()
        for number in range(2_500):
            yield chunk(task, number)
        yield finished(task, task)

    store = tmp_path / "platform.db"
    async with LocalPlatform(store=store, api_key="key") as first:
        configuration = of_agent(first)
        port = int(first.url.rpartition(":")[2])
        worker = Worker(handler, configuration)
        await worker.registered()
        task = await create(Tasks(configuration), events_streaming=True)
        async for each in task.aevents():
            if each.data == "before":
                break
    with Said("could not deliver events") as said:
        away.set()
        await said.wait()
    async with LocalPlatform(store=store, api_key="key", port=port):
        assert await chunks_of(task) == ["before", *range(2_500)]
        async with worker:
            pass


async def test_what_was_set_on_the_task_is_the_result_without_a_last_event(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "text")
        task.result = "set on the way"

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("completed", "set on the way")


@pytest.mark.parametrize(
    ("data", "status", "result"),
    [
        (None, "completed", "set"),
        ({"result": "given"}, "completed", "given"),
        ({"result": {"a": 1}, "status": "failed"}, "failed", '{"a":1}'),
        ({"status": 5}, "error", None),
        ("text", "completed", "text"),
        ([1, {2}], "completed", "[1,[2]]"),
        ({"rows": 4}, "completed", '{"rows":4}'),
        ({}, "completed", "set"),
        ({"id": "another"}, "error", None),
    ],
)
async def test_the_last_event_may_carry_the_task_or_fields_of_it_or_its_result_or_nothing(
    configuration: Configuration, data: Any, status: str, result: str | None
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        task.result = "set"
        task.tokens = Tokens(prompt_tokens=3)
        yield finished(task, data)

    task = await run_one(handler, configuration)
    assert task.status == status
    if result is None:
        assert "the handler " in (task.result or "")
    else:
        assert task.result == result
        assert task.tokens is not None
        assert task.tokens.prompt_tokens == 3


async def test_the_handler_runs_on_after_the_last_event_and_nobody_hears_what_it_yields(
    configuration: Configuration,
) -> None:
    ended = asyncio.Event()

    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield finished(task, task)
        yield chunk(task, "too late")
        ended.set()

    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        assert await chunks_of(task) == []
    assert ended.is_set()


async def test_a_yielded_value_that_is_no_event_ends_the_task_as_error(
    configuration: Configuration,
) -> None:
    cleaned_up = asyncio.Event()

    async def summarize(task: Task) -> AsyncIterator[Any]:
        try:
            yield "just text"
        finally:
            cleaned_up.set()

    task = await run_one(summarize, configuration)
    assert task.status == "error"
    assert "summarize() must yield TaskUpdateEvent, not str" in (task.result or "")
    assert cleaned_up.is_set()


async def test_an_event_without_a_json_form_is_told_as_well_as_may_be(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, {1: {"a"}, "mean": float("nan")})
        yield chunk(task, b"raw")
        task.result = "done"

    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        assert await chunks_of(task) == [{"1": ["a"], "mean": None}, "raw"]
    await task.areload()
    assert (task.status, task.result) == ("completed", "done")


async def test_an_exception_ends_the_task_as_error_behind_what_was_yielded(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "one")
        raise ValueError("the model went away")

    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        assert await chunks_of(task) == ["one"]
    await task.areload()
    assert (task.status, task.result) == ("error", "the model went away")


async def test_an_event_that_the_platform_refuses_costs_no_other_and_not_the_result(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "one")
        # Only the stream itself says this.
        yield event(task, TaskUpdateEventType.Connected, None)
        yield chunk(task, "two")
        task.result = "done"

    with Said("refuses an event") as said:
        async with working(handler, configuration) as tasks:
            task = await create(tasks, events_streaming=True)
            assert await chunks_of(task) == ["one", "two"]
        await said.wait()
    await task.areload()
    assert (task.status, task.result) == ("completed", "done")


async def test_stopping_a_task_ends_its_generator(configuration: Configuration) -> None:
    ended = asyncio.Event()

    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        try:
            while True:
                yield chunk(task, "tick")
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        async for each in task.aevents():
            if each.type == TaskUpdateEventType.Chunk:
                await task.astop()
                break
        await asyncio.wait_for(ended.wait(), 10)
    await task.areload()
    assert task.status == "stopped"


async def test_a_worker_that_ends_while_chunks_wait_for_the_platform_leaves_nothing_running(
    configuration: Configuration, platform: LocalPlatform
) -> None:
    away = asyncio.Event()

    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "before")
        await away.wait()
        yield chunk(task, "after")

    before = asyncio.all_tasks()
    async with working(handler, configuration, grace=0.1) as tasks:
        task = await create(tasks, events_streaming=True)
        async for each in task.aevents():
            if each.data == "before":
                break
        await asyncio.to_thread(platform.close)
        with Said("could not deliver events") as said:
            away.set()
            await said.wait()
    await asyncio.sleep(0.05)
    left = [each for each in asyncio.all_tasks() - before if not each.done()]
    assert [each for each in left if "worker" in repr(each)] == []


async def test_a_generator_behind_a_plain_function_streams_too(
    configuration: Configuration,
) -> None:
    async def generate(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "one")
        task.result = "done"

    def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        return generate(task)

    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        assert await chunks_of(task) == ["one"]

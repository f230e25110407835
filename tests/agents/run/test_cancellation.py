"""Cancelling: before the start, while the model thinks, while code runs, from anywhere."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from xpander_client.agents import (
    Agent,
    CancelledEvent,
    LLMCallError,
    TaskCancelled,
    connect_state,
    scripted,
)
from xpander_client.agents.state.config import StateConfig

FOREVER = "print('begun')\nwhile True:\n    pass"


@pytest.fixture(params=["none", "ephemeral", "memory", "disk", "live"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> StateConfig | None:
    match request.param:
        case "none":
            return None
        case "ephemeral" | "live":
            return connect_state(request.param)
        case "memory":
            return connect_state("versioned", storage="memory")
        case _:
            return connect_state("versioned", storage="disk", path=tmp_path)


class Caught:
    """Runs a call on a thread, and keeps how it ended."""

    def __init__(self, function: Callable[..., Any], **kwargs: Any) -> None:
        self.begun = threading.Event()
        self.events: list[Any] = []
        self.error: BaseException | None = None
        self.value: Any = None
        self._function, self._kwargs = function, kwargs
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        def on_event(event: Any) -> None:
            self.events.append(event)
            if event.type == "OutputEvent":
                self.begun.set()

        try:
            self.value = self._function(on_event=on_event, **self._kwargs)
        except BaseException as error:
            self.error = error

    def ended(self, timeout: float = 20) -> TaskCancelled:
        self._thread.join(timeout)
        assert not self._thread.is_alive()
        assert isinstance(self.error, TaskCancelled), (self.error, self.value)
        return self.error


def test_a_cancel_before_the_start_counts_once(state: StateConfig | None) -> None:
    agent = Agent(llm=scripted(["task_success(1)"]), state=state)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    work.cancel()
    events: list[Any] = []
    with pytest.raises(TaskCancelled, match="Task 'work' was cancelled") as caught:
        work(on_event=events.append)
    assert (caught.value.task_name, caught.value.iterations_completed) == ("work", 0)
    assert [event.type for event in events] == ["CancelledEvent"]
    assert work() == 1


def test_a_cancel_is_for_its_task_and_session(state: StateConfig | None) -> None:
    agent = Agent(llm=scripted(["task_success(1)"] * 3), state=state)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    @agent.task
    def other() -> int:  # type: ignore[empty-body]
        """Work."""

    work.cancel(session="alice")
    assert work() == 1
    assert other(session="alice") == 1
    with pytest.raises(TaskCancelled):
        work(session="alice")


def test_a_running_block_is_interrupted(state: StateConfig | None) -> None:
    agent = Agent(
        llm=scripted(["x = 1", FOREVER, "task_success(1)"]), state=state, eval_timeout_seconds=60
    )

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    @agent.task
    def after() -> int:  # type: ignore[empty-body]
        """Work."""

    call = Caught(work)
    assert call.begun.wait(20)
    started = time.monotonic()
    work.cancel()
    assert call.ended().iterations_completed == 1
    assert time.monotonic() - started < 2
    assert isinstance(call.events[-1], CancelledEvent)
    assert call.events[-1].iterations_completed == 1
    assert after() == 1


def test_what_was_done_before_a_cancel_is_kept() -> None:
    agent = Agent(
        llm=scripted(["x = 41", FOREVER, "task_success(x + 1)"]),
        state=connect_state("versioned", storage="memory"),
        eval_timeout_seconds=60,
    )

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    call = Caught(work)
    assert call.begun.wait(20)
    work.cancel()
    call.ended()
    assert agent.state().get("x") == 41
    assert work() == 42


def test_one_cancel_ends_all_calls_of_the_session(state: StateConfig | None) -> None:
    agent = Agent(llm=scripted([FOREVER] * 3), state=state, eval_timeout_seconds=60)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    calls = [Caught(work) for _ in range(3)]
    assert all(call.begun.wait(20) for call in calls)
    work.cancel()
    for call in calls:
        call.ended()


def test_while_a_sync_call_waits_for_the_model_it_ends_with_the_answer(
    state: StateConfig | None,
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def answer(_: Any) -> str:
        asked.set()
        go_on.wait(20)
        return "task_success(1)"

    agent = Agent(llm=scripted([answer]), state=state)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    call = Caught(work)
    assert asked.wait(20)
    work.cancel()
    go_on.set()
    assert call.ended().iterations_completed == 0


async def test_while_an_async_call_waits_for_the_model_it_ends_at_once(
    state: StateConfig | None,
) -> None:
    asked = asyncio.Event()

    async def answer(_: Any) -> str:
        asked.set()
        await asyncio.sleep(60)
        return ""

    agent = Agent(llm=scripted([answer]), state=state)

    @agent.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    call = asyncio.create_task(work())
    await asyncio.wait_for(asked.wait(), 20)
    await asyncio.to_thread(work.cancel)
    with pytest.raises(TaskCancelled):
        await asyncio.wait_for(call, 5)


async def test_a_running_block_of_an_async_call_is_interrupted(state: StateConfig | None) -> None:
    agent = Agent(llm=scripted([FOREVER]), state=state, eval_timeout_seconds=60)
    begun = asyncio.Event()

    @agent.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    def on_event(event: Any) -> None:
        if event.type == "OutputEvent":
            begun.set()

    call = asyncio.create_task(work(on_event=on_event))
    await asyncio.wait_for(begun.wait(), 20)
    work.cancel()
    with pytest.raises(TaskCancelled):
        await asyncio.wait_for(call, 5)


def test_the_wait_before_asking_the_model_again_ends_with_a_cancel() -> None:
    failed = threading.Event()

    def answer(_: Any) -> str:
        failed.set()
        raise LLMCallError("down")

    agent = Agent(llm=scripted([answer] * 20), llm_max_retries=15)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    call = Caught(work)
    assert failed.wait(20)
    work.cancel()
    call.ended(5)


async def test_cancelling_the_asyncio_task_ends_the_code_too() -> None:
    agent = Agent(llm=scripted([FOREVER, "task_success(1)"]), eval_timeout_seconds=60)
    begun = asyncio.Event()

    @agent.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    def on_event(event: Any) -> None:
        if event.type == "OutputEvent":
            begun.set()

    call = asyncio.create_task(work(on_event=on_event))
    await asyncio.wait_for(begun.wait(), 20)
    started = time.monotonic()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 5)
    assert time.monotonic() - started < 2
    assert await work() == 1
    assert agent.state().running() == []


def test_a_sub_agent_is_cancelled_with_the_call_that_made_it() -> None:
    parent = Agent(name="parent", llm=scripted(["task_success(child())"]), eval_timeout_seconds=60)
    specialist = Agent(name="specialist", llm=scripted([FOREVER]), eval_timeout_seconds=60)

    @parent.fn
    @specialist.task
    def child() -> int:  # type: ignore[empty-body]
        """Work."""

    @parent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    call = Caught(work)
    assert call.begun.wait(20)
    work.cancel()
    call.ended()
    kinds = [(event.type, event.full_namespace) for event in call.events[-2:]]
    assert kinds == [("CancelledEvent", "parent/specialist"), ("CancelledEvent", "parent")]


def _work(path: str, events: Any) -> None:
    agent = Agent(
        name="worker",
        llm=scripted([FOREVER]),
        state=connect_state("versioned", storage="disk", path=path),
        eval_timeout_seconds=60,
    )

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    try:
        work(session="s", on_event=lambda event: events.put(event.type))
    except TaskCancelled as error:
        events.put(f"cancelled after {error.iterations_completed}")


@pytest.fixture
def others(tmp_path: Path) -> Iterator[list[tuple[Any, Any]]]:
    context = multiprocessing.get_context("spawn")
    made = []
    for _ in range(2):
        events = context.Queue()
        process = context.Process(target=_work, args=(str(tmp_path), events))
        process.start()
        made.append((process, events))
    yield made
    for process, _ in made:
        process.kill()
        process.join()


@pytest.mark.slow
def test_calls_in_other_processes_with_the_same_disk_state_are_cancelled(
    others: list[tuple[Any, Any]], tmp_path: Path
) -> None:
    for _, events in others:
        while events.get(timeout=30) != "OutputEvent":
            pass
    agent = Agent(
        name="worker",
        llm=scripted([]),
        state=connect_state("versioned", storage="disk", path=tmp_path),
    )

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    started = time.monotonic()
    work.cancel(session="s")
    for process, events in others:
        assert events.get(timeout=10) == "CancelledEvent"
        assert events.get(timeout=10) == "cancelled after 0"
        process.join(20)
        assert process.exitcode == 0
    assert time.monotonic() - started < 5

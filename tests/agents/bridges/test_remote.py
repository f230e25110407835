"""Tasks that an agent of the platform carries out: here one that a worker of ours serves."""

from __future__ import annotations

import asyncio
import datetime
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from tests.agents.bridges.serving import AGENT, of_agent, served
from tests.worker.events import chunk, event
from xpander_client import (
    AgentExecutionStatus,
    Configuration,
    EventGap,
    Task,
    TaskUpdateEvent,
    TaskUpdateEventType,
)
from xpander_client.agents import (
    Agent,
    StreamToken,
    SystemNoteEvent,
    TaskCancelled,
    TaskClarify,
    TaskFail,
    connect_state,
    scripted,
)
from xpander_client.agents.bridges.task_events import read_event
from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.types.errors import OutputInvalid
from xpander_client.platform import LocalPlatform


class Report(BaseModel):
    day: datetime.date
    lines: list[int]


@pytest.fixture
def configuration() -> Iterator[Configuration]:
    with LocalPlatform() as platform:
        yield of_agent(platform)


class Answers:
    """A handler that keeps the tasks it gets, and answers with texts."""

    def __init__(self, *results: str, status: str = "completed") -> None:
        self.tasks: list[Task] = []
        self._results = list(results)
        self._status = AgentExecutionStatus(status)

    async def __call__(self, task: Task) -> Task:
        self.tasks.append(task)
        task.result, task.status = self._results.pop(0), self._status
        return task


async def test_a_call_is_a_task_with_instructions_arguments_and_the_results_schema(
    configuration: Configuration,
) -> None:
    remote = Agent.remote(AGENT, configuration)

    @remote.task("Write the report")
    async def report(day: datetime.date, title: str = "Sales") -> Report:  # type: ignore[empty-body]
        """For readers."""

    answers = Answers('{"day": "2026-02-01", "lines": [1, 2]}')
    async with served(answers, configuration):
        result = await report(datetime.date(2026, 1, 31), session="chat-1")
    assert result == Report(day=datetime.date(2026, 2, 1), lines=[1, 2])
    (task,) = answers.tasks
    text = task.input.text or ""
    assert text.startswith("Write the report")
    assert '{"day":"2026-01-31","title":"Sales"}' in text
    assert task.output_format == "json"
    assert task.output_schema is not None
    assert sorted(task.output_schema["properties"]) == ["day", "lines"]
    assert (task.conversation_id, task.title) == ("chat-1", "report")


async def test_without_a_session_each_call_is_a_conversation_of_its_own(
    configuration: Configuration,
) -> None:
    remote = Agent.remote(AGENT, configuration)

    @remote.task
    def work(text: str) -> str:  # type: ignore[empty-body]
        """Work."""

    answers = Answers("one", '"two"')
    async with served(answers, configuration):
        assert await asyncio.to_thread(work, "a") == "one"
        assert await asyncio.to_thread(work, "b") == '"two"'
    assert len({task.conversation_id for task in answers.tasks}) == 2
    assert answers.tasks[0].output_schema is None


async def test_a_result_of_another_type_is_an_error(configuration: Configuration) -> None:
    remote = Agent.remote(AGENT, configuration)

    @remote.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    events: list[Any] = []
    async with served(Answers('"six"'), configuration):
        with pytest.raises(OutputInvalid, match="did not match the expected type 'int'"):
            await work(on_event=events.append)
    assert events[-1].type == "FailEvent"


@pytest.mark.parametrize("status", ["failed", "error"])
async def test_a_task_that_fails_is_a_task_fail_with_its_words(
    configuration: Configuration, status: str
) -> None:
    remote = Agent.remote(AGENT, configuration)

    @remote.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    async with served(Answers("no way", status=status), configuration):
        with pytest.raises(TaskFail, match="no way"):
            await work()


def served_agent(*answers: Any, is_async: bool) -> Agent:
    agent = Agent(name="surveyor", llm=scripted(answers), eval_timeout_seconds=60)
    if is_async:

        @agent.task
        async def area(width: int, height: int) -> int:  # type: ignore[empty-body]
            """The area."""

    else:

        @agent.task
        def area(width: int, height: int) -> int:  # type: ignore[empty-body]
            """The area."""

    return agent


@pytest.mark.parametrize("is_async", [True, False])
async def test_an_agent_on_either_side_is_one_stream_of_events_and_tokens(
    configuration: Configuration, is_async: bool
) -> None:
    answer = LLMResponse(
        "Multiply", "Easy", "print('x')\ntask_success(inputs.width * inputs.height)"
    )
    agent = served_agent(answer, is_async=is_async)
    remote = Agent.remote(AGENT, configuration)
    events: list[Any] = []
    tokens: list[StreamToken] = []

    @remote.task
    async def aarea(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    @remote.task
    def area(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    async def on_event(event: Any) -> None:
        events.append(event)

    async with served(agent.as_handler("area", tokens=True), configuration):
        if is_async:
            result = await aarea(6, height=7, on_event=on_event, on_token=tokens.append)
        else:
            result = await asyncio.to_thread(
                lambda: area(6, 7, on_event=on_event, on_token=tokens.append)
            )
    assert result == 42
    assert [event.type for event in events] == [
        "TaskStartEvent",
        "ActionEvent",
        "OutputEvent",
        "SuccessEvent",
    ]
    assert [event.agent_name for event in events] == [AGENT, "surveyor", "surveyor", AGENT]
    assert events[1].thinking == "Easy"
    assert [(t.type, t.content) for t in tokens if t.content] == [
        ("title", "Multiply"),
        ("thinking", "Easy"),
        ("python", answer.code),
    ]


async def test_a_question_of_the_agent_is_a_task_clarify(configuration: Configuration) -> None:
    agent = served_agent("task_clarify('which unit?')", is_async=True)
    remote = Agent.remote(AGENT, configuration)

    @remote.task
    async def area(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    async with served(agent.as_handler("area"), configuration):
        with pytest.raises(TaskClarify, match=r"which unit\?"):
            await area(1, 2)


async def test_events_of_other_agents_are_told_as_well_as_may_be(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        yield chunk(task, "Hel")
        yield chunk(task, "lo")
        yield event(task, TaskUpdateEventType.Think, "hm")
        yield event(task, TaskUpdateEventType.PlanUpdated, None)
        task.result = "Hello"

    remote = Agent.remote(AGENT, configuration)

    @remote.task
    async def greet() -> str:  # type: ignore[empty-body]
        """Greet."""

    events: list[Any] = []
    async with served(handler, configuration):
        assert await greet(on_event=events.append, on_token=events.append) == "Hello"
    assert [each.content for each in events if isinstance(each, StreamToken)] == ["Hel", "lo"]
    kinds = [each.type for each in events if not isinstance(each, StreamToken)]
    assert kinds == ["TaskStartEvent", "ActionEvent", "SystemNoteEvent", "SuccessEvent"]


def test_events_that_are_kept_no_more_are_a_note() -> None:
    update = TaskUpdateEvent(
        type=TaskUpdateEventType.Gap,
        task_id="t",
        organization_id="o",
        time=datetime.datetime.now(datetime.UTC),
        data=EventGap(missing_from=3, earliest=10, latest=12),
    )
    note = read_event(update, "surveyor", "")
    assert isinstance(note, SystemNoteEvent)
    assert (note.message, note.agent_name) == ("events 3 to 9 are no longer kept", "surveyor")


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_cancel_stops_the_platforms_task(
    configuration: Configuration, is_async: bool
) -> None:
    agent = served_agent("print('x')\nwhile True: pass", is_async=True)
    remote = Agent.remote(AGENT, configuration)
    begun = threading.Event()

    @remote.task
    async def aarea(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    @remote.task
    def area(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    def on_event(event: Any) -> None:
        if event.type == "OutputEvent":
            begun.set()

    async with served(agent.as_handler("area"), configuration) as tasks:
        if is_async:
            call = asyncio.create_task(aarea(1, 2, on_event=on_event))
        else:
            call = asyncio.create_task(asyncio.to_thread(lambda: area(1, 2, on_event=on_event)))
        assert await asyncio.to_thread(begun.wait, 20)
        (aarea if is_async else area).cancel()
        with pytest.raises(TaskCancelled, match="was cancelled"):
            await asyncio.wait_for(call, 20)
        (listed,) = await tasks.alist(AGENT)
        assert listed.status == "stopped"


async def test_cancelling_the_asyncio_task_stops_the_platforms_task(
    configuration: Configuration,
) -> None:
    agent = served_agent("print('x')\nwhile True: pass", is_async=True)
    remote = Agent.remote(AGENT, configuration)
    begun = asyncio.Event()

    @remote.task
    async def area(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    def on_event(event: Any) -> None:
        if event.type == "OutputEvent":
            begun.set()

    async with served(agent.as_handler("area"), configuration) as tasks:
        call = asyncio.create_task(area(1, 2, on_event=on_event))
        await asyncio.wait_for(begun.wait(), 20)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        (listed,) = await tasks.alist(AGENT)
        task = await tasks.aget(listed.id)
        await task.await_finished(10)
        assert task.status == "stopped"


async def test_a_cancel_before_the_start_creates_no_task(configuration: Configuration) -> None:
    remote = Agent.remote(AGENT, configuration)

    @remote.task
    async def area(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    area.cancel()
    with pytest.raises(TaskCancelled):
        await area(1, 2)
    answers = Answers("2")
    async with served(answers, configuration):
        assert await area(1, 2) == 2
    assert len(answers.tasks) == 1


async def test_a_remote_task_is_a_sub_agent_like_any_other(configuration: Configuration) -> None:
    agent = served_agent("task_success(inputs.width * inputs.height)", is_async=False)
    remote = Agent.remote(AGENT, configuration)
    orchestrator = Agent(
        name="boss",
        llm=scripted(["task_success(area(6, 7) + 1)"]),
        state=connect_state("versioned", storage="memory"),
    )

    @orchestrator.fn
    @remote.task
    def area(width: int, height: int) -> int:  # type: ignore[empty-body]
        """The area."""

    @orchestrator.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    paths: list[tuple[str, str]] = []
    async with served(agent.as_handler("area"), configuration):
        result = await work(
            session="chat-7", on_event=lambda e: paths.append((e.full_namespace, e.type))
        )
    assert result == 43
    assert paths == [
        ("boss", "TaskStartEvent"),
        ("boss", "ActionEvent"),
        (f"boss/{AGENT}", "TaskStartEvent"),
        ("boss/surveyor", "ActionEvent"),
        (f"boss/{AGENT}", "SuccessEvent"),
        ("boss", "SuccessEvent"),
    ]


def test_an_argument_that_json_has_no_form_for_is_refused_before_anything_is_sent() -> None:
    remote = Agent.remote(
        AGENT, Configuration(api_key="k", organization_id="o", base_url="http://x")
    )

    @remote.task
    def work(thing: Any) -> int:  # type: ignore[empty-body]
        """Work."""

    with pytest.raises(ValueError, match=r"an argument of work\(\) can't be sent"):
        work(object())

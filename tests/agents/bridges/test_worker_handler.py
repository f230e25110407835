"""An agent's task as the handler of a platform agent's tasks."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from tests.agents.bridges.serving import AGENT, of_agent, served
from xpander_client import Configuration, Task, TaskUpdateEventType
from xpander_client.agents import Agent, BaseEvent, connect_state, scripted
from xpander_client.agents.bridges.task_events import read_event
from xpander_client.platform import LocalPlatform
from xpander_client.worker import on_task

AREA = "print('multiplying')\ntask_success(inputs.width * inputs.height)"


class Report(BaseModel):
    title: str
    lines: list[int]


@pytest.fixture
def configuration() -> Iterator[Configuration]:
    with LocalPlatform() as platform:
        yield of_agent(platform)


def area_agent(*answers: Any) -> Agent:
    agent = Agent(name="surveyor", llm=scripted(answers or [AREA]))

    @agent.task
    async def area(width: int, height: int = 2) -> int:  # type: ignore[empty-body]
        """The area of a rectangle."""

    return agent


async def run_one(
    agent: Agent, name: str, configuration: Configuration, prompt: str, **kw: Any
) -> Task:
    async with served(agent.as_handler(name), configuration) as tasks:
        task = await tasks.acreate(agent_id=AGENT, prompt=prompt, events_streaming=True, **kw)
        return await task.await_finished(timeout=20)


@pytest.mark.parametrize(
    "prompt",
    [
        '{"width": 6, "height": 7}',
        'The area, please.\n\nArguments:\n```json\n{"width": 6, "height": 7}\n```',
    ],
)
async def test_the_input_holds_the_arguments_and_the_result_gets_back(
    configuration: Configuration, prompt: str
) -> None:
    task = await run_one(area_agent(), "area", configuration, prompt)
    assert (task.status, task.result) == ("completed", "42")


async def test_a_text_is_the_only_argument_and_a_text_the_result(
    configuration: Configuration,
) -> None:
    agent = Agent(llm=scripted(["task_success(inputs.text.upper())"]))

    @agent.task
    def shout(text: str) -> str:  # type: ignore[empty-body]
        """Shout it."""

    task = await run_one(agent, "shout", configuration, "hello there")
    assert (task.status, task.result) == ("completed", "HELLO THERE")


async def test_a_result_that_has_no_json_form_is_told_as_well_as_may_be(
    configuration: Configuration,
) -> None:
    agent = Agent(llm=scripted(["task_success({'name': 'caf\\udce9', 'mean': float('nan')})"]))

    @agent.task
    def measure() -> dict[str, Any]:  # type: ignore[empty-body]
        """Measure it."""

    task = await run_one(agent, "measure", configuration, "{}")
    assert task.status == "completed"
    assert "mean" in (task.result or "")


async def test_what_json_has_no_form_for_is_made_of_the_form_it_has(
    configuration: Configuration,
) -> None:
    agent = Agent(
        llm=scripted(
            [
                "task_success({'title': f'{inputs.day:%Y} {inputs.pair}', "
                "'lines': inputs.report.lines})"
            ]
        )
    )
    agent.cls(Report, include=["title", "lines"])

    @agent.task
    def work(day: datetime.date, pair: tuple[int, str], report: Report) -> Report:  # type: ignore[empty-body]
        """Work."""

    prompt = '{"day": "2026-01-31", "pair": [1, "a"], "report": {"title": "t", "lines": [1, 2]}}'
    task = await run_one(agent, "work", configuration, prompt)
    assert task.status == "completed", task.result
    assert task.result == '{"title":"2026 (1, \'a\')","lines":[1,2]}'


async def test_its_events_reach_whoever_follows_the_task(configuration: Configuration) -> None:
    agent = area_agent()
    async with served(agent.as_handler("area"), configuration) as tasks:
        task = await tasks.acreate(agent_id=AGENT, prompt='{"width": 6}', events_streaming=True)
        updates = [update async for update in task.aevents()]
    ours = [update for update in updates if isinstance(read_event(update, "", ""), BaseEvent)]
    assert [update.type for update in ours] == [
        TaskUpdateEventType.ProcessUpdate,
        TaskUpdateEventType.ToolCallRequest,
        TaskUpdateEventType.ToolCallResult,
        TaskUpdateEventType.ProcessUpdate,
    ]
    events: list[Any] = [read_event(update, "", "") for update in ours]
    assert [event.type for event in events] == [
        "TaskStartEvent",
        "ActionEvent",
        "OutputEvent",
        "SuccessEvent",
    ]
    assert events[1].code == AREA
    assert events[2].parts == ("multiplying\n",)
    assert events[3].result == 12
    request, result = ours[1].data, ours[2].data
    assert request.tool_call_id == result.tool_call_id


async def test_the_conversation_is_the_session(configuration: Configuration) -> None:
    agent = Agent(
        llm=scripted(["x = inputs.x\ntask_success(0)", "task_success(x)"]),
        state=connect_state("versioned", storage="memory"),
    )

    @agent.task
    def work(x: int) -> int:  # type: ignore[empty-body]
        """Work."""

    prompt = '{"x": 5}'
    await run_one(agent, "work", configuration, prompt, memory_thread_id="chat-1")
    task = await run_one(agent, "work", configuration, prompt, memory_thread_id="chat-1")
    assert task.result == "5"
    assert agent.state("chat-1").get("x") == 5
    assert agent.state_config.sessions() == ["chat-1"]


async def test_a_conversation_that_no_session_can_be_called_by_has_one_all_the_same(
    configuration: Configuration,
) -> None:
    agent = Agent(
        llm=scripted(["task_success(1)"] * 2), state=connect_state("versioned", storage="memory")
    )

    @agent.task
    def work(text: str) -> int:  # type: ignore[empty-body]
        """Work."""

    for _ in range(2):
        task = await run_one(agent, "work", configuration, "go", memory_thread_id="../a b")
        assert task.status == "completed"
    assert len(agent.state_config.sessions()) == 1


@pytest.mark.parametrize(
    ("code", "status", "result"),
    [
        ("task_fail('no way')", "failed", "no way"),
        ("task_clarify('which unit?')", "failed", "which unit?"),
    ],
)
async def test_what_the_agent_gives_up_or_asks_is_a_failed_task(
    configuration: Configuration, code: str, status: str, result: str
) -> None:
    task = await run_one(area_agent(code), "area", configuration, '{"width": 6}')
    assert (task.status, task.result) == (status, result)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("make it nice", "must be a JSON object with its arguments (width, height)"),
        ('{"width": "six"}', "Validation failed for argument 'width'"),
        ('{"height": 6}', "missing a required argument: 'width'"),
    ],
)
async def test_an_input_that_does_not_fit_is_an_error_that_says_why(
    configuration: Configuration, prompt: str, text: str
) -> None:
    task = await run_one(area_agent(), "area", configuration, prompt)
    assert task.status == "error"
    assert text in (task.result or "")


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_task_that_is_stopped_ends_the_code(
    configuration: Configuration, is_async: bool
) -> None:
    agent = Agent(llm=scripted(["print('x')\nwhile True: pass"]), eval_timeout_seconds=60)
    if is_async:

        @agent.task
        async def work() -> None:
            """Work."""

    else:

        @agent.task
        def work() -> None:
            """Work."""

    async with served(agent.as_handler("work"), configuration) as tasks:
        task = await tasks.acreate(agent_id=AGENT, prompt="go", events_streaming=True)
        async for update in task.aevents():
            if update.type == TaskUpdateEventType.ToolCallResult:
                break
        assert agent.state_config.session(task.id).running() == ["work"]
        await task.astop()
        for _ in range(100):
            if not agent.state_config.session(task.id).running():
                break
            await asyncio.sleep(0.05)
        assert agent.state_config.session(task.id).running() == []


async def test_cancelling_the_agents_task_stops_the_platforms(configuration: Configuration) -> None:
    agent = Agent(llm=scripted(["print('x')\nwhile True: pass"]), eval_timeout_seconds=60)

    @agent.task
    async def work() -> None:
        """Work."""

    async with served(agent.as_handler("work"), configuration) as tasks:
        task = await tasks.acreate(agent_id=AGENT, prompt="go", events_streaming=True)
        async for update in task.aevents():
            if update.type == TaskUpdateEventType.ToolCallResult:
                work.cancel(session=task.id)
        await task.areload()
    assert (task.status, task.result) == ("stopped", "Task 'work' was cancelled")


def test_only_tasks_of_the_agent_can_be_handlers() -> None:
    with pytest.raises(ValueError, match="has no task 'volume'; it has area"):
        area_agent().as_handler("volume")


def test_on_task_takes_it() -> None:
    handler = area_agent().as_handler("area")
    assert on_task(handler) is handler

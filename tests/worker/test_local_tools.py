"""Functions under `@register_tool`, hooks and authentication events in workers, with agno."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from agno.agent import Agent as AgnoAgent

from tests.openai_server import Calls, OpenAIServer, Says
from tests.worlds import World
from xpander_client import (
    Agent,
    AgentExecutionStatus,
    Agents,
    Backend,
    Configuration,
    Task,
    Tasks,
    TaskUpdateEvent,
    TaskUpdateEventType,
    ToolCallRequest,
    ToolCallResult,
    ToolsRepository,
    Worker,
    on_auth_event,
    on_tool_after,
    on_tool_before,
    on_tool_error,
    register_tool,
)
from xpander_client.platform import LocalPlatform
from xpander_client.tools import ToolHooksRegistry
from xpander_client.worker import auth_events, clear_handlers, get_registered_handlers

AGENT = "agent-sales"
ANSWER = Says("The north sold 120.")

heard: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    heard.clear()
    monkeypatch.setattr(ToolsRepository, "_local_tools", [])
    monkeypatch.setattr(auth_events, "_handlers", [])
    for hooks in ("_before_hooks", "_after_hooks", "_error_hooks"):
        monkeypatch.setattr(ToolHooksRegistry, hooks, [])


@pytest.fixture
def configuration() -> Iterator[Configuration]:
    agent = {
        "id": AGENT,
        "name": "Sales",
        "model": "openai/gpt-5",
        "tools": [{"id": "read_csv", "description": "Reads a CSV file."}],
    }
    with LocalPlatform(agents=[agent], tools={"read_csv": lambda **payload: payload}) as platform:
        yield attrs.evolve(platform.configuration, agent_id=AGENT)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A model that calls a tool of the process, one of the platform, and one that fails."""
    script = (
        Calls("look_up", {"region": "north"}),
        Calls("read_csv", {"url": "a.csv"}, id="call-2"),
        Calls("look_up", {"region": "moon"}, id="call-3"),
        ANSWER,
    )
    with OpenAIServer(*script) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "model-key")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


def register_look_up() -> None:
    @register_tool
    def look_up(region: str, year: int = 2026) -> dict[str, Any]:
        """Look up the sales of a region.

        Args:
            region: Which one.
        """
        heard.append(("thread", threading.current_thread()))
        return {"sold": {"north": 120}[region], "year": year}


def listen() -> None:
    on_tool_before(lambda tool, payload, *about: heard.append(("before", tool.id, about)))

    @on_tool_after
    async def after(tool: Any, payload: Any, *about: Any) -> None:
        heard.append(("after", tool.id, about[-1]))

    @on_tool_error
    def error(*about: Any) -> None:
        heard.append(("error", about[0].id, repr(about[-1])))


async def test_a_model_calls_functions_of_the_worker_with_hooks_and_events(
    configuration: Configuration, model: OpenAIServer
) -> None:
    register_look_up()
    listen()

    async def handler(task: Task) -> Task:
        agent = AgnoAgent(**await Backend().aget_args(task=task))
        task.result = (await agent.arun(task.to_message())).content
        return task

    async with Worker(handler, configuration):
        task = await Tasks(configuration).acreate(
            agent_id=AGENT, prompt="Who?", events_streaming=True
        )
        events = [event async for event in task.aevents()]
    await task.areload()
    assert (task.status, task.result) == (AgentExecutionStatus.Completed, "The north sold 120.")
    offered = {tool["function"]["name"]: tool["function"] for tool in model.requests[0]["tools"]}
    assert offered["look_up"]["description"].startswith("Look up the sales of a region.")
    assert offered["look_up"]["parameters"]["properties"]["region"] == {
        "type": "string",
        "description": "Which one.",
    }
    threads = [each for kind, each, *_ in heard if kind == "thread"]
    assert all(thread is not threading.main_thread() for thread in threads)
    version = (await Agents(configuration).aget(AGENT)).version
    assert [each for each in heard if each[0] != "thread"] == [
        ("before", "look_up", ({}, "call-1", version)),
        ("after", "look_up", {"sold": 120, "year": 2026}),
        ("before", "read_csv", ({}, "call-2", version)),
        ("after", "read_csv", {"url": "a.csv"}),
        ("before", "look_up", ({}, "call-3", version)),
        ("error", "look_up", "KeyError('moon')"),
    ]
    told = [event.data for event in events if isinstance(event.data, ToolCallRequest)]
    answered = [event.data for event in events if isinstance(event.data, ToolCallResult)]
    assert [call.operation_id for call in told] == ["look_up", "read_csv", "look_up"]
    assert [(call.result, call.is_error) for call in answered] == [
        ({"sold": 120, "year": 2026}, False),
        ({"url": "a.csv"}, False),
        ("'moon'", True),
    ]
    log = await task.aget_activity_log()
    shown = [getattr(entry, "tool_name", None) for entry in log.messages or []]
    assert [name for name in shown if name] == ["look_up", "read_csv", "look_up"]


def test_sync_agents_call_functions_of_the_process_too(
    configuration: Configuration, model: OpenAIServer
) -> None:
    register_look_up()
    listen()
    agent = AgnoAgent(**Backend(configuration).get_args(AGENT))
    assert agent.run("Who?").content == "The north sold 120."
    assert [kind for kind, *_ in heard if kind != "thread"] == [
        *("before", "after", "before", "after", "before", "error")
    ]


async def test_tools_that_a_handler_runs_are_told_to_the_followers_of_its_task(
    configuration: Configuration,
) -> None:
    register_look_up()

    async def handler(task: Task) -> Task:
        agent = await Agents(task.configuration).aget(task.agent_id)
        look_up = next(each for each in agent.tools.functions if each.__name__ == "look_up")
        result = await look_up({"region": "north"})
        assert result.task_id == task.id
        again = agent.tools.get_tool_by_id("look_up")
        assert again is not None
        await again.ainvoke(agent.id, {"region": "north"}, report_activity=True)
        # Without a task it is nobody's business.
        await agent.ainvoke_tool(tool=again, payload={"region": "north"})
        task.result = result.text
        return task

    async with Worker(handler, configuration):
        task = await Tasks(configuration).acreate(
            agent_id=AGENT, prompt="Who?", events_streaming=True
        )
        events = [event async for event in task.aevents()]
    await task.areload()
    assert task.result == '{"sold":120,"year":2026}'
    called = [event for event in events if event.type == TaskUpdateEventType.ToolCallRequest]
    assert len(called) == 2


# Authentication events ----------------------------------------------------------------------------

LOGIN = {"type": "login_required", "data": {"url": "https://example.com/login"}}


def tell_of_login(task: Task) -> TaskUpdateEvent:
    return TaskUpdateEvent.from_dict(
        {
            "type": "auth_event",
            "task_id": task.id,
            "organization_id": task.organization_id,
            "time": "2026-01-31T12:00:00Z",
            "data": LOGIN,
        }
    )


def test_handlers_and_the_callback_hear_of_authentication_events(
    configuration: Configuration, world: World
) -> None:
    told = threading.Event()

    @on_auth_event
    async def ask(agent: Agent, task: Task, event: TaskUpdateEvent) -> None:
        heard.append(("decorated, async", agent.name, task.id, event.data))

    @on_auth_event()
    def breaks(agent: Agent, task: Task, event: TaskUpdateEvent) -> None:
        raise RuntimeError("broken")

    @on_auth_event
    def last(*about: Any) -> None:
        told.set()

    def callback(agent: Agent, task: Task, event: TaskUpdateEvent) -> None:
        heard.append(("callback", agent.id, task.id, event.type))

    task = Tasks(configuration).create(agent_id=AGENT, prompt="Who?", events_streaming=True)
    backend = Backend(configuration)

    async def get_and_wait() -> None:
        await backend.aget_args(task=task, override={"model": None}, auth_events_callback=callback)
        await task.apush_events([tell_of_login(task)])
        await asyncio.to_thread(told.wait, 30)
        await task.astop()

    if world.name == "async":
        world.runner.run(get_and_wait())
    else:
        backend.get_args(task=task, override={"model": None}, auth_events_callback=callback)
        task.push_events([tell_of_login(task)])
        assert told.wait(30)
        task.stop()
    assert heard == [
        ("callback", AGENT, task.id, "auth_event"),
        ("decorated, async", "Sales", task.id, LOGIN),
    ]


def test_a_task_is_followed_again_when_the_following_was_cancelled_before_it_began(
    configuration: Configuration,
) -> None:
    told = threading.Event()

    @on_auth_event
    def hear(*about: Any) -> None:
        told.set()

    task = Tasks(configuration).create(agent_id=AGENT, prompt="Who?", events_streaming=True)
    agent = Agents(configuration).get(AGENT)

    async def follow() -> None:
        auth_events.follow_auth_events(agent, task, None)
        for begun in asyncio.all_tasks() - {asyncio.current_task()}:
            begun.cancel()

    asyncio.run(follow())
    auth_events.follow_auth_events(agent, task, None)
    task.push_events([tell_of_login(task)])
    assert told.wait(30)
    task.stop()


def test_a_handler_of_authentication_events_takes_three_parameters() -> None:
    with pytest.raises(TypeError, match=r"handle\(\) must take three parameters"):

        @on_auth_event
        def handle(event: TaskUpdateEvent) -> None:
            """Take too little."""

    assert get_registered_handlers() == []
    on_auth_event(print)
    assert get_registered_handlers() == [print]
    clear_handlers()
    assert get_registered_handlers() == []

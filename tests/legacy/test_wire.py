"""What a whole conversation sends, held against what the 1.x client sent.

That one sent, for a conversation of one tool call: GET agent; POST execution; then, at the first
look, POST /memory, PATCH memory_thread_id, PUT system, PUT user; in each turn GET /memory/T/full
three times, PUT assistant, POST operation; at the end GET pending-executions and GET status.
"""

from __future__ import annotations

import logging

import pytest

from tests.legacy.conftest import Desk
from tests.legacy.model import FINISH, chat, finish, messages
from tests.legacy.old_platform import Asked, OldPlatform, old_platform
from tests.worlds import World
from xpander_client.legacy import Agent, XpanderClient

KEY = {"x-api-key": "key"}
NO_PARAMETERS = {"path_params": {}, "query_params": {}, "headers": {"x-xpander-execution-id": "E"}}


def converse(world: World, platform: OldPlatform) -> Agent:
    """The page's loop, with a model that calls a tool and then the end."""
    client = XpanderClient(configuration=platform.configuration)
    agent: Agent = world.run(client.agents, "get", "A")
    world.run(agent, "add_task", "Read the news", use_worker=False)
    answers = [chat(None, ("read_news", {"bodyParams": {"topic": "art"}})), finish("All is quiet")]
    while not world.run(agent, "is_finished"):
        messages(world, agent)
        answer = answers.pop(0)
        world.run(agent, "add_messages", answer)
        world.run(agent, "run_tools", XpanderClient.extract_tool_calls(answer))
    world.run(agent, "retrieve_execution_result", timeout=5)
    return agent


def test_a_conversation_on_the_wire(world: World) -> None:
    with old_platform() as platform:
        converse(world, platform)
    worker_id = platform.asked[1].body["worker_id"]
    system, user = platform.asked[4].body
    assert (system["role"], user) == ("system", {"role": "user", "content": "Read the news"})
    task = {"x-xpander-execution-id": "E"}
    run = {"x-xpander-parallel": "false", "x-xpander-with-auto-report-result": "true"}
    called = [{"name": "read_news", "payload": '{"bodyParams": {"topic": "art"}}'}]
    ended = [
        {
            "name": FINISH,
            "payload": '{"bodyParams": {"is_success": true, "result": "All is quiet"}}',
        }
    ]
    assert platform.asked == [
        Asked("GET", "/agents/A", KEY, None),
        # Differs: the task streams its events, so that its end is waited for and not polled.
        Asked(
            "POST",
            "/agent-execution/A",
            KEY | {"x-source": "sdk"},
            {
                "input": {"text": "Read the news", "files": []},
                "worker_id": worker_id,
                "events_streaming": True,
            },
        ),
        Asked(
            "POST",
            "/memory",
            KEY,
            {"organization_id": "acme", "metadata": {"agent_id": "A"}},
        ),
        # Differs: the script says that it has the task, instead of leaving it pending.
        Asked(
            "PATCH",
            "/agent-execution/E/update",
            KEY,
            {"status": "executing", "memory_thread_id": "T", "worker_id": worker_id},
        ),
        # Differs: the instructions and the question go together, not one after the other.
        Asked("PUT", "/memory/T?after=0", KEY | task, [system, user]),
        # Differs: what was just written is not read again, three times before each turn.
        # Differs: the model's whole answer is not stored beside the message made of it.
        Asked(
            "PUT",
            "/memory/T?after=2",
            KEY | task,
            [_assistant(called, "call-1")],
        ),
        Asked(
            "POST",
            "/agents/A/E/operations/read_news",
            KEY | run | {"x-xpander-tool-call-id": "call-1"},
            {"body_params": {"topic": "art"}} | NO_PARAMETERS,
        ),
        # Differs: the platform is asked whether the task is over, and threads are not searched.
        Asked("GET", "/agent-execution/E/status", KEY, None),
        Asked("GET", "/memory/T/full?after=3", KEY, None),
        Asked(
            "PUT",
            "/memory/T?after=4",
            KEY | task,
            [_assistant(ended, "call-9")],
        ),
        Asked(
            "POST",
            f"/agents/A/E/operations/{FINISH}",
            KEY | run | {"x-xpander-tool-call-id": "call-9"},
            {"body_params": {"is_success": True, "result": "All is quiet"}} | NO_PARAMETERS,
        ),
        # Differs: pending executions are asked for when a tool hands over, not at each end.
        Asked("GET", "/agent-execution/E/status", KEY, None),
    ]


def _assistant(calls: list[dict[str, str]], call_id: str) -> dict[str, object]:
    return {
        "role": "assistant",
        "tool_calls": [{**call, "tool_call_id": call_id} for call in calls],
    }


def test_a_platform_that_answers_whole_threads_is_understood(world: World) -> None:
    with old_platform() as platform:
        agent = converse(world, platform)
        roles = [message["role"] for message in messages(world, agent)]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "tool"]
        assert agent.execution is not None
        assert agent.execution.result == "All is quiet"


def test_a_turn_costs_two_requests_and_is_finished_one_at_most(
    world: World, desk: Desk, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "httpx")  # a line for each request

    def requests() -> int:
        made = sum(record.name == "httpx" for record in caplog.records)
        caplog.clear()
        return made

    world.run(agent, "add_task", "hello")
    assert requests() == 1
    assert world.run(agent, "is_finished") is False
    assert requests() == 3
    assert agent.execution is not None
    assert agent.execution.memory_thread_id is not None
    messages(world, agent)
    assert requests() == 0
    for _ in range(3):
        answer = chat(None, ("read_news", {"topic": "art"}))
        assert world.run(agent, "is_finished") is False
        messages(world, agent)
        world.run(agent, "add_messages", answer)
        world.run(agent, "run_tools", XpanderClient.extract_tool_calls(answer))
    assert requests() in (6, 7), "the first is_finished may have to ask"
    for _ in range(2):
        requests()
        world.run(agent, "is_finished")
        assert requests() <= 1
    messages(world, agent)
    assert requests() == 0


def test_an_agent_comes_with_what_the_1x_client_cannot_do_without(desk: Desk) -> None:
    definition = desk.client().agents.get("agent-a").definition
    assert definition.memory_strategy == "full"
    described = [
        tool.additional_properties["function_description"] for tool in definition.tools or ()
    ]
    assert described == ["Tells the weather.", "Reads the news.", ""]

"""Tools that fail, in all the ways there are: a failure is never a success, and is told once."""

from __future__ import annotations

import pytest

from tests.legacy.model import chat, messages
from tests.legacy.old_platform import old_platform
from tests.worlds import World
from xpander_client.legacy import Agent, XpanderClient


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("cut", 500, "gave no answer"),
        ("cut after", 500, "gave no answer"),
        ("fails", 500, "the tool is out of order"),
        ("not ok", 500, "the tool is out of order"),
    ],
)
def test_a_tool_that_fails_is_a_failure_and_is_told_once(
    world: World, fault: str, status: int, text: str
) -> None:
    with old_platform() as platform:
        agent: Agent = XpanderClient(configuration=platform.configuration).agents.get("A")
        world.run(agent, "add_task", "hello", use_worker=False)
        answer = chat(None, ("read_news", {"topic": "art"}))
        world.run(agent, "add_messages", answer)
        platform.fault = fault
        [result] = world.run(agent, "run_tools", XpanderClient.extract_tool_calls(answer))
        assert (result.is_success, result.is_error, result.status_code) == (False, True, status)
        assert text in str(result.result)
        stored = [each for each in platform.messages if each["role"] == "tool"]
        assert [each["tool_call_id"] for each in stored] == ["call-1"]
        assert messages(world, agent)[-1]["role"] == "tool"
        called = [each for each in platform.asked if "/operations/" in each.path]
        assert len(called) == 1, "a tool whose fate is unknown is not called again"


def test_an_answer_that_is_no_json_is_a_text(world: World) -> None:
    with old_platform() as platform:
        agent: Agent = XpanderClient(configuration=platform.configuration).agents.get("A")
        world.run(agent, "add_task", "hello", use_worker=False)
        answer = chat(None, ("read_news", {"topic": "art"}))
        world.run(agent, "add_messages", answer)
        platform.fault = "text"
        [result] = world.run(agent, "run_tools", XpanderClient.extract_tool_calls(answer))
        assert (result.is_success, result.result) == (True, "plain words")

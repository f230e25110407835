"""Agents that hand work to other agents: the caller's object stays what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.legacy.model import chat, finish, messages
from tests.worlds import World
from xpander_client import Tasks
from xpander_client.legacy import Agent, XpanderClient
from xpander_client.platform import LocalPlatform


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    agents: list[Any] = [
        {"id": "boss", "name": "Boss", "instructions": "You lead.", "sub_agents": ["clerk"]},
        {"id": "clerk", "name": "Clerk", "instructions": "You obey."},
    ]
    with LocalPlatform(agents=agents) as made:
        yield made


def hand_over(world: World, boss: Agent) -> list[Any]:
    [tool, _] = [tool["function"] for tool in boss.get_tools()]
    answer = chat(None, (tool["name"], {"bodyParams": {"input_task": "count the beans"}}))
    world.run(boss, "add_messages", answer)
    results: list[Any] = world.run(boss, "run_tools", XpanderClient.extract_tool_calls(answer))
    return results


def test_the_script_drives_the_other_agents_task_on_an_object_of_its_own(
    world: World, platform: LocalPlatform
) -> None:
    boss = XpanderClient(configuration=platform.configuration).agents.get("boss")
    driven: list[tuple[str, str]] = []

    def drive(clerk: Agent) -> None:
        driven.append((clerk.id, clerk.messages[1]["content"]))
        assert not clerk.is_finished()
        clerk.add_messages(finish("seven beans"))
        assert clerk.is_finished()

    async def adrive(clerk: Agent) -> None:
        driven.append((clerk.id, (await clerk.amessages())[1]["content"]))
        assert not await clerk.ais_finished()
        await clerk.aadd_messages(finish("seven beans"))
        assert await clerk.ais_finished()

    boss.on_delegation(drive if world.name == "sync" else adrive)
    execution = world.run(boss, "add_task", "how many beans?", use_worker=False)
    assert world.run(boss, "is_finished") is False
    [result] = hand_over(world, boss)
    assert (result.is_success, result.result) == (True, "seven beans")
    assert driven == [("clerk", "count the beans")]
    assert (boss.id, boss.name) == ("boss", "Boss")
    assert boss.execution is not None
    assert boss.execution.id == execution.id
    assert world.run(boss, "is_finished") is False, "the other's end is not this one's"
    assert messages(world, boss)[-1]["content"] == "seven beans"
    [child] = Tasks(platform.configuration).list("clerk")
    assert (child.status, child.parent_task_id) == ("completed", execution.id)
    answer = finish("seven")
    world.run(boss, "add_messages", answer)
    assert world.run(boss, "is_finished") is True
    assert world.run(boss, "retrieve_execution_result", timeout=5).result == "seven"


def test_without_a_loop_for_it_the_model_is_told(world: World, platform: LocalPlatform) -> None:
    boss = XpanderClient(configuration=platform.configuration).agents.get("boss")
    world.run(boss, "add_task", "how many beans?", use_worker=False)
    [result] = hand_over(world, boss)
    assert (result.is_success, result.is_error) == (False, True)
    assert "on_delegation" in result.result
    assert "on_delegation" in messages(world, boss)[-1]["content"]
    [child] = Tasks(platform.configuration).list("clerk")
    assert child.status == "stopped"


def test_a_loop_that_ends_too_early_is_a_failed_tool(world: World, platform: LocalPlatform) -> None:
    boss = XpanderClient(configuration=platform.configuration).agents.get("boss")
    boss.on_delegation(lambda clerk: None)
    world.run(boss, "add_task", "how many beans?", use_worker=False)
    [result] = hand_over(world, boss)
    assert result.is_error
    assert "ended before the task did" in result.result


def test_workers_of_the_other_agent_carry_it_out(
    world: World, platform: LocalPlatform, worker: Any
) -> None:
    boss = XpanderClient(configuration=platform.configuration).agents.get("boss")
    world.run(boss, "add_task", "how many beans?")
    assert world.run(boss, "is_finished") is False
    with worker(platform.configuration, "clerk"):
        [result] = hand_over(world, boss)
    assert (result.is_success, result.result) == (True, "by a worker")

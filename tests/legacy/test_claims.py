"""A task belongs to one: a worker, or this script. Whoever moves first has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.legacy.model import chat, finish, messages
from tests.worlds import World
from xpander_client import AgentExecutionStatus, Configuration, ConflictError, TaskHeldError, Tasks
from xpander_client.legacy import Agent, XpanderClient
from xpander_client.platform import LocalPlatform
from xpander_client.platform.foundation.settings import Settings


@contextmanager
def platform(**settings: float) -> Iterator[LocalPlatform]:
    with LocalPlatform(agents=["agent-a"], settings=Settings(**settings)) as made:  # type: ignore[arg-type]
        yield made


def agent_of(configuration: Configuration) -> Agent:
    return XpanderClient(configuration=configuration).agents.get("agent-a")


def test_of_many_scripts_one_gets_the_task() -> None:
    with platform() as made:
        first = agent_of(made.configuration)
        execution = first.add_task("hello")
        scripts = [agent_of(made.configuration) for _ in range(8)]
        outcomes: list[bool] = []
        together = threading.Barrier(len(scripts))

        def move(script: Agent) -> None:
            script.init_task(execution)
            at = script._driven.driven_task
            at.claimed, at.attempt, at.worker_id = False, None, str(id(script))
            together.wait()
            try:
                outcomes.append(bool(script.messages))
            except TaskHeldError:
                outcomes.append(False)

        threads = [threading.Thread(target=move, args=(script,)) for script in scripts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False] * 7 + [True]
        task = Tasks(made.configuration).get(execution.id)
        assert (task.status, task.execution_attempts) == ("executing", 1)


def test_a_worker_that_was_faster_is_waited_for(world: World, worker: Any) -> None:
    with platform() as made:
        agent = agent_of(made.configuration)
        execution = world.run(agent, "add_task", "hello")
        with worker(made.configuration, "agent-a"):
            Tasks(made.configuration).get(execution.id).wait_finished(timeout=20)
        assert world.run(agent, "is_finished") is True
        assert world.run(agent, "retrieve_execution_result", timeout=5).result == "by a worker"


def test_a_task_of_the_script_is_not_offered_to_a_worker(world: World, worker: Any) -> None:
    with platform() as made:
        agent = agent_of(made.configuration)
        world.run(agent, "add_task", "mine")
        assert world.run(agent, "is_finished") is False
        with worker(made.configuration, "agent-a"):
            # The worker gets what is free, and that says that it had its chance.
            free = Tasks(made.configuration).create("agent-a", prompt="free", events_streaming=True)
            assert free.wait_finished(timeout=20).result == "by a worker"
            assert world.run(agent, "is_finished") is False
        answer = finish("by the script")
        world.run(agent, "add_messages", answer)
        world.run(agent, "run_tools", XpanderClient.extract_tool_calls(answer))
        assert world.run(agent, "retrieve_execution_result", timeout=5).result == "by the script"


def test_a_script_whose_lease_ran_out_takes_the_task_again(world: World) -> None:
    with platform(loop_lease=0.3, sweep_interval=0.05) as made:
        agent = agent_of(made.configuration)
        world.run(agent, "add_task", "hello", use_worker=False)
        assert messages(world, agent)
        assert world.run(agent, "is_finished") is False
        assert agent.execution is not None
        _until_pending(made.configuration, agent.execution.id)
        assert world.run(agent, "is_finished") is False
        task = Tasks(made.configuration).get(agent.execution.id)
        assert (task.status, task.execution_attempts) == ("executing", 2)
        answer = finish("at last")
        world.run(agent, "add_messages", answer)
        assert world.run(agent, "is_finished") is True
        assert world.run(agent, "retrieve_execution_result", timeout=5).result == "at last"


def test_a_script_that_lost_its_task_writes_nothing_any_more(world: World) -> None:
    with platform(loop_lease=0.3, sweep_interval=0.05) as made:
        agent = agent_of(made.configuration)
        execution = world.run(agent, "add_task", "hello")
        before = messages(world, agent)
        _until_pending(made.configuration, execution.id)
        tasks = Tasks(made.configuration)
        tasks.update(execution.id, status=AgentExecutionStatus.Executing, worker_id="another")
        with pytest.raises(ConflictError):
            world.run(agent, "add_messages", chat("too late"))
        assert len(messages(world, agent)) == len(before)
        tasks.update(execution.id, status=AgentExecutionStatus.Completed, result="theirs")
        assert world.run(agent, "is_finished") is True
        assert world.run(agent, "retrieve_execution_result", timeout=5).result == "theirs"


def _until_pending(configuration: Configuration, task_id: str) -> None:
    tasks = Tasks(configuration)
    for _ in range(200):
        if tasks.get(task_id).status is AgentExecutionStatus.Pending:
            return
        threading.Event().wait(0.02)
    raise AssertionError("the lease did not run out")

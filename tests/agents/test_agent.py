"""`Agent`: its arguments, what is opened to its code, and what the model is told of it."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xpander_client.agents import Agent, TaskFail, TaskTimeout, connect_state, scripted
from xpander_client.agents.types.messages import Message
from xpander_client.errors import ArgumentError, ConfigurationError


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"max_iterations": 0}, "max_iterations must be 1 or a larger int, not 0"),
        ({"max_iterations": True}, "max_iterations must be 1 or a larger int, not True"),
        ({"llm_max_retries": -1}, "llm_max_retries must be 0 or a larger int, not -1"),
        ({"eval_timeout_seconds": 0}, "eval_timeout_seconds must be more than 0"),
        ({"max_memory_mb": 0}, "max_memory_mb must be 1 or a larger int"),
        ({"name": ""}, "name must be a text without slashes"),
        ({"name": "a/b"}, "name must be a text without slashes"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Agent(**arguments)


def test_without_a_name_it_has_one_and_without_a_model_it_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XPANDER_LLM_PROVIDER", raising=False)
    one, two = Agent(), Agent()
    assert one.name.startswith("agent_")
    assert one.name != two.name

    @one.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    with pytest.raises(ConfigurationError, match="connect_llm"):
        work()
    assert one.state().running() == []


def test_agents_may_have_the_same_name() -> None:
    assert Agent(name="a").name == Agent(name="a").name


def test_agents_without_a_name_find_their_state_again(tmp_path: Path) -> None:
    for code, expected in (("x = 1\ntask_success(0)", 0), ("task_success(x)", 1)):
        state = connect_state("versioned", storage="disk", path=tmp_path)
        agent = Agent(llm=scripted([code]), state=state)

        @agent.task
        def work() -> int:  # type: ignore[empty-body]
            """Work."""

        assert work() == expected


def test_two_agents_with_a_task_of_one_name_keep_apart() -> None:
    results = []
    for number in (1, 2):
        agent = Agent(llm=scripted(["task_continue()", "task_success(inputs.x)"]))

        @agent.task
        def work(x: int) -> int:  # type: ignore[empty-body]
            """Work."""

        results.append((work, number))
    assert [work(number) for work, number in results] == [1, 2]


def test_a_task_without_parameters_does_not_see_those_of_another() -> None:
    agent = Agent(
        llm=scripted(
            [
                "task_success(inputs.secret)",
                "try:\n    task_success(str(inputs.secret))\n"
                "except Exception as error:\n    task_success('nothing')",
            ]
        ),
        state=connect_state("live"),
    )

    @agent.task
    def keep(secret: str) -> str:  # type: ignore[empty-body]
        """Keep it."""

    @agent.task
    def look() -> str:  # type: ignore[empty-body]
        """Look."""

    assert keep("s3cret") == "s3cret"
    assert look() == "nothing"


def test_tasks_are_methods_too() -> None:
    agent = Agent(llm=scripted(["task_success(inputs.x * 2)"]))

    class Service:
        @agent.task
        def double(self, x: int) -> int:  # type: ignore[empty-body]
            """Double it."""

    assert Service().double(4) == 8


def test_functions_classes_and_objects_are_open_to_code_as_registered() -> None:
    class Account:
        def __init__(self, balance: int) -> None:
            self.balance = balance

        def deposit(self, amount: int) -> int:
            self.balance += amount
            return self.balance

    agent = Agent(
        llm=scripted(
            [
                "account = Account(1)\naccount.deposit(add(1, 2))\n"
                "task_success([account.balance, bank.deposit(1)])"
            ]
        )
    )
    bank = Account(100)

    @agent.fn
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    agent.cls(Account, include=["deposit", "balance"])
    agent.module(bank, name="bank", include=["deposit"])

    @agent.task
    def work() -> list[int]:  # type: ignore[empty-body]
        """Work."""

    assert work() == [4, 101]
    assert bank.balance == 101
    assert add(1, 2) == 3


def system_of(agent: Agent) -> str:
    seen: list[str] = []

    def look(messages: Sequence[Message]) -> str:
        seen.append(messages[0].text)
        return "task_success()"

    agent._llm = scripted([look])

    @agent.task
    def work() -> None:
        """Work."""

    work()
    return seen[0]


def test_the_model_is_told_what_was_opened_by_visibility_and_again_when_that_changes() -> None:
    agent = Agent(primer="You are careful.")
    agent.fn(lambda: None, name="alpha", docstring="The first")
    agent.fn(lambda: None, name="gamma", visibility="low")
    text = system_of(agent)
    assert "You are careful." in text
    assert "alpha" in text
    assert "The first" in text
    assert "gamma" not in text
    agent.fn(lambda: None, name="delta")
    assert "delta" in system_of(agent)


def test_what_is_opened_may_do_what_the_process_may() -> None:
    agent = Agent()

    @agent.fn(host_fs_access=True, network_access=True)
    def name_folder() -> str:
        return Path.cwd().name

    agent.cls(Path, host_fs_access=True)
    agent.module(subprocess, network_access=True)
    assert "def name_folder()" in system_of(agent)
    with pytest.raises(ArgumentError, match="network_access can't be False: what is opened runs"):
        agent.fn(name_folder, network_access=False)  # type: ignore[call-overload]
    with pytest.raises(ArgumentError, match="host_fs_access can't be False"):
        agent.module(sys, host_fs_access=False)  # type: ignore[arg-type]


def test_texts_of_ones_own_take_the_place_of_those_that_are_made() -> None:
    agent = Agent(capabilities_primer="Use alpha.", system_primer="Work.")
    agent.fn(lambda: None, name="alpha", docstring="The first")
    text = system_of(agent)
    assert text.startswith("Work.")
    assert "Use alpha." in text
    assert "The first" not in text
    agent.primer, agent.capabilities_primer = "Be quick.", "Use beta."
    text = system_of(agent)
    assert "Be quick." in text
    assert "Use beta." in text
    agent.capabilities_primer = None
    assert "The first" in system_of(agent)


def test_the_limits_hold_and_the_agent_goes_on_after_them() -> None:
    agent = Agent(
        llm=scripted(
            ["while True: pass", "x = 'x' * 10**9", "for i in range(9): f()", "task_success(1)"]
        ),
        eval_timeout_seconds=0.2,
        max_memory_mb=64,
        max_host_calls=5,
    )
    agent.fn(lambda: None, name="f")

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    shown: list[str] = []
    assert work(on_event=lambda e: shown.append(str(getattr(e, "parts", "")))) == 1
    text = "\n".join(shown)
    assert "0.2 seconds" in text
    assert "MemoryError" in text


def test_errors_survive_being_sent_to_another_process() -> None:
    agent = Agent(llm=scripted(["task_fail('no way')", "x = 1"]), max_iterations=1)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    for kind in (TaskFail, TaskTimeout):
        with pytest.raises(kind) as caught:
            work()
        again = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again)) == (kind, str(caught.value))


def test_a_result_that_is_no_data_comes_back_as_itself() -> None:
    class Thing:
        pass

    thing = Thing()
    agent = Agent(llm=scripted(["task_success([inputs.thing, 1])"]))

    @agent.task
    def work(thing: Any) -> Any:
        """Work."""

    assert work(thing)[0] is thing


def test_the_callers_values_are_not_changed_by_code() -> None:
    agent = Agent(llm=scripted(["inputs.items.append(4)\ntask_success(len(inputs.items))"]))

    @agent.task
    def work(items: list) -> int:  # type: ignore[type-arg,empty-body]
        """Work."""

    items = [1, 2, 3]
    assert work(items) == 4
    assert items == [1, 2, 3]


def test_helpers_that_code_defined_are_there_in_later_calls_also_on_other_threads() -> None:
    agent = Agent(
        llm=scripted(
            ["def triple(x):\n    return 3 * x\ntask_success(0)", "task_success(triple(5))"]
        ),
        state=connect_state("versioned", storage="memory"),
    )

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    work()
    assert asyncio.run(asyncio.to_thread(work)) == 15


@pytest.mark.slow
def test_the_interpreter_ends_cleanly_after_sync_and_async_calls() -> None:
    program = """
import asyncio
from xpander_client.agents import Agent, scripted
agent = Agent(llm=scripted(["task_success(1)"] * 9))
@agent.task
def work() -> int:
    "Work."
@agent.task
async def awork() -> int:
    "Work."
async def handler(event):
    pass
async def main():
    print(sum(await asyncio.gather(*(awork(on_event=handler) for _ in range(4)))))
print(work(on_event=handler))
asyncio.run(main())
"""
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "1\n4\n", "")

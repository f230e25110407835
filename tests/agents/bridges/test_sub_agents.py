"""Tasks of one agent that another agent's code calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from xpander_client.agents import (
    Agent,
    LLMCallError,
    TaskClarify,
    TaskFail,
    connect_state,
    scripted,
)
from xpander_client.agents.types.messages import Message

CATCH = (
    "try:\n    result = child(inputs.x)\nexcept Exception as error:\n    result = str(error)\n"
    "task_success(result)"
)


def pair(*parent: Any, child: Any, turns: int = 10) -> tuple[Any, Any]:
    """A task `work(x)` whose agent may call another agent's `child(x)`."""
    orchestrator = Agent(name="parent", llm=scripted(parent))
    specialist = Agent(name="child", llm=scripted(child), max_iterations=turns, llm_max_retries=0)

    @orchestrator.fn(docstring="Have it done")
    @specialist.task
    def child_task(x: int) -> int:  # type: ignore[empty-body]
        """Do it."""

    orchestrator.fn(child_task, name="child")

    @orchestrator.task
    def work(x: int) -> Any:
        """Work."""

    return work, child_task


def test_the_result_is_what_the_code_gets_and_the_task_can_be_called_by_itself() -> None:
    work, child = pair(
        "task_success(child(inputs.x) + 1)", child=["task_success(inputs.x * 2)"] * 2
    )
    assert work(5) == 11
    assert child(5) == 10


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        (["task_fail('no way')"], "Sub-agent failed: no way"),
        (["task_clarify('which?')"], "Sub-agent needs clarification: which?"),
        (["x = 1"] * 2, "Sub-agent failed: Task 'child_task' exceeded maximum iterations (2)"),
        ([LLMCallError("down")], "Sub-agent failed: the model gave no usable answer"),
    ],
)
def test_how_it_ends_otherwise_is_an_error_that_the_code_can_catch(
    answers: list[Any], text: str
) -> None:
    work, _ = pair(CATCH, child=answers, turns=2)
    assert work(1).startswith(text)


def test_an_error_that_the_code_does_not_catch_is_shown_to_its_model() -> None:
    shown: list[str] = []

    def look(messages: Sequence[Message]) -> str:
        shown.append(messages[-1].text)
        return "task_fail('so be it')"

    work, _ = pair("child(1)", look, child=["task_fail('no way')"])
    with pytest.raises(TaskFail, match="so be it"):
        work(1)
    assert "RuntimeError: Sub-agent failed: no way" in shown[0]


def test_what_the_callers_code_gives_is_validated() -> None:
    work, _ = pair(CATCH.replace("inputs.x", "'five'"), child=[])
    assert "Validation failed for argument 'x'" in work(1)


def test_the_code_has_no_say_in_the_session() -> None:
    work, _ = pair(CATCH.replace("inputs.x", "1, session='another'"), child=[])
    assert "unexpected keyword argument 'session'" in work(1)


def test_the_session_is_the_callers_and_the_state_is_the_sub_agents_own() -> None:
    state = connect_state("versioned", storage="memory")
    orchestrator = Agent(
        name="parent", llm=scripted(["x = 'p'\ntask_success(child())"]), state=state
    )
    specialist = Agent(name="child", llm=scripted(["x = 'c'\ntask_success(x)"]), state=state)

    @orchestrator.fn
    @specialist.task
    def child() -> str:  # type: ignore[empty-body]
        """Do it."""

    @orchestrator.task
    def work() -> str:  # type: ignore[empty-body]
        """Work."""

    assert work(session="alice") == "c"
    assert orchestrator.state("alice").get("x") == "p"
    assert specialist.state("alice").get("x") == "c"
    assert state.sessions() == ["alice"]


def test_events_and_tokens_reach_the_callers_handlers_with_the_path() -> None:
    work, _ = pair("task_success(child(inputs.x))", child=["task_success(1)"])
    events: list[tuple[str, str]] = []
    tokens: list[tuple[str, str]] = []
    work(
        1,
        on_event=lambda event: events.append((event.full_namespace, event.type)),
        on_token=lambda token: tokens.append((token.full_namespace, token.content)),
    )
    assert events == [
        ("parent", "TaskStartEvent"),
        ("parent", "ActionEvent"),
        ("parent/child", "TaskStartEvent"),
        ("parent/child", "ActionEvent"),
        ("parent/child", "SuccessEvent"),
        ("parent", "SuccessEvent"),
    ]
    assert [path for path, content in tokens if content] == ["parent", "parent/child"]


def test_agents_call_each_other_in_any_depth() -> None:
    agents = [
        Agent(name=f"a{depth}", llm=scripted(["task_success(down() + 1)"])) for depth in range(8)
    ]
    agents[-1]._llm = scripted(["task_success(0)"])
    tasks: list[Any] = []
    for number, agent in enumerate(agents):

        def down() -> int:  # type: ignore[empty-body]
            """Go down."""

        task: Any = agent.task(down)
        if number:
            agents[number - 1].fn(task)
        tasks.append(task)
    paths: list[str] = []
    assert tasks[0](on_event=lambda event: paths.append(event.full_namespace)) == 7
    assert max(paths, key=len) == "a0/a1/a2/a3/a4/a5/a6/a7"


async def test_async_sub_agents_run_at_the_same_time_under_an_async_task() -> None:
    met = asyncio.Event()
    waiting = 0

    async def answer(_: Any) -> str:
        nonlocal waiting
        waiting += 1
        if waiting == 3:
            met.set()
        await asyncio.wait_for(met.wait(), 20)
        return "task_success(inputs.x * 2)"

    orchestrator = Agent(
        name="parent",
        llm=scripted(
            ["import asyncio\ntask_success(await asyncio.gather(*[child(x) for x in range(3)]))"]
        ),
    )
    specialist = Agent(name="child", llm=scripted([answer] * 3))

    @orchestrator.fn
    @specialist.task
    async def child(x: int) -> int:  # type: ignore[empty-body]
        """Double it."""

    @orchestrator.task
    async def work() -> list[int]:  # type: ignore[empty-body]
        """Work."""

    paths: set[str] = set()

    async def on_event(event: Any) -> None:
        paths.add(event.full_namespace)

    assert await asyncio.wait_for(work(on_event=on_event), 30) == [0, 2, 4]
    assert paths == {"parent", "parent/child"}


async def test_sync_sub_agents_run_under_an_async_task() -> None:
    orchestrator = Agent(name="parent", llm=scripted(["task_success(child(2))"]))
    specialist = Agent(name="child", llm=scripted(["print('x')\ntask_success(inputs.x * 2)"]))

    @orchestrator.fn
    @specialist.task
    def child(x: int) -> int:  # type: ignore[empty-body]
        """Double it."""

    @orchestrator.task
    async def work() -> int:  # type: ignore[empty-body]
        """Work."""

    seen: list[str] = []

    async def on_event(event: Any) -> None:
        assert asyncio.get_running_loop() is home
        seen.append(f"{event.full_namespace} {event.type}")

    home = asyncio.get_running_loop()
    assert await work(on_event=on_event) == 4
    assert "parent/child OutputEvent" in seen


def test_an_async_sub_agent_is_refused_in_a_sync_task_with_a_word_on_what_to_do() -> None:
    orchestrator = Agent(name="parent", llm=scripted([CATCH]))
    specialist = Agent(name="child", llm=scripted([]))

    @orchestrator.fn(name="child")
    @specialist.task
    async def child(x: int) -> int:  # type: ignore[empty-body]
        """Double it."""

    @orchestrator.task
    def work(x: int) -> str:  # type: ignore[empty-body]
        """Work."""

    assert "'child' is an async function and cannot be called from a sync task" in work(1)


def test_many_sync_pairs_at_once_do_not_wait_for_each_other() -> None:
    work, _ = pair(
        *["task_success(child(inputs.x))"] * 40, child=["task_success(inputs.x * 2)"] * 40
    )

    async def main() -> list[int]:
        calls = (asyncio.to_thread(work, x) for x in range(40))
        return await asyncio.wait_for(asyncio.gather(*calls), 60)

    assert asyncio.run(main()) == [2 * x for x in range(40)]


def test_a_task_can_be_given_to_any_number_of_agents_but_not_to_its_own() -> None:
    one, two, owner = Agent(), Agent(), Agent()

    @one.fn
    @two.fn
    @owner.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    assert "work" in one.capabilities.functions
    assert "work" in two.capabilities.functions
    with pytest.raises(
        ValueError, match="Cannot register 'work' as a capability on the same agent"
    ):
        owner.fn(work)


def test_the_model_sees_the_tasks_own_parameters_only() -> None:
    asked: list[str] = []

    def look(messages: Sequence[Message]) -> str:
        asked.append(messages[0].text)
        return "task_success(0)"

    work, _ = pair(look, child=[])
    work(1)
    assert "def child(x: " in asked[0]
    assert "Have it done" in asked[0]
    assert "on_event" not in asked[0]


def test_the_error_classes_stay_what_they_are_outside_of_code() -> None:
    _, child = pair(child=["task_clarify('which?')"])
    with pytest.raises(TaskClarify, match="which"):
        child(1)

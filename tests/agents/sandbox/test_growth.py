"""What a call takes does not depend on how many there were before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xpander_client.agents import Agent, connect_state, scripted
from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.types.messages import Message

CALLS = 120


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_the_model_is_told_no_more_in_the_last_call_than_in_an_earlier_one(
    storage: Any, tmp_path: Path
) -> None:
    sizes: list[int] = []

    def answer(messages: Sequence[Message]) -> LLMResponse:
        sizes.append(sum(len(message.text) for message in messages))
        return LLMResponse("", "", "counter += 1\nprint(counter)\ntask_success(counter % 7)")

    where = {"path": tmp_path} if storage == "disk" else {}
    state = connect_state("versioned", storage=storage, init={"counter": 100}, **where)
    agent = Agent(llm=scripted([answer] * CALLS), state=state)

    @agent.task
    def count() -> int:  # type: ignore[empty-body]
        """Count."""

    for _ in range(CALLS):
        count()
    assert sizes[0] < sizes[10] == sizes[20] == sizes[CALLS - 1]
    assert agent.state().get("counter") == 100 + CALLS


def test_the_model_is_told_no_more_than_some_names_of_many_variables() -> None:
    seen: list[str] = []

    def answer(messages: Sequence[Message]) -> str:
        seen.append(messages[-1].text)
        return "task_success(v7)"

    state = connect_state("versioned", "memory", init={f"v{n}": n for n in range(3000)})
    agent = Agent(llm=scripted([answer]), state=state)

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    assert work() == 7
    assert "and 2,800 more" in seen[0]
    assert len(seen[0]) < 3_000


def test_large_arguments_are_shown_in_part_and_are_there_in_full() -> None:
    seen: list[str] = []

    def answer(messages: Sequence[Message]) -> str:
        seen.append(messages[-1].text)
        return "task_success(len(inputs.text) + len(inputs.numbers))"

    agent = Agent(llm=scripted([answer]))

    @agent.task
    def work(text: str, numbers: list[int]) -> int:  # type: ignore[empty-body]
        """Work."""

    assert work("x" * 100_000, list(range(60))) == 100_060
    assert "[96,000 of 100,000 characters left out]" in seen[0]
    assert "0, 1, 2, 3" in seen[0]
    assert "[20 of 60 items left out]" in seen[0]
    assert len(seen[0]) < 6_000


def test_events_that_this_version_does_not_know_are_passed_over() -> None:
    agent = Agent(
        llm=scripted(["task_success(1)"]), state=connect_state("versioned", storage="memory")
    )

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    with agent.state().branch("of a newer version") as branch:
        branch.append_event(b'{"type": "DreamEvent", "timestamp": "2030-01-01T00:00:00+00:00"}')
    assert work() == 1

"""What people look at: an agent's capabilities, a session's variables and events."""

from __future__ import annotations

from typing import Any, cast

import pytest

from xpander_client.agents import (
    ActionEvent,
    Agent,
    BaseEvent,
    Event,
    SuccessEvent,
    connect_state,
    events,
    scripted,
    view,
)
from xpander_client.agents.state.config import StateConfig
from xpander_client.errors import ArgumentError


def run_counter(*code: str, state: StateConfig) -> tuple[Agent, list[BaseEvent]]:
    """Run blocks of code, each as a call, and return the agent and the events of its calls."""
    agent = Agent(name="counter", llm=scripted(code), state=state)
    heard: list[BaseEvent] = []

    @agent.task
    def count() -> int:
        """Count."""
        raise NotImplementedError

    for _ in code:
        count(session="s", on_event=heard.append)
    return agent, heard


def test_the_events_of_a_session_are_those_that_its_calls_told_of() -> None:
    versioned = connect_state("versioned", storage="memory")
    agent, heard = run_counter("n = 1; task_success(n)", "task_success(n + 1)", state=versioned)
    kept = events(agent.state("s"))
    assert [(event.type, event.timestamp) for event in kept] == [
        (event.type, event.timestamp) for event in heard
    ]
    assert all(isinstance(event, Event) for event in kept)
    assert [event.result for event in kept if isinstance(event, SuccessEvent)] == [1, 2]
    assert isinstance(kept[1], ActionEvent)
    assert kept[1].code == "n = 1; task_success(n)"
    assert events(agent.state("s"), limit=1) == kept[-1:]
    assert events(agent.state("another")) == []


def test_a_view_of_a_session_is_what_changed_last_or_all_there_is() -> None:
    versioned = connect_state("versioned", storage="memory")
    code = "long = 'x' * 1000; n = 1; task_success(n)", "n = n + 1; task_success(n)"
    agent, _ = run_counter(*code, state=versioned)
    session = agent.state("s")
    assert view(session) == f"commit {session.history(1)[0].id} of task count\nn = 2"
    assert view(session, focus="full") == {"long": "x" * 1000, "n": 2}
    session.revert(session.history()[1].id)
    assert view(session) == f"commit {session.history(1)[0].id}\nn = 1"
    assert view(agent.state("another")) == ""
    assert view(agent.state("another"), "full") == {}
    # Without a history everything is shown, what is long in part.
    live, _ = run_counter(*code, state=connect_state("live"))
    long, short = view(live.state("s")).splitlines()
    assert long.startswith("long = 'xxx")
    assert len(long) < 400
    assert short == "n = 2"


def test_a_view_of_an_agent_is_what_its_model_is_told_of_what_is_open() -> None:
    agent = Agent(name="shop")

    @agent.fn
    def look_up(name: str) -> int:
        """Look a price up."""
        return len(name)

    assert view(agent).startswith("def look_up(name: ")
    assert "Look a price up." in view(agent)
    assert agent.eval_timeout_seconds == 5.0


def test_a_view_of_something_else_is_refused() -> None:
    agent = Agent(name="shop")
    with pytest.raises(ArgumentError, match="view shows an agent, or a session of one, not 5"):
        view(cast(Any, 5))
    with pytest.raises(ArgumentError, match="the focus is 'recent' or 'full', not 'tokens'"):
        view(agent.state(), cast(Any, "tokens"))

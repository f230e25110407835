"""Looking back in a session, and going back."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tests.agents.state.state_calls import change, connected
from xpander_client.agents.state.config import connect_state
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.state.store import Conflict


@pytest.fixture(params=["memory", "disk"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    directory = tmp_path if request.param == "disk" else None
    return connected("versioned", directory).session("s", "agent")


def two_turns(session: Session) -> tuple[str, str]:
    with session.branch("two_turns") as branch:
        branch.append_event(b"turn 1")
        first = branch.snapshot({"a": b"1"})
        branch.append_event(b"turn 2")
        second = branch.snapshot({"a": b"2", "b": b"2"})
        branch.append_event(b"done")
        branch.merge()
        branch.append_event(b"after the merge")
    return first, second


def test_history_has_each_turn_newest_first(session: Session) -> None:
    before = datetime.datetime.now(datetime.UTC)
    first, second = two_turns(session)
    change(session, b=None)
    newest, last, one, beginning = session.history()
    assert (last.id, last.task_name, last.names) == (second, "two_turns", ("a", "b"))
    assert (one.id, one.task_name, one.names) == (first, "two_turns", ("a",))
    assert (newest.task_name, newest.names) == ("change", ("b",))
    assert (beginning.task_name, beginning.names) == (None, ())
    assert all(commit.reverts_to is None for commit in session.history())
    assert before <= one.made_at <= last.made_at <= datetime.datetime.now(datetime.UTC)
    assert session.history(2) == [newest, last]
    assert session.history(0) == []
    assert session.history(9) == session.history()


def test_turns_of_calls_that_ran_at_the_same_time_lie_behind_one_another(session: Session) -> None:
    with session.branch("slow") as slow:
        first = slow.snapshot({"a": b"1"})
        quick = change(session, b="1")
        second = slow.snapshot({"a": b"2"})
        slow.merge()
    assert [commit.id for commit in session.history(3)] == [second, first, quick]
    session.revert(first)
    assert dict(session.variables()) == {"a": b"1", "b": b"1"}


def test_reverting_brings_back_variables_and_events(session: Session) -> None:
    change(session, keep="1", a="0")
    first, second = two_turns(session)
    change(session, a=None, c="3", keep="2")
    made = session.revert(first)
    assert dict(session.variables()) == {"keep": b"1", "a": b"1"}
    assert session.events() == [b"changed a, keep", b"turn 1"]
    newest = session.history(1)[0]
    assert (newest.id, newest.reverts_to, newest.task_name) == (made, first, None)
    assert newest.names == ("a", "b", "c", "keep")
    session.revert(second)
    assert dict(session.variables()) == {"keep": b"1", "a": b"2", "b": b"2"}
    assert session.events(3) == [b"turn 2", b"done", b"after the merge"]


def test_a_revert_can_be_reverted(session: Session) -> None:
    change(session, a="1")
    latest = change(session, a="2")
    session.revert(session.history()[-1].id)
    assert (dict(session.variables()), session.events()) == ({}, [])
    again = change(session, b="1")
    assert session.events() == [b"changed b"]
    session.revert(latest)
    assert dict(session.variables()) == {"a": b"2"}
    assert session.events() == [b"changed a", b"changed a"]
    session.revert(again)
    assert dict(session.variables()) == {"b": b"1"}
    assert session.events() == [b"changed b"]
    change(session, c="1")
    assert session.events(2) == [b"changed b", b"changed c"]


def test_reverting_to_the_beginning_gives_what_init_gave() -> None:
    session = connect_state("versioned", storage="memory", init={"x": 1}).session("s")
    change(session, x="2", y="3")
    session.revert(session.history()[-1].id)
    assert session.get("x") == 1
    assert list(session.variables()) == ["x"]


def test_a_revert_is_a_conflict_for_a_call_that_runs(session: Session) -> None:
    first = change(session, a="1")
    change(session, a="2")
    with session.branch("t") as branch, session.branch("t") as other:
        session.revert(first)
        branch.snapshot({"a": b"3"})
        with pytest.raises(Conflict):
            branch.merge()
        other.snapshot({"b": b"1"})
        other.merge()
    assert dict(session.variables()) == {"a": b"1", "b": b"1"}


def test_a_commit_that_is_not_in_the_session_is_an_error(session: Session) -> None:
    with pytest.raises(ValueError, match="session 's' has no commit 'nonsense'"):
        session.revert("nonsense")
    change(session, a="1")
    with session.branch("t") as branch:
        unmerged = branch.snapshot({"a": b"2"})
        with pytest.raises(ValueError, match="has no commit"):
            session.revert(unmerged)


def test_a_commit_of_another_session_is_an_error(tmp_path: Path) -> None:
    config = connected("versioned", tmp_path)
    foreign = change(config.session("other"), a="1")
    change(config.session("s"), a="2")
    with pytest.raises(ValueError, match="has no commit"):
        config.session("s").revert(foreign)

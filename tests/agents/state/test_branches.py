"""What a call sees of its session, and what comes of two that change it at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.state.state_calls import change, connected
from xpander_client.agents.state.codec import Definition, encode
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.state.store import Changes, Conflict


@pytest.fixture(params=["memory", "disk"])
def versioned(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    directory = tmp_path if request.param == "disk" else None
    return connected("versioned", directory).session("s", "agent")


@pytest.fixture(params=["memory", "disk"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    directory = tmp_path if request.param == "disk" else None
    return connected("live", directory).session("s", "agent")


DEFINED = encode(Definition("def f():\n    return 1\n"))
OTHERWISE = encode(Definition("def f():\n    return 2\n"))


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "outcome"),
    [
        pytest.param({}, {"a": b"1"}, {"b": b"2"}, {"a": b"1", "b": b"2"}, id="different names"),
        pytest.param({"a": b"1"}, {"a": b"2"}, {}, {"a": b"2"}, id="only theirs"),
        pytest.param({"a": b"1"}, {}, {"a": b"2"}, {"a": b"2"}, id="only ours"),
        pytest.param({"a": b"1"}, {"a": b"2"}, {"a": b"3"}, "a", id="both, differently"),
        pytest.param({"a": b"1"}, {"a": b"2"}, {"a": b"2"}, "a", id="both counted by one"),
        pytest.param({}, {"a": b"1"}, {"a": b"1"}, "a", id="both began to count"),
        pytest.param({"a": b"1"}, {"a": None}, {"a": b"2"}, "a", id="deleted and changed"),
        pytest.param({"a": b"1"}, {"a": b"2"}, {"a": None}, "a", id="changed and deleted"),
        pytest.param({"a": b"1"}, {"a": None}, {"a": None}, "a", id="both deleted"),
        pytest.param({"a": b"1"}, {"a": None}, {"b": b"2"}, {"b": b"2"}, id="deleted by them"),
        pytest.param({"a": b"1"}, {"b": b"2"}, {"a": None}, {"b": b"2"}, id="deleted by us"),
        pytest.param({"a": b"1"}, {"a": b"2"}, {"a": b"1"}, {"a": b"2"}, id="set to what it was"),
        pytest.param({}, {"a": b"1"}, {"a": None}, {"a": b"1"}, id="deleting what was not there"),
        pytest.param({}, {"f": DEFINED}, {"f": DEFINED}, {"f": DEFINED}, id="same definition"),
        pytest.param({}, {"f": DEFINED}, {"f": OTHERWISE}, "f", id="other definition"),
        pytest.param(
            {"a": b"1", "b": b"1"}, {"a": b"2", "b": b"2"}, {"b": b"3", "a": b"3"}, "a b", id="two"
        ),
        pytest.param(
            {"a": b"1"}, {"a": b"2"}, {"a": b"3", "b": b"3"}, "a", id="one of two, so neither"
        ),
    ],
)
def test_changes_of_two_calls_go_together_name_by_name(
    versioned: Session, base: Changes, theirs: Changes, ours: Changes, outcome: object
) -> None:
    with versioned.branch("base") as first:
        first.snapshot(base)
        first.merge()
    with versioned.branch("theirs") as other, versioned.branch("ours") as branch:
        other.snapshot(theirs)
        other.merge()
        after_theirs = dict(versioned.variables())
        branch.snapshot(ours)
        if isinstance(outcome, str):
            with pytest.raises(Conflict) as caught:
                branch.merge()
            assert caught.value.keys == tuple(outcome.split())
            assert dict(versioned.variables()) == after_theirs
        else:
            assert branch.merge().clean
            assert dict(versioned.variables()) == outcome


def test_a_value_that_others_changed_and_changed_back_is_no_conflict(versioned: Session) -> None:
    change(versioned, flag="off")
    with versioned.branch("t") as branch:
        change(versioned, flag="on")
        change(versioned, flag="off")
        branch.snapshot({"flag": b"on"})
        branch.merge()
    assert versioned.variables()["flag"] == b"on"


def test_a_name_changed_and_changed_back_by_the_call_still_counts_as_changed(
    versioned: Session,
) -> None:
    change(versioned, n="1")
    with versioned.branch("t") as branch:
        branch.snapshot({"n": b"2"})
        branch.snapshot({"n": b"1"})
        change(versioned, n="5")
        with pytest.raises(Conflict):
            branch.merge()
    assert versioned.variables()["n"] == b"5"


def test_a_versioned_call_sees_its_own_changes_and_nobody_else_s(versioned: Session) -> None:
    change(versioned, a="1")
    with versioned.branch("t") as branch:
        branch.snapshot({"b": b"2", "a": None})
        change(versioned, c="3")
        assert dict(branch.variables) == {"b": b"2"}
        assert dict(versioned.variables()) == {"a": b"1", "c": b"3"}
        assert branch.refresh() == {}
        branch.merge()
    assert dict(versioned.variables()) == {"b": b"2", "c": b"3"}


def test_the_view_cannot_be_written_to(versioned: Session) -> None:
    with versioned.branch("t") as branch:
        with pytest.raises(TypeError):
            branch.variables["a"] = b"1"  # type: ignore[index]
        assert branch.task_name == "t"


def test_a_snapshot_that_changes_nothing_makes_no_commit(versioned: Session) -> None:
    first = change(versioned, a="1")
    with versioned.branch("t") as branch:
        assert branch.snapshot({"a": b"1", "b": None}) == first
        second = branch.snapshot({"a": b"2"})
        assert branch.snapshot({"a": b"2"}) == second
        assert second != first
        assert branch.merge().commit == second
    assert [commit.id for commit in versioned.history(2)] == [second, first]


def test_an_unfinished_branch_that_ends_leaves_no_trace(versioned: Session) -> None:
    change(versioned, a="1")
    before = versioned.history()
    with versioned.branch("t") as branch:
        branch.snapshot({"a": b"2"})
    assert dict(versioned.variables()) == {"a": b"1"}
    assert versioned.history() == before


def test_a_call_can_go_on_after_a_merge(versioned: Session) -> None:
    with versioned.branch("t") as branch:
        branch.snapshot({"a": b"1"})
        branch.merge()
        change(versioned, b="1")
        branch.snapshot({"a": b"2"})
        branch.merge()
        branch.merge()
    assert dict(versioned.variables()) == {"a": b"2", "b": b"1"}


def test_restarting_takes_the_session_as_it_is_now(versioned: Session) -> None:
    change(versioned, n="1")
    with versioned.branch("t") as branch:
        branch.snapshot({"n": b"2", "mine": b"1"})
        branch.append_event(b"of the first try")
        change(versioned, n="5")
        with pytest.raises(Conflict):
            branch.merge()
        branch.restart()
        assert dict(branch.variables) == {"n": b"5"}
        branch.append_event(b"of the second try")
        branch.snapshot({"n": b"6"})
        branch.merge()
    assert dict(versioned.variables()) == {"n": b"6"}
    assert versioned.events() == [b"changed n", b"changed n", b"of the second try"]


def test_what_is_discarded_leaves_only_its_events(versioned: Session) -> None:
    first = change(versioned, n="1")
    with versioned.branch("t") as branch:
        branch.snapshot({"n": b"2"})
        branch.append_event(b"tried")
        branch.discard()
        assert dict(branch.variables) == {"n": b"1"}
        assert branch.merge().commit == first
    with versioned.branch("t") as branch:
        branch.append_event(b"forgotten")
        branch.discard(keep_events=False)
    assert dict(versioned.variables()) == {"n": b"1"}
    assert versioned.events() == [b"changed n", b"tried"]


def test_events_come_to_the_session_when_their_call_merges_or_ends(versioned: Session) -> None:
    with versioned.branch("one") as one, versioned.branch("two") as two:
        one.append_event(b"1a")
        two.append_event(b"2a")
        one.append_event(b"1b")
        one.snapshot({"a": b"1"})
        assert versioned.events() == []
        one.merge()
        assert versioned.events() == [b"1a", b"1b"]
        one.append_event(b"1c")
    assert versioned.events() == [b"1a", b"1b", b"2a", b"1c"]
    assert versioned.events(2) == [b"2a", b"1c"]
    assert versioned.events(0) == []
    assert versioned.events(9) == versioned.events()


def test_events_survive_a_conflict_that_ends_the_call(versioned: Session) -> None:
    with versioned.branch("t") as branch:
        branch.snapshot({"a": b"1"})
        branch.append_event(b"failed")
        change(versioned, a="2")
        with pytest.raises(Conflict):
            branch.merge()
        branch.discard()
    assert versioned.events() == [b"changed a", b"failed"]


def test_finishing_twice_is_once(versioned: Session) -> None:
    branch = versioned.branch("t")
    branch.append_event(b"e")
    branch.finish()
    branch.finish()
    assert versioned.events() == [b"e"]


@pytest.mark.parametrize("value", [b"", b"\x00", b"x" * 100_000])
def test_values_are_any_bytes_and_names_any_text(versioned: Session, value: bytes) -> None:
    with versioned.branch("t") as branch:
        branch.snapshot({"größe; DROP TABLE variables": value})
        branch.merge()
    assert dict(versioned.variables()) == {"größe; DROP TABLE variables": value}


def test_names_in_line_are_reserved_and_the_first_in_line_goes_first(versioned: Session) -> None:
    with (
        versioned.branch("t") as one,
        versioned.branch("t") as two,
        versioned.branch("t") as three,
        versioned.branch("t") as other,
    ):
        for branch in (one, two, three):
            branch.snapshot({"n": b"1", "by": branch.task_name.encode()})
        change(versioned, n="0")
        for branch in (one, two):
            with pytest.raises(Conflict):
                branch.merge()
            branch.line_up()
        assert (one.is_at_front(), two.is_at_front()) == (True, False)
        one.restart()
        three.restart()
        # Nothing else than its place in the line is against it: it came later.
        for late in (two, three):
            late.restart()
            late.snapshot({"by": b"late"})
            with pytest.raises(Conflict) as caught:
                late.merge()
            assert caught.value.keys == ("by",)
        other.snapshot({"free": b"1"})
        other.merge()
        one.snapshot({"n": b"1", "by": b"one"})
        one.merge()
        assert two.is_at_front()
        two.step_aside()
        three.line_up()
        assert three.is_at_front()
    assert dict(versioned.variables()) == {"n": b"1", "by": b"one", "free": b"1"}


def test_a_place_in_line_is_kept_when_more_names_come_to_it(versioned: Session) -> None:
    with versioned.branch("t") as one, versioned.branch("t") as two:
        one.snapshot({"a": b"1"})
        two.snapshot({"b": b"1"})
        change(versioned, a="0", b="0")
        for branch in (one, two):
            with pytest.raises(Conflict):
                branch.merge()
            branch.line_up()
        assert (one.is_at_front(), two.is_at_front()) == (True, True)
        one.restart()
        one.snapshot({"b": b"1", "a": b"1"})
        change(versioned, c="0")
        one.merge()
        two.restart()
        two.snapshot({"b": b"2"})
        two.merge()
    assert versioned.variables()["b"] == b"2"


def test_a_second_conflict_in_line_reserves_the_new_names_as_well(versioned: Session) -> None:
    with versioned.branch("t") as one, versioned.branch("t") as two:
        one.snapshot({"a": b"1"})
        change(versioned, a="0")
        with pytest.raises(Conflict):
            one.merge()
        one.line_up()
        one.restart()
        one.snapshot({"b": b"1"})
        change(versioned, b="0")
        with pytest.raises(Conflict):
            one.merge()
        two.restart()
        two.snapshot({"b": b"2"})
        with pytest.raises(Conflict):
            two.merge()
        one.restart()
        one.snapshot({"b": b"1"})
        one.merge()
        two.restart()
        two.snapshot({"b": b"2"})
        two.merge()
    assert versioned.variables()["b"] == b"2"


def test_a_call_without_a_conflict_need_not_wait(versioned: Session) -> None:
    with versioned.branch("t") as branch:
        branch.line_up()
        assert branch.is_at_front()


def test_live_changes_are_everybody_s_at_once(live: Session) -> None:
    with live.branch("one") as one, live.branch("two") as two:
        assert one.snapshot({"a": b"1", "b": b"1"}) == ""
        assert dict(live.variables()) == {"a": b"1", "b": b"1"}
        assert two.refresh() == {"a": b"1", "b": b"1"}
        two.snapshot({"a": None})
        assert one.refresh() == {"a": None}
        assert dict(one.variables) == {"b": b"1"}
        assert one.merge().clean
    assert dict(live.variables()) == {"b": b"1"}
    assert live.history() == []
    with pytest.raises(ValueError, match="live state keeps none"):
        live.revert("")


def test_a_live_turn_that_others_overtook_writes_nothing(live: Session) -> None:
    change(live, n="1")
    with live.branch("t") as branch:
        branch.snapshot({"first": b"1"})
        branch.append_event(b"first turn")
        change(live, n="2")
        with pytest.raises(Conflict) as caught:
            branch.snapshot({"n": b"2", "other": b"1"})
        assert caught.value.keys == ("n",)
        assert dict(live.variables()) == {"n": b"2", "first": b"1"}
        branch.restart(keep_events=True)
        assert dict(branch.variables) == {"n": b"2", "first": b"1"}
        branch.snapshot({"n": b"3", "other": b"1"})
    assert dict(live.variables()) == {"n": b"3", "first": b"1", "other": b"1"}
    assert live.events() == [b"changed n", b"changed n", b"first turn"]


def test_what_a_live_turn_wrote_stays_when_the_call_comes_to_nothing(live: Session) -> None:
    with live.branch("t") as branch:
        branch.snapshot({"n": b"1"})
        branch.discard()
    assert dict(live.variables()) == {"n": b"1"}

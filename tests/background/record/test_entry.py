"""What of a task is written down next, whatever it says and whenever."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from xpander_client.background import TaskCtl
from xpander_client.background.record.entry import (
    SPACING,
    Create,
    Entry,
    FinalStatus,
    Look,
    Pause,
    Write,
)


def entry(**fields: Any) -> Entry:
    return Entry("p:t:1", None, {}, "key", **fields)


def test_a_task_is_created_before_anything_is_written() -> None:
    made = entry()
    made.take_progress(TaskCtl.report_progress("half", 50))
    made.final = FinalStatus("completed", "done")
    assert made.due(0.0) == Create()


def test_a_task_that_may_have_changed_is_looked_at_first() -> None:
    made = entry(task_id="x", is_doubtful=True)
    made.final = FinalStatus("completed", "done")
    assert made.due(0.0) == Look()


def test_the_beginning_the_newest_progress_and_the_end_are_written_in_this_order() -> None:
    made = entry(task_id="x", attempt=2)
    for percent in (1, 2, 3):
        made.take_progress(TaskCtl.report_progress(f"at {percent}", percent))
    made.final = FinalStatus("failed", None)
    step = made.due(10.0)
    assert step == Write(is_last=False)
    assert made.fields(step) == {
        "execution_attempts": 2,
        "status": "executing",
        "progress": {"percent": 3, "message": "at 3"},
    }
    made.on_written(10.0)
    step = made.due(10.0)
    assert step == Write(is_last=True)
    assert made.fields(step) == {"execution_attempts": 2, "status": "failed"}


def test_a_write_that_did_not_get_through_is_made_with_what_is_newest_then() -> None:
    made = entry(task_id="x")
    made.take_progress(TaskCtl.report_progress("old", 1))
    step = made.due(0.0)
    assert isinstance(step, Write)
    assert made.fields(step)["progress"]["message"] == "old"
    assert made.fields(step)["progress"]["message"] == "old"
    made.take_progress(TaskCtl.report_progress("new", 2))
    assert made.fields(step)["progress"]["message"] == "new"
    made.on_written(0.0)
    assert made.due(0.0) is None


@given(st.lists(st.floats(0, 100), min_size=1))
def test_a_quiet_task_is_begun_and_nothing_more(percents: list[float]) -> None:
    made = entry(task_id="x")
    assert made.due(0.0) == Write(is_last=False)
    made.on_written(0.0)
    assert made.due(0.0) is None
    for percent in percents:
        made.take_progress(TaskCtl.report_progress("", percent))
    assert made.due(0.0) == Write(is_last=False)


class AnyOrder(RuleBasedStateMachine):
    """A task says what it likes, the platform hears some of it, and time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = entry(task_id="x")
        self.now = 0.0
        self.said: list[float] = []
        self.written: list[tuple[float, dict[str, Any]]] = []
        self.is_over = False

    @precondition(lambda self: self.entry.final is None)
    @rule()
    def progress(self) -> None:
        self.said.append(len(self.said) % 100)
        self.entry.take_progress(TaskCtl.report_progress(str(len(self.said)), self.said[-1]))

    @precondition(lambda self: self.entry.final is None)
    @rule()
    def end(self) -> None:
        self.entry.final = FinalStatus("completed", "done")

    @rule(seconds=st.floats(0.001, 0.3))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: not self.is_over)
    @rule(gets_through=st.booleans())
    def write(self, gets_through: bool) -> None:
        step = self.entry.due(self.now)
        if isinstance(step, Pause):
            assert 0 < step.seconds <= SPACING + 1e-9
        if not isinstance(step, Write):
            return
        fields = self.entry.fields(step)
        if gets_through:
            self.written.append((self.now, fields))
            self.entry.on_written(self.now)
            self.is_over = step.is_last

    @invariant()
    def progress_keeps_its_distance_and_its_order(self) -> None:
        told = [(when, fields["progress"]) for when, fields in self.written if "progress" in fields]
        for (before, _), (after, _) in itertools.pairwise(told):
            assert after - before >= SPACING - 1e-9
        numbers = [int(progress["message"]) for _, progress in told]
        assert numbers == sorted(set(numbers))

    @invariant()
    def the_end_comes_last_and_behind_the_last_progress(self) -> None:
        ends = [fields for _, fields in self.written if fields.get("status") == "completed"]
        assert len(ends) == self.is_over
        if self.is_over:
            assert self.written[-1][1] is ends[0]
            told = [fields["progress"] for _, fields in self.written if "progress" in fields]
            assert [p["message"] for p in told[-1:]] == [str(len(self.said))] * bool(self.said)


TestAnyOrder = AnyOrder.TestCase

"""The life of one task, as a state machine without an event loop."""

from __future__ import annotations

from asyncio import CancelledError

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from xpander_client.background import TaskCtl, TaskSignal
from xpander_client.background.lifecycle import TaskLifecycle, Verdict

WORDS = st.sampled_from(
    [
        TaskCtl.report_progress("half", 50),
        TaskCtl.success("done", data=1),
        TaskCtl.fail("failed"),
        TaskCtl.cancel("mine"),
        "no word at all",
    ]
)


class LifeMachine(RuleBasedStateMachine):
    """Anything happens in any order: the first end that is decided is the only one given out."""

    def __init__(self) -> None:
        super().__init__()
        self.life = TaskLifecycle()
        self.ends: list[TaskCtl] = []
        self.first: TaskCtl | None = None
        self.asked: str | None = None
        self.graces = 0
        self.gave_up = False

    def noted(self) -> None:
        """Remembers the first decision, by asking a copy of the life for its end."""
        if self.first is None and self.life.is_decided and not self.life.is_over:
            copy = TaskLifecycle()
            for slot in TaskLifecycle.__slots__:
                setattr(copy, slot, getattr(self.life, slot))
            self.first = copy.end()

    @precondition(lambda self: not self.life.has_begun)
    @rule()
    def begin(self) -> None:
        assert self.life.begin() is (self.asked is None)

    @precondition(lambda self: self.life.has_begun)
    @rule(value=WORDS)
    def take(self, value: object) -> None:
        was_decided = self.life.is_decided
        goes_on = self.life.take(value)
        assert goes_on is not self.life.is_decided
        assert not (was_decided and goes_on)
        if goes_on:
            assert self.life.latest is value
        self.noted()

    @precondition(lambda self: self.life.has_begun)
    @rule()
    def run_out(self) -> None:
        self.life.run_out()
        assert self.life.is_decided
        self.noted()

    @precondition(lambda self: self.life.has_begun)
    @rule(value=st.one_of(WORDS, st.none(), st.integers()))
    def returned(self, value: object) -> None:
        self.life.take_result(value)
        assert self.life.is_decided
        self.noted()

    @precondition(lambda self: self.life.has_begun)
    @rule(error=st.sampled_from([OSError("no disk"), CancelledError(), SystemExit()]))
    def raised(self, error: BaseException) -> None:
        self.life.take_error(error)
        assert self.life.is_decided
        self.noted()

    @rule(reason=st.sampled_from(["one", "other"]))
    def ask_to_stop(self, reason: str) -> None:
        has_grace = self.life.ask_to_stop(reason)
        assert has_grace is (self.asked is None and self.life.has_begun and not self.life.is_over)
        if self.asked is None and not self.life.is_over:
            self.asked = reason
        self.graces += has_grace
        self.noted()

    @precondition(lambda self: self.graces > 0 and not self.gave_up)
    @rule()
    def grace_is_over(self) -> None:
        verdict = self.life.grace_is_over(5.0)
        if self.life.is_over:
            assert verdict is Verdict.NOTHING
        elif self.graces == 1:
            assert verdict is Verdict.FORCE
            self.graces = 2
        else:
            assert verdict is Verdict.GIVE_UP
            assert self.life.is_decided
            self.gave_up = True
        self.noted()

    @precondition(lambda self: self.life.is_decided)
    @rule()
    def end(self) -> None:
        if (end := self.life.end()) is not None:
            self.ends.append(end)

    @invariant()
    def there_is_one_end_and_it_is_the_first_that_was_decided(self) -> None:
        assert len(self.ends) <= 1
        assert self.life.is_over is bool(self.ends)
        if self.ends:
            assert self.ends[0].is_terminal
            assert self.ends[0] == self.first
            assert self.life.latest is self.ends[0]

    @invariant()
    def progress_comes_before_the_end(self) -> None:
        if self.life.latest is not None and not self.life.is_over:
            assert self.life.latest.signal is TaskSignal.PROGRESS


TestLife = LifeMachine.TestCase


def test_nobody_asks_twice_and_the_first_reason_counts() -> None:
    life = TaskLifecycle()
    assert life.begin()
    assert life.ask_to_stop("first")
    assert not life.ask_to_stop("second")
    life.take_error(CancelledError())
    assert life.end() == TaskCtl.cancel("first")


def test_a_life_without_a_decision_still_ends_as_failed() -> None:
    life = TaskLifecycle()
    end = life.end()
    assert end is not None
    assert end.signal is TaskSignal.FAIL
    assert life.end() is None

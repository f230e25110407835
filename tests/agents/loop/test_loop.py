"""The loop as a description: every step answered by hand, without a model, a sandbox or a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.loop.loop import step_through
from xpander_client.agents.loop.prompt import REMINDER
from xpander_client.agents.loop.steps import (
    Ask,
    Begin,
    Brief,
    CancelRequested,
    LineUp,
    Merge,
    Renew,
    RunCode,
    Snapshot,
    Step,
    Tell,
    View,
    Wait,
)
from xpander_client.agents.sandbox.results import Block, Clarify, Continue, Fail, Success
from xpander_client.agents.state.store import Conflict
from xpander_client.agents.types.errors import (
    ConcurrencyError,
    LLMCallError,
    LLMFail,
    OutputInvalid,
    ResponseParseError,
    TaskCancelled,
    TaskClarify,
    TaskFail,
    TaskTimeout,
)
from xpander_client.agents.types.events import BaseEvent, ErrorEvent, OutputEvent, SuccessEvent
from xpander_client.agents.types.messages import Image
from xpander_client.errors import ConfigurationError

DONE = Block(control=Success(42))


def brief(**given: Any) -> Brief:
    values: dict[str, Any] = {
        "task_name": "solve",
        "agent_name": "solver",
        "namespace": "solver",
        "instructions": "Solve it.",
        "inputs": {"x": 6},
        "returns": int,
        "system": "SYSTEM",
        "validated": lambda value: value,
        "provider": "openai",
        "model": "gpt",
    }
    return Brief(**(values | given))


@attrs.define
class World:
    """Answers steps from scripts, and keeps what was asked of it."""

    blocks: list[Any] = attrs.field(factory=lambda: [DONE])
    answers: list[Any] = attrs.field(factory=list)
    merges: list[Any] = attrs.field(factory=list)
    snapshots: list[Any] = attrs.field(factory=list)
    lines: list[Any] = attrs.field(factory=list)
    waits: list[Any] = attrs.field(factory=list)
    view: View = attrs.field(factory=View)
    steps: list[Step] = attrs.field(factory=list)

    def run(self, brief: Brief) -> Any:
        steps = step_through(brief)
        answer: Callable[[], Step] = lambda: next(steps)  # noqa: E731
        while True:
            try:
                step = answer()
            except StopIteration as stop:
                return stop.value
            self.steps.append(step)
            given = self._answer(step)
            if isinstance(given, BaseException):
                answer = lambda error=given: steps.throw(error)  # type: ignore[misc]  # noqa: E731
            else:
                answer = lambda value=given: steps.send(value)  # type: ignore[misc]  # noqa: E731

    def _answer(self, step: Step) -> Any:
        match step:
            case Begin():
                return self.view
            case Ask():
                return self.answers.pop(0) if self.answers else LLMResponse(code="work()")
            case RunCode():
                return self.blocks.pop(0)
            case Merge():
                return self.merges.pop(0) if self.merges else "commit-1"
            case Snapshot():
                return self.snapshots.pop(0) if self.snapshots else None
            case LineUp():
                return self.lines.pop(0) if self.lines else True
            case Wait():
                return self.waits.pop(0) if self.waits else None
            case _:
                return None

    def of(self, kind: type[Any]) -> list[Any]:
        return [step for step in self.steps if isinstance(step, kind)]

    @property
    def events(self) -> list[BaseEvent]:
        return [step.event for step in self.of(Tell)]

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    def asked(self, number: int = -1) -> str:
        return "\n".join(message.text for message in self.of(Ask)[number].messages)


def test_a_call_of_one_turn_begins_asks_runs_and_merges_before_it_tells_the_end() -> None:
    world = World()
    assert world.run(brief()) == 42
    kinds = [type(step) for step in world.steps]
    assert kinds == [Begin, Tell, Ask, Tell, RunCode, Snapshot, Merge, Tell]
    assert world.kinds == ["TaskStartEvent", "ActionEvent", "SuccessEvent"]
    end = world.events[-1]
    assert isinstance(end, SuccessEvent)
    assert (end.result, end.commit_hash) == (42, "commit-1")


def test_the_model_is_told_the_task_its_arguments_and_what_has_to_come_back() -> None:
    world = World(view=View(names=("counter", "notes")))
    world.run(brief(inputs={"x": 6, "words": ["a", "b"]}))
    system, user = world.of(Ask)[0].messages
    assert (system.role, system.text) == ("system", "SYSTEM")
    assert "Task: Solve it." in user.text
    assert "inputs.x = 6\ninputs.words = ['a', 'b']" in user.text
    assert "of type `int`" in user.text
    assert "Variables of earlier calls: counter, notes." in user.text


def test_output_and_errors_of_a_block_are_what_the_model_sees_next() -> None:
    failed = Block(output=("one\n", "two\n"), error="ValueError: no such thing\n  line 1: work()")
    world = World(blocks=[failed, DONE])
    assert world.run(brief()) == 42
    messages = world.of(Ask)[1].messages
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2].text == "<PYTHON>work()</PYTHON>"
    assert messages[3].text == (
        "one\ntwo\n\nThe block failed:\nValueError: no such thing\n  line 1: work()"
    )


def test_images_that_code_shows_reach_the_model_as_images() -> None:
    image = Image("image/png", b"\x89PNG...")
    world = World(blocks=[Block(output=("look:\n", image), control=Continue()), DONE])
    world.run(brief())
    assert world.of(Ask)[1].messages[-1].parts == ("look:\n", image)


def test_a_block_without_an_end_is_reminded_of_the_four_functions() -> None:
    world = World(blocks=[Block(), DONE])
    world.run(brief())
    assert REMINDER in world.asked()
    assert all(name in REMINDER for name in ("success", "fail", "clarify", "continue"))


def test_a_block_that_failed_is_not_reminded_as_well() -> None:
    world = World(blocks=[Block(error="ValueError: no"), DONE])
    world.run(brief())
    assert REMINDER not in world.asked()


def test_observations_of_task_continue_are_shown() -> None:
    world = World(blocks=[Block(control=Continue(("text", {"a": 1}))), DONE])
    world.run(brief())
    assert world.asked().endswith("text\n{'a': 1}")
    assert REMINDER not in world.asked()


def test_a_result_of_the_wrong_type_goes_back_to_the_model() -> None:
    def validated(value: Any) -> Any:
        if value != 42:
            raise OutputInvalid("Output validation failed. Details: not 42")
        return float(value)

    world = World(blocks=[Block(control=Success("x")), DONE])
    assert world.run(brief(validated=validated)) == 42.0
    assert "Output validation failed. Details: not 42" in world.asked()
    assert world.kinds.count("SuccessEvent") == 1


@pytest.mark.parametrize(
    ("control", "error", "event"),
    [
        (Fail("no way"), TaskFail, "FailEvent"),
        (Clarify("which one?"), TaskClarify, "ClarifyEvent"),
    ],
)
def test_other_ends_are_told_merged_and_raised(control: Any, error: Any, event: str) -> None:
    world = World(blocks=[Block(control=control)])
    with pytest.raises(error, match=control.message.rstrip("?")):
        world.run(brief())
    assert world.of(Merge)
    assert world.kinds[-1] == event


def test_a_call_that_uses_up_its_turns_says_how_many_and_keeps_what_it_did() -> None:
    world = World(blocks=[Block()] * 4)
    with pytest.raises(TaskTimeout, match=r"Task 'solve' exceeded maximum iterations \(4\)"):
        world.run(brief(max_iterations=4))
    assert len(world.of(Ask)) == 4
    assert world.of(Merge)


def test_the_budget_is_told_when_it_runs_out_and_not_repeated_later() -> None:
    world = World(blocks=[Block()] * 10)
    with pytest.raises(TaskTimeout):
        world.run(brief(max_iterations=10))
    noted = ["System Note" in world.asked(turn) for turn in range(10)]
    assert noted == [False] * 8 + [True, True]
    assert world.asked(9).count("System Note") == 1
    assert "iteration 10 of 10" in world.asked(9)


def test_setup_runs_before_the_model_is_asked_and_takes_no_turn() -> None:
    world = World(blocks=[Block(output=("head of it\n",)), DONE])
    assert world.run(brief(setup="look()", max_iterations=1)) == 42
    first = world.of(RunCode)[0]
    assert (first.code, first.source) == ("look()", "setup")
    assert "head of it" in world.asked(0)
    assert REMINDER not in world.asked(0)
    assert world.events[1].source == "setup"


def test_a_setup_that_fails_is_shown_and_the_task_goes_on() -> None:
    world = World(blocks=[Block(error="NameError: look"), DONE])
    assert world.run(brief(setup="look()")) == 42
    assert "NameError: look" in world.asked(0)
    shown = [event for event in world.events if isinstance(event, OutputEvent)]
    assert [event.source for event in shown] == ["setup"]


def test_a_setup_may_end_the_task() -> None:
    world = World(blocks=[DONE])
    assert world.run(brief(setup="task_success(42)")) == 42
    assert not world.of(Ask)


def test_a_model_that_fails_is_asked_again_after_a_growing_wait() -> None:
    world = World(answers=[LLMCallError("overloaded"), RuntimeError("odd"), LLMResponse(code="x")])
    assert world.run(brief()) == 42
    waits = world.of(Wait)
    assert [(wait.least, wait.most) for wait in waits] == [(0.25, 0.5), (0.5, 1.0)]
    errors = [event for event in world.events if isinstance(event, ErrorEvent)]
    assert [event.error for event in errors] == ["LLMCallError: overloaded", "RuntimeError: odd"]


def test_an_answer_that_cannot_be_read_is_complained_of_until_it_is_better() -> None:
    answers = [ResponseParseError("no <PYTHON>"), LLMResponse(code="x"), LLMResponse(code="y")]
    world = World(answers=answers, blocks=[Block(control=Continue()), DONE])
    world.run(brief())
    told = ["could not be read: no <PYTHON>" in world.asked(number) for number in range(3)]
    assert told == [False, True, False]


def test_the_model_is_shown_its_answer_that_could_not_be_read() -> None:
    answers = [ResponseParseError("no <PYTHON>", "x = 1"), ResponseParseError("empty", " ")]
    world = World(answers=[*answers, LLMResponse(code="x")])
    world.run(brief())
    roles = [[message.role for message in ask.messages] for ask in world.of(Ask)]
    assert roles[1] == ["system", "user", "assistant", "user"]
    assert roles[2] == roles[1]
    assert world.of(Ask)[1].messages[2].text == "x = 1"


def test_a_long_answer_that_could_not_be_read_is_shown_in_part() -> None:
    world = World(answers=[ResponseParseError("no end", "x" * 100_000), LLMResponse(code="x")])
    world.run(brief())
    assert len(world.of(Ask)[1].messages[2].text) < 10_000


def test_the_wait_that_a_provider_asks_for_comes_before_the_next_request() -> None:
    world = World(answers=[LLMCallError("busy", retry_after=7.0), LLMResponse(code="x")])
    assert world.run(brief()) == 42
    (wait,) = world.of(Wait)
    assert 7 < wait.least < wait.most < 8


def test_a_wait_that_is_too_long_ends_the_call_and_is_named() -> None:
    world = World(answers=[LLMCallError("busy", retry_after=3_600.0)])
    with pytest.raises(LLMFail, match=r"asks to wait 3,600 s.* longer than 120 s"):
        world.run(brief())
    assert not world.of(Wait)


def test_a_model_that_keeps_failing_ends_the_call_and_what_was_done_is_kept() -> None:
    world = World(answers=[LLMResponse(code="x"), *[LLMCallError("down")] * 3], blocks=[Block()])
    with pytest.raises(LLMFail, match=r"3 requests.*LLMCallError: down") as caught:
        world.run(brief())
    assert (caught.value.provider, caught.value.model, caught.value.retries) == ("openai", "gpt", 2)
    assert isinstance(caught.value.__cause__, LLMCallError)
    assert world.of(Merge)
    last = world.events[-1]
    assert isinstance(last, ErrorEvent)
    assert not last.recoverable


def test_a_wrong_key_is_not_tried_again() -> None:
    world = World(answers=[LLMCallError("wrong key", retryable=False)])
    with pytest.raises(LLMFail):
        world.run(brief())
    assert len(world.of(Ask)) == 1


@pytest.mark.parametrize("error", [ConfigurationError("no key"), ImportError("no client")])
def test_what_no_model_can_be_blamed_for_is_raised_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)):
        World(answers=[error]).run(brief())


def conflicting(times: int) -> list[Any]:
    return [Conflict(["counter"])] * times


def test_a_conflict_runs_the_task_again_from_scratch_after_standing_in_line() -> None:
    world = World(blocks=[DONE, DONE], merges=[*conflicting(1), "c2"], lines=[False, False, True])
    assert world.run(brief()) == 42
    assert (len(world.of(Begin)), len(world.of(Ask)), len(world.of(LineUp))) == (2, 2, 3)
    assert world.kinds.count("SuccessEvent") == 1
    assert world.asked(0) == world.asked(1)
    waits = world.of(Wait)
    assert all(wait.least < wait.most for wait in waits)
    assert waits[0].most < waits[2].most


def test_a_conflict_each_time_is_an_error_that_names_the_variables() -> None:
    world = World(blocks=[DONE] * 3, merges=conflicting(3))
    with pytest.raises(ConcurrencyError, match=r"'counter'.*2 retries"):
        world.run(brief(max_conflict_retries=2))
    assert len(world.of(Ask)) == 3
    assert world.kinds[-1] == "FailEvent"


def test_an_abandoned_task_gives_none_and_never_says_that_it_succeeded() -> None:
    world = World(merges=conflicting(1))
    assert world.run(brief(on_conflict="abandon")) is None
    assert "SuccessEvent" not in world.kinds
    assert len(world.of(Ask)) == 1


@pytest.mark.parametrize("on_conflict", ["retry", "abandon"])
def test_a_failure_is_not_hidden_by_a_conflict(on_conflict: str) -> None:
    world = World(blocks=[Block(control=Fail("no way"))], merges=conflicting(1))
    with pytest.raises(TaskFail, match="no way"):
        world.run(brief(on_conflict=on_conflict))
    assert world.events[-1].commit_hash is None


def test_a_turn_that_conflicts_in_live_state_runs_its_code_again_without_the_model() -> None:
    world = World(blocks=[DONE, DONE], snapshots=conflicting(1))
    assert world.run(brief()) == 42
    assert (len(world.of(Ask)), len(world.of(RunCode)), len(world.of(Renew))) == (1, 2, 1)


def test_a_turn_of_live_state_that_conflicts_each_time_is_an_error() -> None:
    world = World(blocks=[DONE] * 3, snapshots=conflicting(3))
    with pytest.raises(ConcurrencyError):
        world.run(brief(max_conflict_retries=2))


def test_a_turn_of_live_state_is_abandoned_when_that_is_wanted() -> None:
    world = World(blocks=[DONE], snapshots=conflicting(1))
    assert world.run(brief(on_conflict="abandon")) is None


def test_a_cancel_says_how_many_turns_were_done_and_keeps_them() -> None:
    world = World(
        blocks=[Block(), Block()], answers=[LLMResponse(), LLMResponse(), CancelRequested()]
    )
    with pytest.raises(TaskCancelled, match="Task 'solve' was cancelled") as caught:
        world.run(brief())
    assert (caught.value.task_name, caught.value.iterations_completed) == ("solve", 2)
    assert world.of(Merge)
    assert world.kinds[-1] == "CancelledEvent"


def test_a_cancel_while_waiting_in_line_or_for_a_retry_counts() -> None:
    world = World(merges=conflicting(1), waits=[CancelRequested()])
    with pytest.raises(TaskCancelled):
        world.run(brief())
    world = World(answers=[LLMCallError("down")], waits=[CancelRequested()])
    with pytest.raises(TaskCancelled):
        world.run(brief())


def test_what_earlier_calls_told_comes_before_the_task_cut_to_size() -> None:
    first = World(blocks=[Block(error="x" * 50_000), DONE])
    first.run(brief())
    world = World(view=View(past=tuple(first.events)))
    world.run(brief(instructions="And now?"))
    messages = world.of(Ask)[0].messages
    roles = [message.role for message in messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "Task: Solve it." in messages[1].text
    assert "characters left out]" in messages[3].text
    assert messages[-1].text.index("The task was done: 42") < messages[-1].text.index("And now?")
    assert sum(len(message.text) for message in messages) < 5_000

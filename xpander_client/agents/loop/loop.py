"""What happens in one call of a task, as steps: no I/O, no clock, no threads.

`step_through` yields what is to be done, and is sent what came of it. Whoever drives it raises into
it what went wrong: `Conflict` at a merge, `CancelRequested` wherever time passes, and at `Ask`
whatever the model's client raised.
"""

from __future__ import annotations

from typing import Any, Literal, assert_never, cast

import attrs

from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.loop import prompt
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
    Steps,
    Tell,
    View,
    Wait,
)
from xpander_client.agents.sandbox.results import Block, Clarify, Continue, Fail, Success
from xpander_client.agents.state.store import Conflict
from xpander_client.agents.types.errors import (
    AgentTaskError,
    ConcurrencyError,
    LLMFail,
    OutputInvalid,
    TaskCancelled,
    TaskClarify,
    TaskFail,
    TaskTimeout,
)
from xpander_client.agents.types.events import (
    ActionEvent,
    BaseEvent,
    CancelledEvent,
    ClarifyEvent,
    ErrorEvent,
    FailEvent,
    OutputEvent,
    SuccessEvent,
    SystemNoteEvent,
    TaskStartEvent,
)
from xpander_client.agents.types.messages import Message
from xpander_client.configuration import RetryPolicy
from xpander_client.errors import ConfigurationError

_SETUP_FAULTS = (ConfigurationError, ImportError, TypeError)
"""What no model can be blamed for: the caller gets these as they are."""

_PATIENCE = 60.0
"""Seconds that a call waits in line, of calls that had a conflict."""
_LONGEST_RETRY_AFTER = RetryPolicy().maximum_retry_after
"""Seconds that a call waits because the provider of its model asks for it."""
_SHORTEST_PAUSE = 0.001
_LONGEST_PAUSE = 0.02


@attrs.frozen
class _Ending:
    """How a try ended: with a value, or with what is raised; the event tells it."""

    event: BaseEvent
    value: Any = None
    error: AgentTaskError | None = None


@attrs.define
class _Try:
    """A try under way: what the model has been told, and how many turns are done."""

    messages: list[Message] = attrs.field(factory=list)
    turns: int = 0


def step_through(brief: Brief) -> Steps[Any]:
    """Carry out a call: what its caller gets.

    The event of the end comes after the merge, so that nobody is told of a result that is lost.

    Raises:
        AgentTaskError: the call ends without a result; which class says how.
    """
    retries = 0
    while True:
        work, commit = _Try(), None
        try:
            view = cast(View, (yield Begin()))
            ending = yield from _try_once(brief, view, work)
        except CancelRequested:
            ending = _end_cancelled(brief, work.turns)
        except Conflict as conflict:
            # Of live state, where a turn is tried again by itself.
            return (yield from _lose_changes(brief, conflict))
        try:
            commit = cast("str | None", (yield Merge()))
            break
        except Conflict as conflict:
            # How else the task ended says more than that its changes are lost.
            if ending.error is not None:
                break
            if brief.on_conflict == "abandon" or retries == brief.max_conflict_retries:
                return (yield from _lose_changes(brief, conflict))
            retries += 1
            yield Tell(_note(brief, prompt.report_retry(conflict.keys, retries)), keep=False)
        try:
            yield from _line_up()
        except CancelRequested:
            ending = _end_cancelled(brief, work.turns)
            break
    yield Tell(attrs.evolve(ending.event, commit_hash=commit))
    if ending.error is not None:
        raise ending.error
    return ending.value


def _lose_changes(brief: Brief, conflict: Conflict) -> Steps[None]:
    """Decide what it means that the changes are lost for good: that is fine, or an error."""
    if brief.on_conflict == "abandon":
        yield Tell(_note(brief, prompt.report_abandoned(conflict.keys)))
        return
    message = prompt.report_given_up(brief.task_name, conflict.keys, brief.max_conflict_retries)
    yield Tell(_event(brief, FailEvent, message=message))
    raise ConcurrencyError(message)


def _line_up() -> Steps[None]:
    """Wait until no other call that had a conflict is before this one; but not for ever."""
    pause, waited = _SHORTEST_PAUSE, 0.0
    while waited < _PATIENCE:
        yield Wait(pause / 2, pause * 1.5)
        if (yield LineUp()):
            return
        waited += pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _try_once(brief: Brief, view: View, work: _Try) -> Steps[_Ending]:
    task = prompt.write_task(brief, view.names)
    work.messages += [
        Message("system", (brief.system,)),
        *prompt.show_past(view.past),
        Message("user", (task,)),
    ]
    start = _event(
        brief, TaskStartEvent, task_name=brief.task_name, inputs=dict(brief.inputs), message=task
    )
    yield Tell(start)
    if brief.setup is not None:
        yield Tell(_event(brief, ActionEvent, title="setup", code=brief.setup, source="setup"))
        block = yield from _run(brief, brief.setup, work, is_setup=True)
        ending = yield from _read_ending(brief, block, work)
        if ending is not None:
            return ending
    for turn in range(1, brief.max_iterations + 1):
        note = prompt.write_budget_note(turn, brief.max_iterations)
        if note is not None:
            yield Tell(_note(brief, note), keep=False)
        try:
            response = yield from _answer(brief, work, note)
        except LLMFail as error:
            failed = _event(brief, ErrorEvent, error=str(error), recoverable=False)
            return _Ending(failed, error=error)
        action = _event(
            brief,
            ActionEvent,
            title=response.title,
            thinking=response.thinking,
            code=response.code,
        )
        yield Tell(action)
        work.messages.append(prompt.write_answer(response))
        block = yield from _run(brief, response.code, work)
        ending = yield from _read_ending(brief, block, work)
        work.turns = turn
        if ending is not None:
            return ending
        if block.control is None and block.error is None:
            yield from _observe(brief, work, (prompt.REMINDER,))
    text = prompt.report_timeout(brief.task_name, brief.max_iterations)
    return _Ending(_event(brief, FailEvent, message=text), error=TaskTimeout(text))


def _answer(brief: Brief, work: _Try, note: str | None) -> Steps[LLMResponse]:
    """Ask the model, and again when that fails: it is over after `llm_max_retries` more."""
    notes = [] if note is None else [Message("user", (note,))]
    for number in range(brief.llm_max_retries + 1):
        asked = prompt.join_messages([*work.messages, *notes])
        try:
            return cast(LLMResponse, (yield Ask(asked)))
        except CancelRequested:
            raise
        except Exception as error:
            if isinstance(error, _SETUP_FAULTS):
                raise
            text = f"{type(error).__name__}: {error}"
            pause = getattr(error, "retry_after", None) or 0.0
            if pause > _LONGEST_RETRY_AFTER:
                text += prompt.report_long_pause(pause, _LONGEST_RETRY_AFTER)
            elif number < brief.llm_max_retries and getattr(error, "retryable", True):
                yield Tell(_event(brief, ErrorEvent, error=text, recoverable=True), keep=False)
                notes += prompt.write_complaint(error)
                yield Wait(pause + 0.25 * 2**number, pause + 0.5 * 2**number)
                continue
            message = prompt.report_no_answer(number + 1, text)
            raise LLMFail(message, brief.provider, brief.model, number) from error
    raise AssertionError("each try returns or raises")


def _run(brief: Brief, code: str, work: _Try, *, is_setup: bool = False) -> Steps[Block]:
    """Run a block, and have the model see what it printed and what went wrong in it."""
    source: Literal["main", "setup"] = "setup" if is_setup else "main"
    retries = 0
    while True:
        block = cast(Block, (yield RunCode(code, source)))
        try:
            yield Snapshot()
            break
        except Conflict as conflict:
            if brief.on_conflict == "abandon" or retries == brief.max_conflict_retries:
                raise
            retries += 1
            yield Tell(_note(brief, prompt.report_retry(conflict.keys, retries)), keep=False)
        yield from _line_up()
        yield Renew()
    seen = prompt.merge_texts(block.output)
    if seen:
        work.messages.append(Message("user", seen))
    if block.error is not None:
        yield from _observe(brief, work, (prompt.report_error(block.error),), source)
    return block


def _read_ending(brief: Brief, block: Block, work: _Try) -> Steps[_Ending | None]:
    """Read from the block how it ended the try; None when it did not."""
    match block.control:
        case Success(value):
            try:
                result = brief.validated(value)
            except OutputInvalid as error:
                yield from _observe(brief, work, (str(error),))
                return None
            return _Ending(_event(brief, SuccessEvent, result=result), value=result)
        case Fail(message):
            return _Ending(_event(brief, FailEvent, message=message), error=TaskFail(message))
        case Clarify(message):
            asks = _event(brief, ClarifyEvent, message=message)
            return _Ending(asks, error=TaskClarify(message))
        case Continue(observations):
            if observations:
                yield from _observe(brief, work, prompt.show_values(observations))
            return None
        case None:
            return None
        case _:
            assert_never(block.control)


def _observe(
    brief: Brief,
    work: _Try,
    parts: tuple[Any, ...],
    source: Literal["main", "setup"] = "main",
) -> Steps[None]:
    yield Tell(_event(brief, OutputEvent, parts=parts, source=source))
    work.messages.append(Message("user", prompt.merge_texts(parts)))


def _end_cancelled(brief: Brief, turns: int) -> _Ending:
    text = f"Task '{brief.task_name}' was cancelled"
    event = _event(brief, CancelledEvent, task_name=brief.task_name, iterations_completed=turns)
    return _Ending(event, error=TaskCancelled(text, brief.task_name, turns))


def _note(brief: Brief, message: str) -> BaseEvent:
    return _event(brief, SystemNoteEvent, message=message)


def _event(brief: Brief, kind: type[BaseEvent], **fields: Any) -> BaseEvent:
    return kind(agent_name=brief.agent_name, full_namespace=brief.namespace, **fields)

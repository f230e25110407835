"""How calls of tasks end badly."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from xpander_client.agents.types import errors
from xpander_client.agents.types.errors import (
    AgentTaskError,
    ConcurrencyError,
    LLMCallError,
    LLMFail,
    OutputInvalid,
    ResponseParseError,
    ScriptEndedError,
    TaskCancelled,
    TaskClarify,
    TaskFail,
    TaskTimeout,
)
from xpander_client.errors import ModuleException

ALL = [
    AgentTaskError("a"),
    TaskFail("no"),
    TaskClarify("which?"),
    TaskTimeout("Task 'f' exceeded maximum iterations (10)"),
    TaskCancelled("Task 'f' was cancelled", "f", 3),
    TaskCancelled(message="Task 'f' was cancelled", task_name="f", iterations_completed=3),
    LLMFail("overloaded", "openai", "gpt-x", 2),
    LLMFail(message="overloaded", provider="openai", model="gpt-x", retries=2),
    ConcurrencyError("n"),
    LLMCallError("429", status_code=429, retryable=False),
    OutputInvalid("not a number"),
    ResponseParseError("no answer", "Well."),
    ScriptEndedError("over"),
]


def test_every_error_is_of_one_root_and_tried_below() -> None:
    classes = {
        name
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if cls.__module__ == errors.__name__
    }
    assert classes == {type(error).__name__ for error in ALL}
    assert all(issubclass(getattr(errors, name), AgentTaskError) for name in classes)
    assert issubclass(AgentTaskError, ModuleException)


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_an_error_reads_as_its_message_also_in_another_process(error: AgentTaskError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == again.message == str(error) == error.message
        assert vars(again) == vars(error)
    assert str(error)


def test_the_fields_are_there_however_they_are_given() -> None:
    for cancelled in ALL[4:6]:
        assert isinstance(cancelled, TaskCancelled)
        assert (cancelled.task_name, cancelled.iterations_completed) == ("f", 3)
    for failed in ALL[6:8]:
        assert isinstance(failed, LLMFail)
        assert (failed.provider, failed.model, failed.retries) == ("openai", "gpt-x", 2)
    assert TaskCancelled("m", "f").iterations_completed == 0
    assert ConcurrencyError("n").retryable
    assert not LLMFail("m", "p", "m", 0).retryable

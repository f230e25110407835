"""The functions that stand in for those that are decorated."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
import typing
from typing import Any

import attrs
import pytest

from xpander_client.agents.contract.contract import BoundArguments, Contract, read_contract
from xpander_client.agents.contract.wrapper import wrap
from xpander_client.agents.types.events import BaseEvent


@attrs.define
class Recorder:
    """A runner that gives back what it was asked to run."""

    cancelled: list[tuple[str, str]] = attrs.field(factory=list)

    def run(self, contract: Contract, bound: BoundArguments, outer: Any = None) -> Any:
        return contract.name, bound

    async def arun(self, contract: Contract, bound: BoundArguments, outer: Any = None) -> Any:
        await asyncio.sleep(0)
        return contract.name, bound

    def cancel(self, contract: Contract, session: str) -> None:
        self.cancelled.append((contract.name, session))


RUNNER = Recorder()


def task(function: Any) -> Any:
    return wrap(
        read_contract(function, agent_name="analyst"), function, RUNNER, agent_name="analyst"
    )


@task
def solve(equation: str, *, digits: int = 3) -> float:  # type: ignore[empty-body]
    """Solve an equation."""


@task
async def asolve(equation: str, **options: int) -> float:  # type: ignore[empty-body]
    """Solve an equation."""


class Calculator:
    base = 10

    @task
    def add(self, x: int) -> int:  # type: ignore[empty-body]
        """Add."""

    @task
    async def aadd(self, x: int) -> int:  # type: ignore[empty-body]
        """Add."""

    @classmethod
    @task
    def named(cls, x: int) -> int:  # type: ignore[empty-body]
        """Name."""

    @staticmethod
    @task
    def free(x: int) -> int:  # type: ignore[empty-body]
        """Do."""


def test_it_is_a_function_and_tells_the_truth_about_itself() -> None:
    for wrapper, is_async in ((solve, False), (asolve, True)):
        assert inspect.isfunction(wrapper)
        assert inspect.iscoroutinefunction(wrapper) is is_async
        assert wrapper.__doc__ == "Solve an equation."
        assert wrapper.__module__ == __name__
    assert (solve.__name__, solve.__qualname__) == ("solve", "solve")
    assert Calculator.add.__qualname__ == "Calculator.add"
    assert "def solve" in inspect.getsource(solve)
    assert inspect.isfunction(solve.__wrapped__)


def test_the_signature_shows_the_added_parameters_in_their_place() -> None:
    assert list(inspect.signature(solve).parameters) == [
        "equation",
        "digits",
        "session",
        "on_event",
        "on_token",
    ]
    assert list(inspect.signature(asolve).parameters)[-1] == "options"
    added = inspect.signature(solve).parameters["session"]
    assert (added.kind, added.default) == (inspect.Parameter.KEYWORD_ONLY, "default")
    assert inspect.signature(solve).return_annotation == "float"
    assert list(inspect.signature(Calculator().add).parameters)[:2] == ["x", "session"]
    assert list(inspect.signature(Calculator.named).parameters)[:2] == ["x", "session"]


def test_type_hints_can_be_asked_for() -> None:
    hints = typing.get_type_hints(solve)
    assert (hints["equation"], hints["session"], hints["return"]) == (str, str, float)
    assert BaseEvent in typing.get_args(typing.get_args(hints["on_event"])[0])[0]


def test_a_call_reaches_the_runner_with_its_arguments() -> None:
    name, bound = solve("x = 1", session="s", on_event=print)
    assert name == "solve"
    assert bound.inputs == {"equation": "x = 1", "digits": 3}
    assert (bound.session, bound.on_event) == ("s", print)


async def test_an_async_call_is_awaited() -> None:
    name, bound = await asolve("x = 1", depth=2)
    assert name == "asolve"
    assert bound.inputs == {"equation": "x = 1", "options": {"depth": 2}}
    first, second = await asyncio.gather(asolve("a"), asolve("b"))
    assert [first[1].inputs["equation"], second[1].inputs["equation"]] == ["a", "b"]


async def test_methods_have_their_object_which_is_no_input() -> None:
    calculator = Calculator()
    for bound in (
        calculator.add(1)[1],
        Calculator.add(calculator, x=1)[1],
        (await calculator.aadd(1))[1],
    ):
        assert bound.inputs == {"x": 1}
    assert inspect.iscoroutinefunction(calculator.aadd)
    assert calculator.named(1)[1].inputs == {"x": 1}
    assert Calculator.free(1)[1].inputs == {"x": 1}
    with pytest.raises(TypeError, match="missing a required argument"):
        Calculator.add()


def test_cancel_hangs_on_functions_and_methods() -> None:
    RUNNER.cancelled.clear()
    solve.cancel()
    solve.cancel(session="user_123")
    Calculator().add.cancel("s")
    assert RUNNER.cancelled == [("solve", "default"), ("solve", "user_123"), ("add", "s")]


def test_it_can_be_wrapped_once_more() -> None:
    @functools.wraps(solve)
    def logged(*args: Any, **kwargs: Any) -> Any:
        return solve(*args, **kwargs)

    assert logged("x")[1].inputs["equation"] == "x"
    assert inspect.signature(logged) == inspect.signature(solve)
    assert functools.partial(solve, "x")()[1].inputs["equation"] == "x"
    with pytest.raises(ValueError, match=r"already has a task decorator \(namespace: 'analyst'\)"):
        task(logged)


def test_it_is_pickled_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(solve)) is solve


def test_a_function_without_a_source_can_be_a_task() -> None:
    namespace: dict[str, Any] = {"task": task, "__name__": "made"}
    exec("@task\ndef made(x: int):\n    'Do it.'\n    ...\n", namespace)
    assert namespace["made"](1)[1].inputs == {"x": 1}
    with pytest.raises(ValueError, match="empty body"):
        exec("@task\ndef made(x: int):\n    'Do it.'\n    return x\n", namespace)

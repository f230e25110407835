"""The decorator that makes a function a task, for whoever carries tasks out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, overload

from xpander_client.agents.contract.contract import read_contract
from xpander_client.agents.contract.wrapper import Runner, wrap
from xpander_client.agents.types.events import BaseEvent
from xpander_client.agents.types.tokens import StreamToken

P = ParamSpec("P")
Q = ParamSpec("Q")
S = TypeVar("S")
R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")

OnEvent = Callable[[BaseEvent], Any]
OnToken = Callable[[StreamToken], Any]

_RUNNER = "__agent_task_runner__"


class AgentTask(Protocol[P, R_co]):
    """A function whose body an agent supplies, with three parameters more than it was written with.

    `session` says whose state the call works with. `on_event` gets each event, `on_token` the
    pieces of the model's answers; both may be async, in sync code, too. Type checkers hold a call
    to the function's own parameters, but where one of the three is given: a signature can't be
    extended with keywords in Python's type system.
    """

    __name__: str

    # Each of the three is required in one overload. Were there one that requires none of them, it
    # would take whatever call the first refuses.
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(
        self,
        *args: Any,
        session: str,
        on_event: OnEvent | None = ...,
        on_token: OnToken | None = ...,
        **kwargs: Any,
    ) -> R_co: ...
    @overload
    def __call__(
        self,
        *args: Any,
        session: str = ...,
        on_event: OnEvent | None,
        on_token: OnToken | None = ...,
        **kwargs: Any,
    ) -> R_co: ...
    @overload
    def __call__(
        self,
        *args: Any,
        session: str = ...,
        on_event: OnEvent | None = ...,
        on_token: OnToken | None,
        **kwargs: Any,
    ) -> R_co: ...

    # mypy does not tell these apart by the first parameter: it takes the first one that the object
    # fits. So what is got from the class, which may be a method of any kind, takes any arguments.
    @overload
    def __get__(self, instance: None, owner: type, /) -> AgentTask[..., R_co]: ...
    @overload
    def __get__(
        self: AgentTask[Concatenate[S, Q], R], instance: S, owner: type, /
    ) -> AgentTask[Q, R]: ...
    @overload
    def __get__(
        self: AgentTask[Concatenate[type[S], Q], R], instance: S, owner: type, /
    ) -> AgentTask[Q, R]: ...
    @overload
    def __get__(self, instance: object, owner: type, /) -> Self: ...

    def cancel(self, session: str = "default") -> None:
        """End all calls of the task in the session; if there are none, the next one."""
        ...


class TaskDecorator(Protocol):
    """Makes a function a task."""

    def __call__(self, function: Callable[P, R], /) -> AgentTask[P, R]:
        """Return the task that takes the function's place."""
        ...


def make_decorator(
    runner: Runner,
    agent_name: str,
    primer: str | None,
    *,
    setup: str | None,
    on_conflict: str,
    max_conflict_retries: int,
) -> TaskDecorator:
    """Return the decorator that makes a function a task, which `runner` carries out."""

    def decorate(function: Any) -> Any:
        contract = read_contract(
            function,
            primer,
            agent_name=agent_name,
            setup=setup,
            on_conflict=on_conflict,
            max_conflict_retries=max_conflict_retries,
        )
        task = wrap(contract, function, runner, agent_name=agent_name)
        setattr(task, _RUNNER, runner)
        return task

    return decorate


def find_runner(function: object) -> Runner | None:
    """Return what carries a task out; None for other functions."""
    found: Runner | None = getattr(function, _RUNNER, None)
    return found

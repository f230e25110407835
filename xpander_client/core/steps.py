"""Describe once what happens, for sync and for async code.

A description is a generator: it yields what is to be done next, and is sent what came of it. What
goes wrong is raised where the step was asked for. Drivers do the steps, one with plain calls, one
with `await`: every decision stands in one place, and nothing bridges between the two at run time.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, ParamSpec, TypeVar

import attrs

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


@attrs.frozen
class AskEither:
    """A call in both forms."""

    call: Callable[[], Any]
    acall: Callable[[], Awaitable[Any]]


@attrs.frozen
class Run:
    """A function of the caller's, sync or async."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]


@attrs.frozen
class Together:
    """Descriptions that are carried out at the same time."""

    branches: tuple[Generator[Any, Any, Any], ...]


Step = AskEither | Run | Together
Steps = Generator[Step, Any, T]


def ask(
    call: Callable[P, T], acall: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> Steps[T]:
    """Call one or the other, and give what it answers."""
    answer: T = yield AskEither(partial(call, *args, **kwargs), partial(acall, *args, **kwargs))
    return answer


def run(function: Callable[..., Any], *arguments: Any, **named: Any) -> Steps[Any]:
    """Call a function that the caller gave. In async code a sync one runs on a thread."""
    return (yield Run(function, arguments, named))


def together(branches: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Carry these out at the same time; what they give, in their order.

    All are carried out to their end; the first exception comes after that.
    """
    results: list[T] = yield Together(tuple(branches))
    return results


def carry_out(steps: Generator[S, Any, T], do: Callable[[S], Any]) -> T:
    """Carry out a description of whatever steps, each done by `do`; give what it returns.

    Example:
        >>> def description():
        ...     doubled = yield 2
        ...     return doubled + 1
        >>> carry_out(description(), lambda step: step * 2)
        5
    """
    send: Callable[[], S] = partial(next, steps)
    while True:
        try:
            step = send()
        except StopIteration as stop:
            value: T = stop.value
            return value
        try:
            result = do(step)
        except BaseException as error:
            send = partial(steps.throw, error)
        else:
            send = partial(steps.send, result)


async def acarry_out(steps: Generator[S, Any, T], ado: Callable[[S], Awaitable[Any]]) -> T:
    """Carry out a description as `carry_out` does; what `ado` gives is awaited."""
    send: Callable[[], S] = partial(next, steps)
    while True:
        try:
            step = send()
        except StopIteration as stop:
            value: T = stop.value
            return value
        try:
            result = await ado(step)
        except BaseException as error:
            send = partial(steps.throw, error)
        else:
            send = partial(steps.send, result)


def is_async(function: Callable[..., Any]) -> bool:
    """Tell whether calling it gives something to await."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004  # its own `__call__`, not whether it has one
    )

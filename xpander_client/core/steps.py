"""Carries out a description of what happens: a generator that yields what is to be done next, and
is sent what came of it. What goes wrong is raised where the step was asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")


def carry_out(steps: Generator[S, Any, T], do: Callable[[S], Any]) -> T:
    """What the description returns; `do` does each step.

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
    """As `carry_out`; what `ado` gives is awaited."""
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

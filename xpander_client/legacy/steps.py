"""One description of what happens, carried out in two worlds.

A description is a generator: it yields what is to be done next, and is sent what came of it. The
drivers do it, one with plain calls, one with `await`. So every decision stands in one place, and
nothing bridges between the worlds at run time.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

import attrs

from xpander_client.core.steps import acarry_out, carry_out
from xpander_client.errors import ArgumentError

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE = 16
"""How many branches run at the same time on threads."""


class AsyncFunctionError(ArgumentError):
    """An async function was to be called in sync code."""


@attrs.frozen
class _Ask:
    """A call to the platform, in both forms."""

    call: Callable[[], Any]
    acall: Callable[[], Awaitable[Any]]


@attrs.frozen
class _Run:
    """A function of the caller's, sync or async."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]


@attrs.frozen
class _Together:
    """Descriptions that are carried out at the same time."""

    branches: tuple[Generator[Any, Any, Any], ...]


_Step = _Ask | _Run | _Together
Steps = Generator[_Step, Any, T]


def ask(
    call: Callable[P, T], acall: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> Steps[T]:
    """Call one or the other, and give what it answers."""
    answer: T = yield _Ask(partial(call, *args, **kwargs), partial(acall, *args, **kwargs))
    return answer


def run(function: Callable[..., Any], *arguments: Any, **named: Any) -> Steps[Any]:
    """Call a function that the caller gave. In async code a sync one runs on a thread."""
    return (yield _Run(function, arguments, named))


def together(branches: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Carry these out at the same time; what they give, in their order.

    All are carried out to their end; the first exception comes after that.
    """
    results: list[T] = yield _Together(tuple(branches))
    return results


def drive(steps: Steps[T]) -> T:
    """Carry out a description in sync code."""
    return carry_out(steps, _do)


async def adrive(steps: Steps[T]) -> T:
    """Carry out a description in async code."""
    return await acarry_out(steps, _ado)


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives something to await."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004  # its own `__call__`, not whether it has one
    )


def _do(step: _Step) -> Any:
    match step:
        case _Ask():
            return step.call()
        case _Run():
            if is_async(step.function):
                name = getattr(step.function, "__name__", repr(step.function))
                raise AsyncFunctionError(
                    f"{name} is async: call the form of this method that begins with an a"
                )
            return step.function(*step.arguments, **step.named)
        case _Together():
            return _do_together(step.branches)


async def _ado(step: _Step) -> Any:
    match step:
        case _Ask():
            return await step.acall()
        case _Run():
            if is_async(step.function):
                return await step.function(*step.arguments, **step.named)
            value = await asyncio.to_thread(step.function, *step.arguments, **step.named)
            # A plain function around an async one, as decorators make them.
            return await value if inspect.isawaitable(value) else value
        case _Together():
            results = await asyncio.gather(
                *(adrive(branch) for branch in step.branches), return_exceptions=True
            )
            return _whole(results)


def _do_together(branches: Sequence[Steps[Any]]) -> list[Any]:
    if len(branches) < 2:
        return [drive(branch) for branch in branches]
    with ThreadPoolExecutor(min(len(branches), AT_ONCE), "xpander-tools") as threads:
        futures = [
            threads.submit(contextvars.copy_context().run, drive, branch) for branch in branches
        ]
        return _whole([future.exception() or future.result() for future in futures])


def _whole(results: Sequence[Any]) -> list[Any]:
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)

"""Carry out descriptions of `core.steps`: with plain calls and threads, or on an event loop."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Sequence
from typing import Any, TypeVar

from xpander_client.core.steps import (
    AskEither,
    Run,
    Step,
    Steps,
    Together,
    acarry_out,
    carry_out,
    is_async,
)
from xpander_client.errors import ArgumentError

T = TypeVar("T")

_AT_ONCE = 16
"""How many branches run at the same time on threads."""


class AsyncFunctionError(ArgumentError):
    """An async function was to be called in sync code."""


def drive(steps: Steps[T]) -> T:
    """Carry out a description in sync code."""
    return carry_out(steps, _do)


async def adrive(steps: Steps[T]) -> T:
    """Carry out a description in async code."""
    return await acarry_out(steps, _ado)


def _do(step: Step) -> Any:
    match step:
        case AskEither():
            return step.call()
        case Run():
            if is_async(step.function):
                name = getattr(step.function, "__name__", repr(step.function))
                raise AsyncFunctionError(
                    f"{name} is async: call the form of this method that begins with an a"
                )
            return step.function(*step.arguments, **step.named)
        case Together():
            return _do_together(step.branches)


async def _ado(step: Step) -> Any:
    import asyncio  # sync code does without, and below without threads, too

    match step:
        case AskEither():
            return await step.acall()
        case Run():
            if is_async(step.function):
                return await step.function(*step.arguments, **step.named)
            value = await asyncio.to_thread(step.function, *step.arguments, **step.named)
            # A plain function around an async one, as decorators make them.
            return await value if inspect.isawaitable(value) else value
        case Together():
            results = await asyncio.gather(
                *(adrive(branch) for branch in step.branches), return_exceptions=True
            )
            return _raise_first(results)


def _do_together(branches: Sequence[Steps[Any]]) -> list[Any]:
    if len(branches) < 2:
        return [drive(branch) for branch in branches]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(branches), _AT_ONCE), "xpander-tools") as threads:
        futures = [
            threads.submit(contextvars.copy_context().run, drive, branch) for branch in branches
        ]
        return _raise_first([future.exception() or future.result() for future in futures])


def _raise_first(results: Sequence[Any]) -> list[Any]:
    """Raise the first exception among the results, or return them."""
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)

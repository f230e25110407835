"""Handlers: inspected once, when they are decorated, and then all called in the same way."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Protocol

import attrs

from xpander_client.api.models import TaskUpdateEvent
from xpander_client.api.resources import Task
from xpander_client.core.signatures import read_signature

_POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY
_GATHERING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class HandlerFunction(Protocol):
    """A function that a worker can run, with a parameter called `task`.

    It returns the task, from sync or from async code, or yields the task's events, as an async
    generator.
    """

    # By keyword only, so that type checkers look at the name and accept `*, task` as well.
    def __call__(self, *, task: Task) -> Task | Awaitable[Task] | AsyncIterator[TaskUpdateEvent]:
        """Work on the task."""
        ...


@attrs.frozen
class Handler:
    """A handler with what is known of it: its `name`, whether it runs on the event loop, and
    whether it yields events.
    """

    function: HandlerFunction
    name: str
    is_async: bool
    is_streaming: bool
    by_keyword: bool

    def call(self, task: Task) -> Task | Awaitable[Task] | AsyncIterator[TaskUpdateEvent]:
        """Call the function, and return what it returns: the task, a coroutine, or the generator of
        its events.
        """
        if self.by_keyword:
            return self.function(task=task)
        return self.function(task)  # type: ignore[call-arg]  # no type says `task, /` with this name


def inspect_handler(function: HandlerFunction) -> Handler:
    """Find out what kind of handler a function, a partial, a method or a callable object is.

    Raises:
        TypeError: it can't be one: no parameter is called `task`, another one has no default, or
            it is a sync generator. The message names the function.

    Example:
        >>> async def answer(task: Task) -> Task:
        ...     return task
        >>> handler = inspect_handler(functools.partial(answer))
        >>> handler.name, handler.is_async
        ('answer', True)
    """
    name = _name_function(function)
    if not callable(function):
        raise TypeError(f"{name} is no function, so it cannot handle tasks")
    parameters = read_signature(function).parameters
    task = parameters.get("task")
    if task is None or task.kind in _GATHERING:
        raise TypeError(f"the handler {name}() must have a parameter named `task`")
    for parameter in parameters.values():
        has_value = parameter.default is not inspect.Parameter.empty
        gathers = parameter.kind in _GATHERING
        if parameter is not task and not has_value and not gathers:
            raise TypeError(
                f"the handler {name}() is called with `task` alone, "
                f"but its parameter `{parameter.name}` has no default"
            )
    code = _find_code(function)
    if inspect.isgeneratorfunction(code):
        raise TypeError(
            f"the handler {name}() must return the task or be an async generator, "
            "but it is a sync generator"
        )
    is_coroutine = inspect.iscoroutinefunction(code)
    # A plain function around a generator, as decorators make them, hands the generator on. One
    # around a coroutine function is called like any plain one: only the call shows whether it
    # hands the coroutine on or runs it by itself.
    is_streaming = not is_coroutine and inspect.isasyncgenfunction(_innermost(code))
    return Handler(
        function=function,
        name=name,
        is_async=is_coroutine or is_streaming,
        is_streaming=is_streaming,
        by_keyword=task.kind is not _POSITIONAL_ONLY,
    )


def _find_code(function: Any) -> Any:
    """Return the function that runs first when a callable is called."""
    while isinstance(function, functools.partial):
        function = function.func
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        function = getattr(function, "__call__", function)  # noqa: B004  # the method is wanted
    return function


def _innermost(code: Any) -> Any:
    """Return what a chain of wrappers made with `functools.wraps` ends with."""
    while (wrapped := getattr(code, "__wrapped__", None)) is not None:
        code = _find_code(wrapped)
    return code


def _name_function(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__qualname__", None) or type(function).__qualname__

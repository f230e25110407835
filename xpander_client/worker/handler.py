"""What a handler is: found out once, when it is decorated, and called alike ever after."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from xpander_client.api.resources import Task

__all__ = ["Handler", "HandlerFunction", "inspect_handler"]

HandlerFunction = Callable[[Task], Task | Awaitable[Task]]
"""A function that a worker can run: it gets a task and returns it, from sync or from async code."""

_POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY
_GATHERING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@attrs.frozen
class Handler:
    """A handler with what is known of it: its `name`, and whether it runs on the event loop."""

    function: HandlerFunction
    name: str
    is_async: bool
    by_keyword: bool

    def call(self, task: Task) -> Task | Awaitable[Task]:
        """What the function returns: the task, or for some functions a coroutine."""
        if self.by_keyword:
            # Typed as positional, because that is how most are written.
            return self.function(task=task)  # type: ignore[call-arg]
        return self.function(task)


def inspect_handler(function: HandlerFunction) -> Handler:
    """Find out what kind of handler a function, a partial, a method or a callable object is.

    Raises:
        TypeError: it can't be one: no parameter is called `task`, another one has no default, or
            it is a generator. The message names the function.

    Example:
        >>> async def answer(task: Task) -> Task:
        ...     return task
        >>> handler = inspect_handler(functools.partial(answer))
        >>> handler.name, handler.is_async
        ('answer', True)
    """
    name = _name_of(function)
    if not callable(function):
        raise TypeError(f"{name} is no function, so it cannot handle tasks")
    parameters = inspect.signature(function).parameters
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
    code = _code_of(function)
    if inspect.isasyncgenfunction(code) or inspect.isgeneratorfunction(code):
        raise TypeError(f"the handler {name}() must return the task, but it is a generator")
    return Handler(
        function=function,
        name=name,
        # What is wrapped by a plain function is called like one: only the call shows whether it
        # hands on a coroutine or runs one itself.
        is_async=inspect.iscoroutinefunction(code),
        by_keyword=task.kind is not _POSITIONAL_ONLY,
    )


def _code_of(function: Any) -> Any:
    """The function that runs first when a callable is called."""
    while isinstance(function, functools.partial):
        function = function.func
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        function = getattr(function, "__call__", function)  # noqa: B004  # the method is wanted
    return function


def _name_of(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__qualname__", None) or type(function).__qualname__

"""The decorator that makes a function the handler of an agent's tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload

from xpander_client.configuration import Configuration

from . import main_module
from .handler import HandlerFunction, inspect_handler
from .registration import Registration, remember

__all__ = ["on_task"]

F = TypeVar("F", bound=HandlerFunction)


@overload
def on_task(function: F, /) -> F: ...


@overload
def on_task(*, configuration: Configuration | None = None) -> Callable[[F], F]: ...


def on_task(
    function: F | None = None, /, *, configuration: Configuration | None = None
) -> F | Callable[[F], F]:
    """Make a function the handler of an agent's tasks; the function itself comes back unchanged.

    The function takes one parameter, named `task`, and returns the task, with its `result` set. It
    may be sync or async. When it raises, the task ends as `error` with the exception's text.

    In the module that Python was started with (`python worker.py`) a worker starts as soon as the
    module has been read to its end, and works until it is stopped by a signal; the last function
    decorated is the one that counts. Importing the module starts nothing: pass the function to
    `Worker` or `run` there.

    Raises:
        TypeError: the function can't be a handler; the message names it and says why.
        ConfigurationError: in the main module, the API key, the organization or the agent is not
            configured.

    Example:
        >>> from xpander_client import Task
        >>> @on_task
        ... async def shout(task: Task) -> Task:
        ...     task.result = (task.input.text or "").upper()
        ...     return task
    """

    def decorate(function: F) -> F:
        inspect_handler(function)
        registration = Registration(function, configuration)
        remember(registration)
        main_module.work_at_end(registration)
        return function

    return decorate if function is None else decorate(function)

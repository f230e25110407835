"""The decorator that makes a function the handler of an agent's tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload

from xpander_client.configuration import Configuration, check_configuration
from xpander_client.worker.attempts.handler import HandlerFunction, inspect_handler
from xpander_client.worker.attempts.plan_retries import OnCompact
from xpander_client.worker.main_worker import work_at_end
from xpander_client.worker.registration import Registration, remember
from xpander_client.worker.sample_task import LocalTaskTest

HandlerT = TypeVar("HandlerT", bound=HandlerFunction)


@overload
def on_task(function: HandlerT, /) -> HandlerT: ...


@overload
def on_task(
    *,
    configuration: Configuration | None = None,
    test_task: LocalTaskTest | None = None,
    on_compact: OnCompact | None = None,
) -> Callable[[HandlerT], HandlerT]: ...


def on_task(
    function: HandlerT | None = None,
    /,
    *,
    configuration: Configuration | None = None,
    test_task: LocalTaskTest | None = None,
    on_compact: OnCompact | None = None,
) -> HandlerT | Callable[[HandlerT], HandlerT]:
    """Make a function the handler of an agent's tasks; the function itself comes back unchanged.

    The function takes one parameter, named `task`, and returns the task, with its `result` set. It
    may be sync or async. When it raises, the task ends as `error` with the exception's text. An
    async generator yields events instead, which reach whoever follows the task as they come; the
    last one is `task_finished`, with the task as its data.

    In the module that Python was started with (`python worker.py`) a worker starts as soon as the
    module has been read to its end, and works until it is stopped by a signal; the last function
    decorated is the one that counts. `sys.exit()` with status 0 in its last line is its end, too.
    Importing the module starts nothing: pass the function to `Worker` or `run` there. A program
    in which no worker has run says so when it ends.

    With `test_task`, or with `--invoke --prompt ...` on the command line, that program runs one
    made-up task instead, prints its result, and exits: with 0, or with 1 when the task failed.
    `on_compact` is called with the task before the function runs again because steps of the
    task's plan are open.

    Raises:
        TypeError: the function can't be a handler; the message names it and says why.
        ArgumentError: `configuration` is none.
        ConfigurationError: in the main module, the API key, the organization or the agent is not
            configured.
        SystemExit: in the main module, with status 2: what goes with `--invoke` is not right.

    Example:
        >>> from xpander_client import Task
        >>> @on_task
        ... async def shout(task: Task) -> Task:
        ...     task.result = (task.input.text or "").upper()
        ...     return task
    """

    def decorate(function: HandlerT) -> HandlerT:
        inspect_handler(function)
        check_configuration(configuration)
        registration = Registration(function, configuration, test_task, on_compact)
        remember(registration)
        work_at_end(registration)
        return function

    return decorate if function is None else decorate(function)

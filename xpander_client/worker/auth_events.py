"""Authentication events: what a task's followers are told when somebody has to log in."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar, overload

from xpander_client.api.models import TaskUpdateEvent, TaskUpdateEventType
from xpander_client.api.resources import Agent, Task
from xpander_client.core.signatures import read_signature
from xpander_client.errors import ModuleException
from xpander_client.runtime.loop_thread import LoopThread
from xpander_client.runtime.loops import find_running_loop

F = TypeVar("F", bound=Callable[..., Any])

AuthEventHandler = Callable[[Agent, Task, TaskUpdateEvent], Any]

_logger = logging.getLogger("xpander_client.worker")

_handlers: list[AuthEventHandler] = []
# For sync code, which has no loop of its own.
_loop = LoopThread("xpander-auth-events")
# The ids of the tasks that the decorated functions hear of just now.
_followed: set[str] = set()
# A loop keeps no tasks: who made one has to.
_following: set[object] = set()


@overload
def on_auth_event(_func: F) -> F: ...
@overload
def on_auth_event(_func: None = None) -> Callable[[F], F]: ...
def on_auth_event(_func: F | None = None) -> F | Callable[[F], F]:
    """Have a function called with each authentication event of a task that is worked on here.

    It is called as `handler(agent, task, event)`, and may be sync or async; `event.data` says where
    to log in. Tasks are followed from `Backend.get_args(task=task)` or `aget_args` on, to their
    end. A handler that raises is logged, and holds nothing up.

    Args:
        _func: The function, where the decorator stands without parentheses.

    Returns:
        The function, unchanged.

    Raises:
        TypeError: The function does not take an agent, a task and an event.

    Example:
        >>> @on_auth_event
        ... async def ask_for_login(agent, task, event):
        ...     print(f"{agent.name} needs a login: {event.data}")
    """

    def register(function: F) -> F:
        parameters = read_signature(function).parameters
        takes_any = any(one.kind is one.VAR_POSITIONAL for one in parameters.values())
        if len(parameters) < 3 and not takes_any:
            name = getattr(function, "__name__", repr(function))
            raise TypeError(
                f"{name}() must take three parameters, agent, task and event; "
                f"it takes {len(parameters)}"
            )
        if function not in _handlers:
            _handlers.append(function)
        return function

    return register if _func is None else register(_func)


def get_registered_handlers() -> list[AuthEventHandler]:
    """Return the functions that hear of authentication events, in the order of registration."""
    return [*_handlers]


def clear_handlers() -> None:
    """Forget the functions that hear of authentication events, as tests may want to."""
    _handlers.clear()


def follow_auth_events(agent: Agent, task: Task | None, callback: AuthEventHandler | None) -> None:
    """Have the handlers and `callback` called with a task's authentication events, to its end.

    They are called on the running loop, or in sync code on one of their own.
    """
    if task is None or not task.events_streaming or not (callback or _handlers):
        return
    # Who asks twice for arguments for one task has the decorated functions called once.
    is_first = task.id not in _followed
    if callback is None and not is_first:
        return
    if is_first:
        _followed.add(task.id)

    def forget(ended: object) -> None:
        _following.discard(ended)
        if is_first:
            _followed.discard(task.id)

    work = _follow(agent, task, callback, is_first)
    loop = find_running_loop()
    following = loop.create_task(work) if loop is not None else _loop.submit(work)
    _following.add(following)
    # Not at the end of the coroutine: one that is cancelled before it begins has no end.
    following.add_done_callback(forget)


async def _follow(
    agent: Agent, task: Task, callback: AuthEventHandler | None, is_first: bool
) -> None:
    try:
        async for event in task.aevents():
            if event.type == TaskUpdateEventType.AuthEvent:
                if callback is not None:
                    await _call(callback, agent, task, event)
                for handler in get_registered_handlers() if is_first else ():
                    await _call(handler, agent, task, event)
    except ModuleException as error:
        _logger.warning("task %s: its authentication events are missed: %s", task.id, error)


async def _call(
    handler: AuthEventHandler, agent: Agent, task: Task, event: TaskUpdateEvent
) -> None:
    try:
        value = handler(agent, task, event)
        if inspect.isawaitable(value):
            await value
    except Exception as error:
        name = getattr(handler, "__name__", repr(handler))
        _logger.error("the handler %s of authentication events failed", name, exc_info=error)

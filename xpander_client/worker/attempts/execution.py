"""Runs a handler on a task once, whatever kind of handler it is."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Any, cast

import attrs

from xpander_client.api.models import TaskUpdateEvent, TaskUpdateEventType
from xpander_client.api.resources import Task
from xpander_client.core.fields import wire_name
from xpander_client.core.result import result_text
from xpander_client.core.serialization import structure, unstructure
from xpander_client.worker.attempts.handler import Handler
from xpander_client.worker.attempts.threads import HandlerThreads

_FIELDS = frozenset(wire_name(field) for field in attrs.fields(Task))

Emit = Callable[[TaskUpdateEvent], Awaitable[None]]
"""Where a handler's events go. It may take its time, when there are too many."""


async def execute(handler: Handler, task: Task, threads: HandlerThreads, emit: Emit) -> Task:
    """Run the handler, and return the task as it leaves it; the events that it yields on the way go
    to `emit`.

    Async handlers run here, on the loop; sync ones on a thread.

    Raises:
        TypeError: what the handler returns or yields is not what a handler returns or yields.
        Exception: whatever the handler raises.
    """
    if handler.is_async:
        value: Any = handler.call(task)
    else:
        value = await threads.call(handler.call, task)
    if inspect.isawaitable(value):
        value = await value
    if isinstance(value, AsyncIterable):
        value = await _find_last(handler, task, cast(AsyncIterable[object], value), emit)
    if not isinstance(value, Task):
        raise TypeError(
            f"the handler {handler.name}() must return the task, not {type(value).__name__}"
        )
    if value.id != task.id:
        raise TypeError(f"the handler {handler.name}() returned another task, {value.id}")
    return value


async def _find_last(
    handler: Handler, task: Task, events: AsyncIterable[object], emit: Emit
) -> object:
    """Return the task in the last `task_finished`; without one it is the task that the handler got.

    The handler runs on to its end, which may clean something up; what it yields after
    `task_finished` nobody hears.
    """
    ended: object = None
    async with contextlib.AsyncExitStack() as at_the_end:
        if (close := getattr(events, "aclose", None)) is not None:
            at_the_end.push_async_callback(close)
        async for event in events:
            if not isinstance(event, TaskUpdateEvent):
                raise TypeError(
                    f"the handler {handler.name}() must yield TaskUpdateEvent, "
                    f"not {type(event).__name__}"
                )
            if event.type == TaskUpdateEventType.TaskFinished:
                ended = _task_in(handler, task, event.data)
            elif ended is None:
                await emit(event)
    return task if ended is None else ended


def _task_in(handler: Handler, task: Task, data: object) -> Task:
    """Read what `task_finished` says about the task: all of it, some fields by their names, its
    result, or nothing.
    """
    if data is None:
        return task
    if isinstance(data, Task):
        return data
    if isinstance(data, Mapping) and (not data or not _FIELDS.isdisjoint(data)):
        given = {**unstructure(task), **cast(Mapping[str, Any], data)}
        try:
            return structure({**given, "result": result_text(given.get("result"))}, Task)
        except ValueError as error:
            raise TypeError(
                f"the handler {handler.name}() yielded a task_finished whose data is no task: "
                f"{error}"
            ) from error
    task.result = result_text(data)
    return task

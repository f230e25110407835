"""An agent's task as the handler of a platform agent's tasks."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any

from xpander_client.agents.bridges.task_events import Updates
from xpander_client.agents.contract.contract import BoundArguments, Contract
from xpander_client.agents.contract.json_arguments import read_arguments, write_json
from xpander_client.agents.run.drivers import run_in_thread
from xpander_client.agents.run.runner import LocalRunner
from xpander_client.agents.state.session_names import check_session_name
from xpander_client.agents.types.errors import TaskCancelled, TaskClarify, TaskFail
from xpander_client.api.models import AgentExecutionStatus, TaskUpdateEvent
from xpander_client.api.resources import Task
from xpander_client.core.result import dumps_anyway
from xpander_client.runtime.shielding import shield
from xpander_client.worker.attempts.handler import HandlerFunction


def make_handler(
    contract: Contract, runner: LocalRunner, *, tokens: bool = False
) -> HandlerFunction:
    """Make a handler for `on_task` that has a call of the agent's task do the platform's task.

    What the agent gives up, or asks, is a failed task with the words as its result; any other
    error is one of the handler.
    """

    async def handle(task: Task) -> AsyncIterator[TaskUpdateEvent]:
        updates = Updates(task)
        queue: asyncio.Queue[TaskUpdateEvent | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(update: TaskUpdateEvent | None) -> None:
            # Sync tasks tell their events from a thread.
            loop.call_soon_threadsafe(queue.put_nowait, update)

        arguments = read_arguments(contract, task.input.text or "")
        bound = contract.bind(
            (None,) if contract.has_self else (),
            {
                **arguments,
                "session": _name_session(task),
                "on_event": lambda event: put(updates.event(event)),
                "on_token": (lambda token: put(updates.token(token))) if tokens else None,
            },
        )
        running = asyncio.ensure_future(_result(runner, contract, bound))
        running.add_done_callback(lambda _: put(None))
        try:
            while (update := await queue.get()) is not None:
                yield update
            task.result = await running
            task.status = AgentExecutionStatus.Completed
        except (TaskFail, TaskClarify) as error:
            task.result, task.status = str(error), AgentExecutionStatus.Failed
        except TaskCancelled as error:
            task.result, task.status = str(error), AgentExecutionStatus.Stopped
        finally:
            if not running.done():
                running.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await running
        yield updates.make_last_event()

    handle.__name__ = handle.__qualname__ = contract.name
    return handle


def _name_session(task: Task) -> str:
    """Return the session of a task's conversation; an id that no session can have is hashed."""
    name = task.memory_thread_id or task.conversation_id or task.id
    try:
        return check_session_name(name)
    except ValueError:
        return hashlib.sha256(name.encode()).hexdigest()


async def _result(runner: LocalRunner, contract: Contract, bound: BoundArguments) -> str | None:
    value: Any
    if contract.is_async:
        value = await runner.arun(contract, bound)
    else:
        call = runner.call(contract, bound)
        running = run_in_thread(partial(runner.carry_out, call))
        try:
            value = await shield(running)
        except asyncio.CancelledError:
            call.cancellation.request()
            raise
    if value is None or isinstance(value, str):
        return value
    try:
        return write_json(value)
    except ValueError:  # the agent has done its work, whatever its result is
        return dumps_anyway(value).decode()

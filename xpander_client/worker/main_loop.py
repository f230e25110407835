"""Runs the event loop of a worker process, which ends with the worker, whatever else still runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from xpander_client.runtime.daemon_threads import DaemonExecutor
from xpander_client.runtime.loops import new_event_loop, rare_collections

T = TypeVar("T")

_logger = logging.getLogger("xpander_client.worker")

_THREADS = 32

_LEAVING = 2.0
"""Seconds that tasks which handlers left on the loop get to end, once they are cancelled."""


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run a worker to its end, and return what it does.

    It is `asyncio.run`, but for what handlers left behind: tasks get a short time to end, and
    functions in threads, which nobody can end, none. Whoever stops a process expects it to end.
    The loop is uvloop's where that is installed.
    """
    loop = new_event_loop()
    try:
        with rare_collections():
            return loop.run_until_complete(_ending(work))
    finally:
        loop.close()


async def _ending(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(DaemonExecutor(_THREADS))
    try:
        return await work
    finally:
        await _end_tasks(asyncio.all_tasks() - {asyncio.current_task()})
        await _end_tasks({asyncio.ensure_future(loop.shutdown_asyncgens())}, cancel=False)


async def _end_tasks(tasks: set[asyncio.Task[Any]], *, cancel: bool = True) -> None:
    if not tasks:
        return
    if cancel:
        for task in tasks:
            task.cancel()
    _, left = await asyncio.wait(tasks, timeout=_LEAVING)
    for task in left:
        _logger.warning("the worker does not wait for what a handler left behind: %r", task)
    if left:
        # It was told just now; and nobody is there any more to whom it matters.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)

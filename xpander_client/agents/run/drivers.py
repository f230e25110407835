"""Carries out a call's steps, with plain calls or with `await`."""

from __future__ import annotations

import asyncio
import contextvars
import os
import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from xpander_client.agents.loop.steps import (
    Ask,
    Begin,
    CancelRequested,
    LineUp,
    Merge,
    Renew,
    RunCode,
    Snapshot,
    Step,
    Steps,
    Tell,
    Wait,
)
from xpander_client.agents.run.call import Call
from xpander_client.core.steps import acarry_out, carry_out
from xpander_client.runtime.shielding import shield

T = TypeVar("T")

_AT_ONCE = 4096
"""How many blocks of async calls may run at the same time: a bound only for what runs away.

Whoever waits for a sub-agent holds a thread, so a small number would be a deadlock.
"""


def drive(steps: Steps[T], call: Call) -> T:
    """Carry out a call in sync code."""
    try:
        return carry_out(steps, partial(_do, call))
    finally:
        call.end()


async def adrive(steps: Steps[T], call: Call) -> T:
    """Carry out a call in async code."""
    try:
        return await acarry_out(steps, partial(_ado, call))
    finally:
        await _run_stored(call, call.end_later)


def _do(call: Call, step: Step) -> Any:
    match step:
        case Tell(event, keep):
            call.delivery.event(event)
            return call.keep(event) if keep else None
        case Ask(messages):
            call.check()
            response = call.llm.complete(messages, call.make_token_handler())
            call.check()
            return response
        case RunCode(code, source):
            call.check()
            return call.run(code, source)
        case Snapshot():
            return call.snapshot()
        case Begin():
            return call.begin()
        case Merge():
            return call.merge()
        case LineUp():
            return call.line_up()
        case Renew():
            return call.renew()
        case Wait(least, most):
            if call.cancellation.wait(random.uniform(least, most)):
                raise CancelRequested
            return None


async def _ado(call: Call, step: Step) -> Any:
    match step:
        case Tell(event, keep):
            await call.delivery.aevent(event)
            return call.keep(event) if keep else None
        case Ask(messages):
            await _run_stored(call, call.check)
            response = await _unless_cancelled(
                call, call.llm.acomplete(messages, call.make_token_handler())
            )
            await call.delivery.asettle()
            return response
        case RunCode(code, source):
            await _run_stored(call, call.check)
            return await _run(call, code, source)
        case Snapshot():
            return await _run_stored(call, call.snapshot)
        case Begin():
            return await _run_stored(call, call.begin)
        case Merge():
            return await _run_stored(call, call.merge)
        case LineUp():
            return await _run_stored(call, call.line_up)
        case Renew():
            return await _run_stored(call, call.renew)
        case Wait(least, most):
            return await _unless_cancelled(call, asyncio.sleep(random.uniform(least, most)))


async def _unless_cancelled(call: Call, coroutine: Any) -> Any:
    """Await something, but not longer than until the call is cancelled."""
    loop = asyncio.get_running_loop()
    waited = asyncio.ensure_future(coroutine)

    def stop() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(waited.cancel)

    forget = call.cancellation.listen(stop)
    try:
        return await waited
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if call.cancellation.is_requested and not (current and current.cancelling()):
            raise CancelRequested from None
        raise
    finally:
        forget()


async def _run(call: Call, code: str, source: Any) -> Any:
    running = _submit(partial(call.run, code, source))
    try:
        return await asyncio.wrap_future(running)
    except asyncio.CancelledError:
        # What is left of the call is cleared away when the block has ended.
        call.interrupt_sandbox(running)
        raise


async def _run_stored(call: Call, function: Callable[[], T]) -> T:
    """Do something with the session's store: where that means files, on a thread."""
    if not call.is_on_disk:
        return function()
    future = run_in_thread(function)
    try:
        return await shield(future)
    except asyncio.CancelledError:
        # The store is not left while it is written to.
        await asyncio.wait({future})
        raise


def run_in_thread(function: Callable[[], T]) -> asyncio.Future[T]:
    """Have a thread call a function, in the context of the caller."""
    return asyncio.wrap_future(_submit(function))


_threads: ThreadPoolExecutor | None = None


def _submit(function: Callable[[], T]) -> Future[T]:
    global _threads
    if _threads is None:
        _threads = ThreadPoolExecutor(_AT_ONCE, "xpander-agents")
    return _threads.submit(contextvars.copy_context().run, function)


def _forget_threads() -> None:
    global _threads
    _threads = None


if hasattr(os, "register_at_fork"):
    # Threads do not come along into a forked process.
    os.register_at_fork(after_in_child=_forget_threads)

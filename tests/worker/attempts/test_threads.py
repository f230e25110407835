"""The threads that sync handlers run on."""

import asyncio
import contextvars
import threading

import pytest

from xpander_client.worker.attempts.threads import HandlerThreads

color: contextvars.ContextVar[str] = contextvars.ContextVar("color", default="none")


async def test_a_call_sees_the_callers_context_variables_and_keeps_its_own_changes() -> None:
    threads = HandlerThreads(2)

    def look(_: object) -> str:
        seen = color.get()
        color.set("changed")
        return seen

    color.set("red")
    assert await threads.call(look, None) == "red"
    assert await threads.call(look, None) == "red"
    assert color.get() == "red"
    threads.close()


async def test_calls_run_beside_each_other_up_to_the_limit() -> None:
    threads = HandlerThreads(3)
    together = threading.Barrier(3)
    await asyncio.gather(*(threads.call(lambda _: together.wait(10), None) for _ in range(3)))
    threads.close()


async def test_never_more_threads_than_the_limit() -> None:
    threads = HandlerThreads(2)
    names = await asyncio.gather(
        *(threads.call(lambda _: threading.current_thread().name, None) for _ in range(50))
    )
    assert len(set(names)) <= 2
    threads.close()


async def test_exceptions_come_back_whatever_they_are() -> None:
    threads = HandlerThreads(1)

    def raising(error: BaseException) -> None:
        raise error

    with pytest.raises(ZeroDivisionError):
        await threads.call(raising, ZeroDivisionError())
    with pytest.raises(SystemExit):
        await threads.call(raising, SystemExit(3))
    with pytest.raises(RuntimeError, match="StopIteration"):
        await threads.call(raising, StopIteration(1))
    assert await threads.call(lambda x: x, 7) == 7
    threads.close()


async def test_a_caller_that_is_cancelled_does_not_wait_for_the_thread() -> None:
    threads = HandlerThreads(1)
    release = threading.Event()
    call = asyncio.create_task(threads.call(lambda _: release.wait(30), None))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    release.set()
    assert await threads.call(lambda x: x, 1) == 1
    threads.close()


async def test_a_function_that_nobody_waits_for_keeps_no_other_waiting() -> None:
    threads = HandlerThreads(1)
    released = threading.Event()
    stuck = asyncio.create_task(threads.call(lambda _: released.wait(30), None))
    await asyncio.sleep(0)
    stuck.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stuck
    assert await asyncio.wait_for(threads.call(lambda number: number + 1, 1), 10) == 2
    released.set()
    threads.close()


async def test_a_function_that_had_to_wait_and_is_abandoned_keeps_no_other_waiting() -> None:
    threads = HandlerThreads(1)
    released, begun = [threading.Event() for _ in range(2)], threading.Event()

    def work(_: object) -> None:
        begun.set()
        released[1].wait(30)

    first = asyncio.create_task(threads.call(lambda _: released[0].wait(30), None))
    second = asyncio.create_task(threads.call(work, None))
    await asyncio.sleep(0)
    released[0].set()
    await first
    await asyncio.to_thread(begun.wait, 10)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await asyncio.wait_for(threads.call(lambda number: number + 1, 1), 10) == 2
    released[1].set()
    threads.close()

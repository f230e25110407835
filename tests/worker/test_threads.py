"""The threads that sync handlers run on."""

import asyncio
import contextvars
import threading

import pytest

from xpander_client.worker.threads import DaemonExecutor, HandlerThreads

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


def test_what_an_executor_was_not_to_do_any_more_is_not_done() -> None:
    done: list[int] = []
    over = threading.Event()
    executor = DaemonExecutor(1)
    executor.submit(over.wait)
    assert executor.submit(done.append, 1).cancel()
    over.set()
    executor.submit(done.append, 2).result(10)
    executor.shutdown()
    assert done == [2]


def test_an_executor_hands_on_what_its_functions_raise() -> None:
    executor = DaemonExecutor(1)
    with pytest.raises(ValueError, match="invalid literal"):
        executor.submit(int, "x").result(10)
    executor.shutdown()

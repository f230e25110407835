"""Waiting for a word from outside."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from xpander_client.background import (
    TIMED_OUT,
    AsyncTaskHandle,
    BackgroundTasks,
    Plugin,
    TaskCtl,
    TaskSignal,
)


@pytest.fixture
async def handle(tasks: BackgroundTasks, plugin: Plugin) -> AsyncTaskHandle:
    """Of a task that runs until it is cancelled."""

    @plugin.mount_async_task("idle")
    async def idle(handle: AsyncTaskHandle) -> None:
        await asyncio.Event().wait()

    handle = await tasks.start("idle", "1", "chat", plugin)
    await asyncio.sleep(0)
    return handle


async def test_a_word_resumes_the_one_who_waits(handle: AsyncTaskHandle) -> None:
    waiting = asyncio.create_task(handle.wait("approval", timeout=60))
    await asyncio.sleep(0)
    assert handle.notify("approval", {"by": "Ann"}) is True
    assert await waiting == {"by": "Ann"}


async def test_a_word_that_comes_early_is_kept_and_said_to_be(handle: AsyncTaskHandle) -> None:
    assert handle.notify("approval", 1) is False
    assert handle.notify("approval", 2) is False
    assert [await handle.wait("approval"), await handle.wait("approval")] == [1, 2]
    assert await handle.wait("approval", timeout=0.001) is TIMED_OUT


async def test_the_time_limit_brings_none(handle: AsyncTaskHandle) -> None:
    assert await handle.wait("approval", timeout=0.001) is TIMED_OUT
    assert await handle.wait("approval", timeout=0) is TIMED_OUT
    # Nobody waits any more.
    assert handle.notify("approval", 1) is False


async def test_all_who_wait_on_a_key_wake(handle: AsyncTaskHandle) -> None:
    waiting = [asyncio.create_task(handle.wait("go")) for _ in range(3)]
    other = asyncio.create_task(handle.wait("other"))
    await asyncio.sleep(0)
    assert handle.notify("go", "now") is True
    assert await asyncio.gather(*waiting) == ["now"] * 3
    assert not other.done()
    assert handle.cancel_all() == 1


async def test_a_wait_point_is_cancelled_alone(handle: AsyncTaskHandle) -> None:
    one = asyncio.create_task(handle.wait("one"))
    other = asyncio.create_task(handle.wait("other"))
    await asyncio.sleep(0)
    assert handle.cancel_wait("one") == 1
    assert handle.cancel_wait("one") == 0
    with pytest.raises(asyncio.CancelledError):
        await one
    assert handle.notify("other", 1) is True
    assert await other == 1


async def test_all_wait_points_are_cancelled_and_the_task_runs_on(
    tasks: BackgroundTasks, handle: AsyncTaskHandle
) -> None:
    waiting = [asyncio.create_task(handle.wait(key)) for key in "aab"]
    await asyncio.sleep(0)
    assert handle.cancel_all() == 3
    for each in waiting:
        with pytest.raises(asyncio.CancelledError):
            await each
    assert not handle.is_cancelled
    assert tasks.is_running("idle", "1")
    assert handle.notify("a", 1) is False
    assert await handle.wait("a") == 1


async def test_a_word_is_not_lost_with_a_waiter_who_leaves(handle: AsyncTaskHandle) -> None:
    waiting = asyncio.create_task(handle.wait("approval"))
    await asyncio.sleep(0)
    assert handle.notify("approval", "yes") is True
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await handle.wait("approval") == "yes"


async def test_a_waiter_who_left_is_not_resumed(handle: AsyncTaskHandle) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(handle.wait("approval"), 0.001)
    assert handle.notify("approval", "yes") is False
    assert await handle.wait("approval") == "yes"


async def test_after_the_end_nobody_waits_and_nothing_is_kept(
    tasks: BackgroundTasks, handle: AsyncTaskHandle
) -> None:
    waiting = asyncio.create_task(handle.wait("approval"))
    await asyncio.sleep(0)
    assert await tasks.cancel("idle", "1")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert handle.notify("approval", 1) is False
    with pytest.raises(asyncio.CancelledError):
        await handle.wait("approval")


async def test_a_task_that_lets_its_wait_point_be_cancelled_ends_as_cancelled(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.success("got it", data=await handle.wait("approval"))

    handle = await tasks.start("one", "1", "chat", plugin)
    await asyncio.sleep(0)
    assert handle.cancel_wait("approval") == 1
    ctl = await tasks.ajoin("one", "1")
    assert ctl.signal is TaskSignal.CANCEL


async def test_words_come_from_any_thread(handle: AsyncTaskHandle) -> None:
    waiting = asyncio.create_task(handle.wait("approval"))
    await asyncio.sleep(0)
    assert await asyncio.to_thread(handle.notify, "approval", 7) is True
    assert await asyncio.wait_for(waiting, 20) == 7
    again = asyncio.create_task(handle.wait("approval"))
    await asyncio.sleep(0)
    assert await asyncio.to_thread(handle.cancel_all) == 1
    with pytest.raises(asyncio.CancelledError):
        await again


async def test_another_event_loop_waits_too(handle: AsyncTaskHandle) -> None:
    waits = threading.Event()

    async def elsewhere() -> Any:
        waiting = asyncio.create_task(handle.wait("approval"))
        await asyncio.sleep(0)
        waits.set()
        return await waiting

    other = asyncio.create_task(asyncio.to_thread(asyncio.run, elsewhere()))
    await asyncio.to_thread(waits.wait, 20)
    assert handle.notify("approval", 8) is True
    assert await asyncio.wait_for(other, 20) == 8


async def test_code_on_a_thread_waits_by_blocking(tasks: BackgroundTasks, plugin: Plugin) -> None:
    waits = threading.Event()

    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        assert handle.wait_blocking("nothing", timeout=0.001) is TIMED_OUT
        waits.set()
        yield TaskCtl.report_progress("waits", 50)
        yield TaskCtl.success("got it", data=handle.wait_blocking("approval", timeout=20))

    handle = await tasks.start("one", "1", "chat", plugin)
    await asyncio.to_thread(waits.wait, 20)
    handle.notify("approval", "yes")
    assert (await tasks.ajoin("one", "1", timeout=20)).data == "yes"


async def test_blocking_is_refused_on_an_event_loop(handle: AsyncTaskHandle) -> None:
    with pytest.raises(RuntimeError, match="await wait"):
        handle.wait_blocking("approval", timeout=1)
    with pytest.raises(RuntimeError, match="await notify_agent"):
        handle.notify_agent_blocking("hello")


async def test_the_agent_is_told_only_where_there_is_one(handle: AsyncTaskHandle) -> None:
    with pytest.raises(ValueError, match=r"configuration=Configuration\(\.\.\.\)"):
        await handle.notify_agent("hello", trigger=True)

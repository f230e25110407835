"""What is left of tasks that have ended: their states, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import tracemalloc
import weakref
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin, TaskCtl

pytestmark = pytest.mark.slow


class Big:
    """Something that a task holds while it runs."""


FORMS = [
    "success",
    "returns",
    "raises",
    "yields an error",
    "cancelled",
    "plain",
    "plain raises",
    "plain generator raises",
]


@pytest.mark.parametrize("form", FORMS)
async def test_nothing_holds_a_task_that_has_ended(
    tasks: BackgroundTasks, plugin: Plugin, form: str
) -> None:
    seen: list[weakref.ref[Any]] = []

    def noted(handle: AsyncTaskHandle) -> Big:
        big = Big()
        seen.extend([weakref.ref(handle), weakref.ref(big)])
        return big

    @plugin.mount_async_task("success")
    async def success(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        big = noted(handle)
        yield TaskCtl.success("done")
        del big

    @plugin.mount_async_task("returns")
    async def returns(handle: AsyncTaskHandle) -> None:
        noted(handle)

    @plugin.mount_async_task("raises")
    async def raises(handle: AsyncTaskHandle) -> None:
        raise OSError(f"no disk for {(big := noted(handle))} {big}")

    @plugin.mount_async_task("yields an error")
    async def yields(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        big = noted(handle)
        try:
            try:
                raise OSError("no disk")
            except OSError as cause:
                raise RuntimeError("no report") from cause
        except RuntimeError as error:
            yield TaskCtl.fail("failed", error)
        del big

    @plugin.mount_async_task("cancelled")
    async def cancelled(handle: AsyncTaskHandle) -> None:
        big = noted(handle)
        await handle.wait("never")
        del big

    @plugin.mount_async_task("plain")
    def plain(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        big = noted(handle)
        yield TaskCtl.success("done")
        del big

    @plugin.mount_async_task("plain raises")
    def plain_raises(handle: AsyncTaskHandle) -> None:
        raise OSError(f"no disk for {(big := noted(handle))} {big}")

    @plugin.mount_async_task("plain generator raises")
    def plain_generator_raises(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        big = noted(handle)
        yield TaskCtl.report_progress("half", 50)
        raise OSError(f"no disk for {big}")

    await tasks.start(form, "1", "chat", plugin)
    await asyncio.sleep(0)
    if form == "cancelled":
        await tasks.cancel(form, "1")
    end = await tasks.ajoin(form, "1", timeout=20)
    assert tasks.get_state(form, "1") is end
    await asyncio.sleep(0)
    for thread in threading.enumerate():
        if thread.name.startswith("xpander-task"):
            await asyncio.to_thread(thread.join, 20)
    gc.collect()
    assert len(seen) == 2
    left = [held for ref in seen if (held := ref()) is not None]
    if isinstance(end.error, BaseException) and sys.version_info >= (3, 12):
        # There an error that is remembered keeps its callers' frames, and with them the handle,
        # until it is forgotten; what the function itself held is gone all the same.
        left = [held for held in left if not isinstance(held, AsyncTaskHandle)]
    assert left == []
    if isinstance(end.error, BaseException):
        # Where it was raised can still be told.
        assert end.error.__traceback__ is not None


async def test_memory_is_back_at_its_level_after_many_tasks(plugin: Plugin) -> None:
    tasks = BackgroundTasks(keep_states=10)

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)
        await handle.wait("go", timeout=60)
        yield TaskCtl.success("done", data=bytes(1_000))

    async def run(count: int) -> None:
        ended: asyncio.Queue[TaskCtl] = asyncio.Queue()
        for number in range(count):
            await tasks.start("one", str(number), "chat", plugin, on_terminal=ended.put_nowait)
        await asyncio.sleep(0)
        for number in range(count):
            handle = tasks.get_handle("one", str(number))
            assert handle is not None
            handle.notify("go")
        for _ in range(count):
            await ended.get()

    await run(200)
    levels = []
    tracemalloc.start()
    try:
        for _ in range(50):
            await run(200)
            gc.collect()
            levels.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # A handle that was left would be some hundred bytes, ten thousand times. Tables of those that
    # run at once, ours and the event loop's, take their size at any moment: few, so that is little.
    assert levels[-1] - levels[0] < 200_000, levels

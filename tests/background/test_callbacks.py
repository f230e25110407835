"""`on_terminal`: once, sync or async, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin, TaskCtl


@pytest.fixture(autouse=True)
def mounted(plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        await handle.wait("go")
        yield TaskCtl.success("done")


async def test_an_async_callback_is_through_when_the_waiting_is(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    ends: list[TaskCtl] = []

    async def told(ctl: TaskCtl) -> None:
        await asyncio.sleep(0.01)
        ends.append(ctl)

    handle = await tasks.start("one", "1", "chat", plugin, on_terminal=told)
    handle.notify("go")
    await tasks.ajoin("one", "1")
    assert ends == [TaskCtl.success("done")]
    await tasks.start("one", "1", "chat", plugin, on_terminal=told)
    assert await tasks.cancel("one", "1")
    assert ends[1:] == [TaskCtl.cancel("cancelled")]


async def test_a_callback_may_begin_asyncio_tasks_as_it_runs_on_the_loop(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    begun: list[asyncio.Task[None]] = []

    def told(ctl: TaskCtl) -> None:
        begun.append(asyncio.create_task(asyncio.sleep(0)))

    handle = await tasks.start("one", "1", "chat", plugin, on_terminal=told)
    handle.notify("go")
    await tasks.ajoin("one", "1")
    (task,) = begun
    await task


async def test_a_callback_may_start_the_task_again(tasks: BackgroundTasks, plugin: Plugin) -> None:
    again: list[AsyncTaskHandle] = []

    async def told(ctl: TaskCtl) -> None:
        assert not tasks.is_running("one", "1")
        assert tasks.get_state("one", "1") == ctl
        again.append(await tasks.start("one", "1", "chat", plugin))

    handle = await tasks.start("one", "1", "chat", plugin, on_terminal=told)
    handle.notify("go")
    await tasks.ajoin("one", "1")
    assert again[0] is not handle
    assert tasks.get_handle("one", "1") is again[0]
    assert await tasks.cancel("one", "1")


@pytest.mark.parametrize("form", ["sync", "async"])
async def test_an_exception_in_a_callback_is_logged_with_the_task(
    tasks: BackgroundTasks, plugin: Plugin, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    def sync(ctl: TaskCtl) -> None:
        raise OSError("no mail today")

    async def not_sync(ctl: TaskCtl) -> None:
        await asyncio.sleep(0)
        raise OSError("no mail today")

    callback = sync if form == "sync" else not_sync
    handle = await tasks.start("one", "1", "chat", plugin, on_terminal=callback)
    handle.notify("go")
    assert await tasks.ajoin("one", "1") == TaskCtl.success("done")
    assert "background task my_plugin:one:1: on_terminal failed" in caplog.text
    assert "no mail today" in caplog.text
    (record,) = caplog.records
    assert (record.task_type, record.task_id) == ("one", "1")  # type: ignore[attr-defined]  # extras


async def test_a_callback_of_a_task_that_does_not_die_is_called_too(
    tasks: BackgroundTasks, plugin: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.grace = 0.01
    release = asyncio.Event()

    @plugin.mount_async_task("stubborn")
    async def stubborn(handle: AsyncTaskHandle) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def told(ctl: TaskCtl) -> None:
        await asyncio.sleep(0)
        raise OSError("no mail today")

    await tasks.start("stubborn", "1", "chat", plugin, on_terminal=told)
    await asyncio.sleep(0)
    assert await tasks.cancel("stubborn", "1")
    assert "no mail today" in caplog.text
    release.set()

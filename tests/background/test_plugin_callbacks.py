"""What a plugin has called when it comes and goes: once, in order, before anything else of it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin, TaskCtl


async def test_what_prepares_a_plugin_has_returned_before_its_first_task_runs(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    steps: list[str] = []

    @plugin.on_enabled()
    def enabled() -> None:
        steps.append("enabled")

    @plugin.mount_init_method()
    async def prepare() -> None:
        await asyncio.sleep(0)
        steps.append("prepared")

    @plugin.mount_async_task("async")
    async def on_loop(handle: AsyncTaskHandle) -> None:
        steps.append("runs")

    @plugin.mount_async_task("plain")
    def on_thread(handle: AsyncTaskHandle) -> None:
        steps.append("runs")

    handles = [await tasks.start("async", "1", "c", plugin)]
    handles += [await tasks.start("plain", "2", "c", plugin)]
    # Nothing waits for it but the functions themselves.
    assert steps == []
    assert tasks.is_running("async", "1")
    assert (await tasks.ajoin("async", "1", 20)).signal == "success"
    assert (await tasks.ajoin("plain", "2", 20)).signal == "success"
    assert steps == ["prepared", "enabled", "runs", "runs"]
    await plugin.enable()
    assert len(steps) == 4


def test_scripts_have_it_called_as_well(tasks: BackgroundTasks, plugin: Plugin) -> None:
    steps: list[str] = []
    plugin.mount_init_method()(lambda: steps.append("prepared"))

    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> None:
        steps.append("runs")

    tasks.start_soon("one", "1", "c", plugin)
    assert tasks.join("one", "1", 20).signal == "success"
    assert steps == ["prepared", "runs"]


async def test_enabling_calls_it_when_that_is_awaited(plugin: Plugin) -> None:
    steps: list[str] = []
    plugin.mount_init_method()(lambda: steps.append("prepared"))
    plugin.on_enabled()(lambda: steps.append("enabled"))
    enabling = plugin.enable()
    await asyncio.sleep(0)
    assert (plugin.is_enabled, steps) == (True, [])
    await enabling
    assert steps == ["prepared", "enabled"]


async def test_it_goes_in_the_other_order_and_comes_again(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    steps: list[object] = []
    plugin.mount_init_method()(lambda: steps.append("prepared"))
    plugin.on_enabled()(lambda: steps.append("enabled"))

    @plugin.mount_cleanup_method()
    async def cleanup() -> None:
        steps.append("cleaned")

    plugin.on_disabled()(lambda: steps.append("disabled"))

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        await handle.wait("never")

    for _ in range(2):
        await plugin.enable()
        await tasks.start("one", "1", "c", plugin, on_terminal=lambda ctl: steps.append(ctl.signal))
        await plugin.disable()
        assert steps == ["prepared", "enabled", "disabled", "cancel", "cleaned"]
        steps.clear()
    await plugin.disable()
    assert steps == []


async def test_what_the_callbacks_start_does_not_wait_for_them(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.on_enabled()
    async def begin() -> None:
        await tasks.start("one", "first", "c", plugin)
        await tasks.ajoin("one", "first", 20)

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> str:
        return handle.task_id

    await tasks.start("one", "second", "c", plugin)
    assert (await tasks.ajoin("one", "second", 20)).data == "second"
    assert (await tasks.ajoin("one", "first", 20)).data == "first"


async def test_when_preparing_fails_so_does_the_task_and_the_next_one_tries_again(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    faults = [OSError("no disk")]
    steps: list[str] = []
    plugin.mount_init_method()(lambda: steps.append("first"))

    @plugin.mount_init_method()
    async def prepare() -> None:
        if faults:
            raise faults.pop()

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> str:
        return "ran"

    await tasks.start("one", "1", "c", plugin)
    end = await tasks.ajoin("one", "1", 20)
    assert (end.signal, end.message) == ("fail", "no disk")
    await tasks.start("one", "1", "c", plugin)
    assert (await tasks.ajoin("one", "1", 20)).data == "ran"
    assert steps == ["first"]


async def test_another_callback_that_fails_is_logged_and_the_next_one_called(
    plugin: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[str] = []

    @plugin.on_enabled()
    async def broken() -> None:
        raise OSError("no disk")

    plugin.on_enabled()(lambda: steps.append("enabled"))
    plugin.mount_cleanup_method()(broken)
    await plugin.enable()
    await plugin.disable()
    assert steps == ["enabled"]
    assert [record.getMessage() for record in caplog.records] == [
        "plugin my_plugin: what on_enabled registered failed",
        "plugin my_plugin: a cleanup failed",
    ]


async def test_a_task_is_cancelled_while_it_waits_for_the_plugin_and_the_others_go_on(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    may_go_on = asyncio.Event()
    ran: list[str] = []
    plugin.mount_init_method()(may_go_on.wait)

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        ran.append(handle.task_id)

    for task_id in ("first", "second"):
        await tasks.start("one", task_id, "c", plugin)
    await asyncio.sleep(0)
    # Also the one that began to prepare it.
    assert await tasks.cancel("one", "first", "not wanted")
    assert tasks.get_state("one", "first") == TaskCtl.cancel("not wanted")
    may_go_on.set()
    assert (await tasks.ajoin("one", "second", 20)).signal == "success"
    assert ran == ["second"]


async def test_tasks_on_several_loops_wait_for_the_same_call(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    calls: list[int] = []
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()

    @plugin.mount_init_method()
    async def prepare() -> None:
        calls.append(threading.get_ident())
        has_begun.set()
        await may_go_on.wait()

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> int:
        return len(calls)

    await tasks.start("one", "here", "c", plugin)
    await has_begun.wait()
    tasks.start_soon("one", "there", "c", plugin)
    may_go_on.set()
    for task_id in ("here", "there"):
        assert (await tasks.ajoin("one", task_id, 20)).data == 1


async def test_what_is_registered_later_is_called_before_the_next_task(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    steps: list[str] = []

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        steps.append("runs")

    @plugin.on_enabled()
    def enabled() -> None:
        steps.append("enabled")
        if "prepared" not in steps:
            plugin.mount_init_method()(lambda: steps.append("prepared"))

    await tasks.start("one", "1", "c", plugin)
    await tasks.ajoin("one", "1", 20)
    assert steps == ["enabled", "prepared", "runs"]
    plugin.mount_init_method()(lambda: steps.append("prepared too"))
    await tasks.start("one", "2", "c", plugin)
    await tasks.ajoin("one", "2", 20)
    # Those that were called are not called again.
    assert steps[3:] == ["prepared too", "runs"]


async def test_a_plugin_that_goes_while_it_is_prepared_is_prepared_when_it_comes_again(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    steps: list[str] = []
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()

    @plugin.mount_init_method()
    async def prepare() -> None:
        has_begun.set()
        await may_go_on.wait()
        steps.append("prepared")

    plugin.on_enabled()(lambda: steps.append("enabled"))
    plugin.mount_cleanup_method()(lambda: steps.append("cleaned"))
    enabling = asyncio.ensure_future(plugin.enable())
    await has_begun.wait()
    await plugin.disable()
    may_go_on.set()
    await enabling
    assert steps == ["cleaned", "prepared"]
    await plugin.enable()
    assert steps[2:] == ["prepared", "enabled"]

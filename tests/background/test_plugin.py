"""Plugins: mounting, methods, and how they go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from xpander_client.background import (
    AgentCtx,
    AsyncTaskHandle,
    BackgroundTasks,
    Plugin,
    SandboxMethodType,
    TaskCtl,
)


async def forever(handle: AsyncTaskHandle) -> None:
    await handle.wait("never")


def test_what_is_mounted_comes_back_unchanged(plugin: Plugin) -> None:
    async def cleanup() -> None:
        return

    async def method(ctx: AgentCtx) -> str:
        """Says hello."""
        return "hello"

    assert plugin.mount_async_task("one")(forever) is forever
    assert plugin.mount_sandbox_method(SandboxMethodType.TOOL, "Say hello")(method) is method
    assert plugin.on_disabled()(cleanup) is cleanup
    mounted = plugin.sandbox_methods["Say hello"]
    assert mounted.type is SandboxMethodType.TOOL
    assert (mounted.name, mounted.description) == ("Say hello", "Says hello.")
    assert mounted.function is method


def test_names_are_taken_once(plugin: Plugin) -> None:
    plugin.mount_async_task("one")(forever)
    with pytest.raises(ValueError, match="'my_plugin' has a task 'one' already"):
        plugin.mount_async_task("one")(forever)
    plugin.mount_sandbox_method(SandboxMethodType.TOOL, "hello", "Says hello.")(forever)
    with pytest.raises(ValueError, match="'my_plugin' has a method 'hello' already"):
        plugin.mount_sandbox_method(SandboxMethodType.TOOL, "hello")(forever)


def test_what_cannot_be_a_task_is_refused_when_it_is_mounted(plugin: Plugin) -> None:
    with pytest.raises(TypeError, match="must take its handle"):

        @plugin.mount_async_task("none")  # type: ignore[type-var]  # that is what is tested
        def none() -> None: ...

    with pytest.raises(TypeError, match="must take its handle"):

        @plugin.mount_async_task("by keyword")  # type: ignore[type-var]  # here as well
        def by_keyword(*, handle: AsyncTaskHandle) -> None: ...

    with pytest.raises(TypeError, match="a task is a function"):
        plugin.mount_async_task("text")("text")  # type: ignore[type-var]  # that is what is tested
    with pytest.raises(ValueError, match="not empty"):
        plugin.mount_async_task("")
    assert plugin.async_tasks == {}


async def test_a_plugin_goes_in_order_and_comes_back(
    tasks: BackgroundTasks, plugin: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    other = Plugin("Other", "other", "Another plugin", "1.0.0", "Developer", "")
    steps: list[Any] = []
    plugin.mount_async_task("one")(forever)
    other.mount_async_task("one")(forever)

    @plugin.on_disabled()
    def first() -> None:
        steps.append(("first", tasks.is_running("one", "1")))
        raise OSError("no disk")

    @plugin.on_disabled()
    async def second() -> None:
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match=r"'my_plugin' is disabled.*enabled are .*'other'"):
            await tasks.start("one", "2", "chat", plugin)
        steps.append("second")

    await tasks.start("one", "1", "chat", plugin, on_terminal=steps.append)
    await tasks.start("one", "other", "chat", other)
    await plugin.disable()
    assert not plugin.is_enabled
    assert steps == [("first", True), "second", TaskCtl.cancel("plugin my_plugin was disabled")]
    assert "plugin my_plugin: a cleanup failed" in caplog.text
    # Those of others run on.
    assert tasks.get_running_tasks() == ["other:one:other"]
    with pytest.raises(ValueError, match="disabled"):
        await tasks.start("one", "1", "chat", plugin)
    with pytest.raises(ValueError, match="disabled"):
        tasks.start_soon("one", "1", "chat", plugin)
    await plugin.disable()
    assert len(steps) == 3
    plugin.enable()
    await tasks.start("one", "1", "chat", plugin)
    assert tasks.is_running("one", "1")
    assert await tasks.stop_all() == 2


async def test_the_clean_up_of_the_page_counts_what_it_stopped(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    counts: list[int] = []
    plugin.mount_async_task("one")(forever)

    @plugin.on_disabled()
    async def cleanup() -> None:
        counts.append(await tasks.stop_all())

    for number in range(3):
        await tasks.start("one", str(number), "chat", plugin)
    await plugin.disable()
    assert counts == [3]


async def test_a_task_may_disable_its_own_plugin(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        await plugin.disable()

    await tasks.start("one", "1", "chat", plugin)
    end = await tasks.ajoin("one", "1", timeout=20)
    assert end == TaskCtl.cancel("plugin my_plugin was disabled")

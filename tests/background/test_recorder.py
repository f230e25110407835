"""What a record hears of a plugin's tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Any

import attrs
import pytest

from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin, TaskCtl
from xpander_client.background.recorder import PluginTask


@attrs.define
class Notes:
    """A record that writes down what it hears, and may fail at it."""

    heard: list[Any] = attrs.field(factory=list)
    fails: bool = False

    def on_start(self, running: PluginTask, /) -> None:
        self._hear(("started", running.name))

    def on_progress(self, running: PluginTask, ctl: TaskCtl, /) -> None:
        self._hear(("progressed", ctl.progress))

    def on_end(self, running: PluginTask, ctl: TaskCtl, /) -> None:
        self._hear(("ended", ctl.message))

    async def notify_agent(self, chat_key: str, message: str, trigger: bool, /) -> None:
        self._hear(("notify", chat_key, message, trigger))

    def _hear(self, what: Any) -> None:
        asyncio.get_running_loop()
        self.heard.append(what)
        if self.fails:
            raise OSError("no network")


@pytest.fixture
def notes(plugin: Plugin) -> Notes:
    plugin.recorder = notes = Notes()

    @plugin.mount_async_task("async")
    async def on_loop(handle: AsyncTaskHandle, prompt: str) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)
        await handle.notify_agent("half of it", trigger=True)
        yield TaskCtl.success("done")

    @plugin.mount_async_task("plain", restart=True)
    def on_thread(handle: AsyncTaskHandle, prompt: str) -> Generator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)
        handle.notify_agent_blocking("half of it", trigger=True)
        yield TaskCtl.success("done")

    return notes


@pytest.mark.parametrize("task_type", ["async", "plain"])
async def test_a_record_hears_all_in_order_and_the_end_before_the_callback(
    tasks: BackgroundTasks, plugin: Plugin, notes: Notes, task_type: str
) -> None:
    def told(ctl: TaskCtl) -> None:
        notes.heard.append(("told", ctl.message))

    await tasks.start(task_type, "1", "chat", plugin, prompt="p", on_terminal=told)
    await tasks.ajoin(task_type, "1", timeout=20)
    assert notes.heard == [
        ("started", f"my_plugin:{task_type}:1"),
        ("progressed", 50),
        ("notify", "chat", "half of it", True),
        ("ended", "done"),
        ("told", "done"),
    ]


async def test_a_record_that_fails_is_logged_and_changes_nothing(
    tasks: BackgroundTasks, plugin: Plugin, notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    @plugin.mount_async_task("quiet")
    async def quiet(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)
        yield TaskCtl.success("done")

    notes.fails = True
    await tasks.start("quiet", "1", "chat", plugin)
    assert await tasks.ajoin("quiet", "1", timeout=20) == TaskCtl.success("done")
    assert len(notes.heard) == 3
    assert caplog.text.count("my_plugin:quiet:1: its record failed") == 3


async def test_a_record_sees_what_a_task_was_started_with(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    seen: list[PluginTask] = []

    class Keeping(Notes):
        def on_start(self, running: PluginTask, /) -> None:
            seen.append(running)

    plugin.recorder = Keeping()

    @plugin.mount_async_task("one", restart=True)
    async def one(handle: AsyncTaskHandle, prompt: str, task_id: str, *, size: int = 1) -> None:
        await handle.wait("never")

    await tasks.start("one", "1", "chat", plugin, "hello", size=2)
    (running,) = seen
    assert (running.key, running.chat_key, running.restart) == (("one", "1"), "chat", True)
    assert plugin.running == {running}
    # What it takes to start it again.
    assert (running.args, running.kwargs) == (("hello",), {"size": 2})
    await asyncio.sleep(0)
    await asyncio.to_thread(running.request_cancel, "stopped from afar")
    assert await tasks.ajoin("one", "1", timeout=20) == TaskCtl.cancel("stopped from afar")
    assert tasks.get_state("one", "1") == TaskCtl.cancel("stopped from afar")


def test_without_a_configuration_there_is_no_record(plugin: Plugin) -> None:
    assert plugin.recorder is None

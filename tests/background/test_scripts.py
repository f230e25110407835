"""Scripts without an event loop: `start_soon`, `join`, and how the program ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin, TaskCtl

ROOT = Path(__file__).resolve().parents[2]


def test_a_script_starts_tasks_and_waits_for_them(tasks: BackgroundTasks, plugin: Plugin) -> None:
    ends: list[TaskCtl] = []

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle, word: str) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.success("done", data=[word, await handle.wait("approval")])

    handle = tasks.start_soon("one", "1", "chat", plugin, "hello", on_terminal=ends.append)
    assert tasks.is_running("one", "1")
    with pytest.raises(TimeoutError, match=r"one:1 is still running after 0\.01 s"):
        tasks.join("one", "1", timeout=0.01)
    handle.notify("approval", True)
    end = tasks.join("one", "1", timeout=20)
    assert end == TaskCtl.success("done", data=["hello", True])
    assert ends == [end]
    assert tasks.join("one", "1") == end
    with pytest.raises(ValueError, match="no task one:2"):
        tasks.join("one", "2")


def test_wrong_calls_are_refused_in_the_script(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle, word: str) -> None: ...

    with pytest.raises(TypeError, match="missing a required argument: 'word'"):
        tasks.start_soon("one", "1", "chat", plugin)
    with pytest.raises(ValueError, match="no task 'other'"):
        tasks.start_soon("other", "1", "chat", plugin)
    assert tasks.get_running_tasks() == []


def test_a_task_is_cancelled_before_the_loop_came_to_it(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    free = threading.Event()
    blocks = threading.Event()

    @plugin.mount_async_task("blocks")
    async def blocking(handle: AsyncTaskHandle) -> None:
        blocks.set()
        free.wait(20)

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        raise AssertionError("it was called")

    tasks.start_soon("blocks", "1", "chat", plugin)
    blocks.wait(20)
    tasks.start_soon("one", "1", "chat", plugin)

    async def cancel() -> bool:
        cancelling = asyncio.create_task(tasks.cancel("one", "1", "at once"))
        await asyncio.sleep(0)
        free.set()
        return await cancelling

    assert asyncio.run(cancel())
    assert tasks.get_state("one", "1") == TaskCtl.cancel("at once")
    assert tasks.join("blocks", "1", timeout=20) == TaskCtl.success()


def test_closing_stops_what_start_soon_began_and_nothing_else(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        await handle.wait("never")

    others = threading.enumerate()

    async def main() -> list[str]:
        await tasks.start("one", "mine", "chat", plugin)
        tasks.start_soon("one", "background", "chat", plugin)
        await asyncio.to_thread(tasks.close)
        return tasks.get_running_tasks()

    assert asyncio.run(main()) == ["my_plugin:one:mine"]
    assert tasks.get_state("one", "background") == TaskCtl.cancel("the program is ending")
    ours = set(threading.enumerate()).difference(others)
    assert not [thread for thread in ours if thread.name == "xpander-background"]
    # Another one begins when it is needed.
    tasks.start_soon("one", "again", "chat", plugin)
    tasks.close()
    tasks.close()


def test_the_background_loop_does_not_close_itself(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        tasks.close()

    tasks.start_soon("one", "1", "chat", plugin)
    assert "await stop_all" in tasks.join("one", "1", timeout=20).message


def test_no_thread_is_left_when_the_work_is_done(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> None:
        return

    for number in range(20):
        tasks.start_soon("one", str(number), "chat", plugin)
    for number in range(20):
        assert tasks.join("one", str(number), timeout=20) == TaskCtl.success()
    tasks.close()
    end = time.monotonic() + 20
    while left := [t for t in threading.enumerate() if t.name.startswith("xpander-task")]:
        assert time.monotonic() < end, left
        left[0].join(1)


PROGRAM = """
import asyncio
from xpander_client.background import Plugin, TaskCtl, task

task.grace = 0.2
plugin = Plugin("Program", "program", "Ends", "1.0.0", "Developer", "")

async def tell(ctl):
    await asyncio.sleep(0)
    print("told", ctl.signal, ctl.message)

@plugin.mount_async_task("waits")
async def waits(handle):
    try:
        yield TaskCtl.report_progress("waiting", 50)
        await handle.wait("never")
    finally:
        await asyncio.sleep(0)
        print("cleaned up")

@plugin.mount_async_task("hangs")
def hangs(handle):
    import threading
    threading.Event().wait()

@plugin.mount_async_task("works")
async def works(handle):
    return "worked"

task.start_soon("waits", "1", "chat", plugin, on_terminal=tell)
task.start_soon("hangs", "1", "chat", plugin, on_terminal=lambda ctl: print("hung", ctl.signal))
task.start_soon("works", "1", "chat", plugin)
print(task.join("works", "1", timeout=10).data)
while task.get_state("waits", "1") is None:
    pass
"""


def test_the_end_of_the_program_ends_its_tasks_in_order() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "worked",
        "cleaned up",
        "told cancel the program is ending",
        "hung fail",
    ]
    assert "Traceback" not in done.stderr

"""Tasks with one progress each, from start to end: in the background room, and as bare asyncio."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

from measured import serve
from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin, TaskCtl

PLUGIN = Plugin("Bench", "bench", "Measures", "1.0.0", "Bench", "")


@PLUGIN.mount_async_task("work")
async def work(handle: AsyncTaskHandle, number: int) -> AsyncIterator[TaskCtl]:
    """One progress, one wait, one end."""
    yield TaskCtl.report_progress("half", 50)
    await asyncio.sleep(0)
    yield TaskCtl.success("whole", data=number)


async def ours(count: int) -> None:
    """All at once, each with a callback that counts it."""
    tasks = BackgroundTasks()
    left = count
    done = asyncio.Event()

    def ended(_: TaskCtl) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    for number in range(count):
        await tasks.start("work", f"T-{number}", "chat", PLUGIN, number, on_terminal=ended)
    await done.wait()


async def _bare(number: int) -> AsyncIterator[tuple[str, int]]:
    yield "half", 50
    await asyncio.sleep(0)
    yield "whole", number


async def bare(count: int) -> None:
    """Run the same generators, each consumed by an asyncio task."""
    left = count
    done = asyncio.Event()

    async def consume(number: int) -> None:
        nonlocal left
        said = [each async for each in _bare(number)]
        assert said[-1] == ("whole", number)
        left -= 1
        if not left:
            done.set()

    kept = [asyncio.create_task(consume(number)) for number in range(count)]
    await done.wait()
    await asyncio.gather(*kept)


def resident() -> float:
    """Bytes of memory that this process holds, measured when nothing runs."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


if __name__ == "__main__":
    serve({"resident": lambda _: resident()}, {"ours": ours, "bare": bare})

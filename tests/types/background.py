"""Background tasks: functions that can be mounted, and their start by name and by function."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal, assert_type

import attrs

from xpander_client.background import AsyncTaskHandle, Plugin, TaskCtl, TaskSignal, task

plugin = Plugin("Reports", "reports", "Makes reports", "1.0.0", "Shop", "")


@plugin.mount_async_task("report")
async def report(handle: AsyncTaskHandle, topic: str, pages: int = 3) -> AsyncIterator[TaskCtl]:
    yield TaskCtl.report_progress(f"{pages} pages about {topic}", 50)
    yield TaskCtl.success(data=await handle.wait("approval"))


@plugin.mount_async_task("ask", restart=True)
async def ask(handle: AsyncTaskHandle, *, question: str) -> str:
    return f"{handle.task_id}: {question}"


@plugin.mount_async_task("add")
def add(handle: AsyncTaskHandle, *numbers: int) -> int:
    return sum(numbers)


@plugin.mount_async_task("step")
def step(handle: AsyncTaskHandle, task_id: str = "") -> Iterator[TaskCtl]:
    """With a parameter that `start` fills."""
    yield TaskCtl.success(task_id)


class Shop:
    """Methods are functions, too."""

    def order(self, handle: AsyncTaskHandle, article: int) -> None:
        pass


plugin.mount_async_task("order")(Shop().order)


@plugin.mount_config()
@attrs.define
class Settings:
    """Is what is mounted, and what comes back."""

    most: int = 3


@plugin.mount_init_method()
async def prepare() -> None:
    assert_type(plugin.get_config(Settings), Settings)
    assert_type(plugin.get_config(), Any)
    assert_type(await plugin.store.get(store_key="last"), str | None)
    assert_type(plugin.store.get_blocking(store_key="last"), str | None)
    assert_type(await plugin.store.set(store_key="last", value="1"), Literal[0, 1])
    plugin.save_config(Settings(most=5))


@plugin.on_enabled()
def enabled() -> None:
    plugin.logger.info("enabled")


plugin.mount_cleanup_method()(enabled)


def tell(end: TaskCtl) -> None:
    assert_type(end.signal, TaskSignal)


async def start() -> None:
    """Right starts."""
    assert_type(await task.start("report", "1", "chat", plugin, topic="sales"), AsyncTaskHandle)
    await task.start(
        task_type="report", task_id="1", chat_key="c", plugin=plugin, topic="s", on_terminal=tell
    )
    assert_type(await task.start(report, "1", "chat", plugin, topic="sales"), AsyncTaskHandle)
    await task.start(report, task_id="1", chat_key="c", plugin=plugin, topic="s", on_terminal=tell)
    await task.start(report, "1", "chat", plugin, "sales", pages=5)
    await task.start(ask, "1", "chat", plugin, question="why")
    await task.start(step, "1", "chat", plugin)
    await task.start(Shop().order, "1", "chat", plugin, 5)
    assert_type(task.start_soon(add, "1", "chat", plugin, 1, 2, 3), AsyncTaskHandle)
    task.start_soon("add", "1", "chat", plugin, 1, 2, 3, on_terminal=tell)
    assert_type(await task.ajoin("add", "1"), TaskCtl)
    first: str = await ask(task.start_soon("ask", "1", "chat", plugin, question="why"), question="")
    del first
    plugin.enable()
    await plugin.enable()


async def start_wrong() -> None:
    """Wrong arguments of functions, and starts that nothing can make right."""
    await task.start(report, "1", "chat", plugin)  # type: ignore[call-overload]
    await task.start(report, "1", "chat", plugin, topc="sales")  # type: ignore[call-overload]
    await task.start(report, "1", "chat", plugin, 5)  # type: ignore[call-overload]
    await task.start(report, "1", "chat", plugin, "s", pages="3")  # type: ignore[arg-type]
    await task.start(ask, "1", "chat", plugin, "why")  # type: ignore[call-overload]
    await task.start(report, "1", "chat", "reports", "s")  # type: ignore[call-overload]
    await task.start(5, "1", "chat", plugin)  # type: ignore[call-overload]
    await task.start("report", 1, "chat", plugin)  # type: ignore[call-overload]
    await task.start("report", "1", "chat", plugin, on_terminal=5)  # type: ignore[call-overload]
    task.start_soon(add, "1", "chat", plugin, "1")  # type: ignore[call-overload]
    task.start_soon(add, "1", "chat")  # type: ignore[call-overload]
    task.start_soon(report, "1", "chat", plugin, 5)  # type: ignore[call-overload]


@plugin.mount_async_task("topic")  # type: ignore[type-var]
async def no_handle(topic: str) -> str:
    return topic


@plugin.mount_async_task("nothing")  # type: ignore[type-var]
async def nothing() -> None:
    pass


@plugin.mount_async_task("keyword")  # type: ignore[type-var]
async def keyword(*, handle: AsyncTaskHandle) -> Any:
    return handle


plugin.mount_config()(Settings())  # type: ignore[arg-type]
plugin.store.set_blocking(store_key="last", value=1)  # type: ignore[arg-type]
plugin.mount_async_task("text")("report")  # type: ignore[type-var]
plugin.mount_async_task(report)  # type: ignore[arg-type]
TaskCtl.report_progress("half", "50")  # type: ignore[arg-type]
TaskCtl.success("done").message = "other"  # type: ignore[misc]

"""Background tasks as platform tasks: followed, stopped and notified from outside."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.raw_server import Connection, RawServer
from xpander_client import AgentExecutionStatus, Configuration, Task, Tasks
from xpander_client.api.resources import Agents, TasksListItem, Threads
from xpander_client.background import (
    TIMED_OUT,
    AsyncTaskHandle,
    BackgroundTasks,
    Plugin,
    TaskCtl,
)
from xpander_client.background.record.record import PlatformRecord
from xpander_client.background.tasks import task as tasks_of_this_process
from xpander_client.errors import ConfigurationError, ModuleException, NotFoundError
from xpander_client.platform import LocalPlatform, Settings

QUICK = Settings(sweep_interval=0.05)


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    with LocalPlatform(settings=QUICK) as platform:
        yield platform


@contextlib.contextmanager
def plugin_of(configuration: Configuration, module: str = "reports") -> Iterator[Plugin]:
    plugin = Plugin("Reports", module, "", "1.0.0", "Shop", "", configuration=configuration)

    @plugin.mount_async_task("report")
    async def report(handle: AsyncTaskHandle, prompt: str = "") -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("waiting", 50)
        approval = await handle.wait("approval", timeout=30)
        yield TaskCtl.success("done", data={"approval": approval})

    try:
        yield plugin
    finally:
        recorder = plugin.recorder
        assert isinstance(recorder, PlatformRecord)
        recorder.close(0.5)
        # Where tasks run that were taken over.
        tasks_of_this_process.close()


@pytest.fixture
def plugin(platform: LocalPlatform) -> Iterator[Plugin]:
    with plugin_of(platform.configuration) as plugin:
        yield plugin


@pytest.fixture
async def api(platform: LocalPlatform) -> AsyncIterator[Tasks]:
    async with Tasks(platform.configuration) as tasks:
        yield tasks


async def eventually(holds: Callable[[], Any], what: str, patience: float = 20.0) -> Any:
    deadline = time.monotonic() + patience
    while True:
        found = holds()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"still not so: {what}"
        await asyncio.sleep(0.02)


async def recorded(api: Tasks, agent: str = "reports", **fields: Any) -> Task:
    """The one task of the agent, as soon as it is like this."""

    async def look() -> Task | None:
        with contextlib.suppress(NotFoundError):
            for item in await api.alist(agent_id=agent):
                task = await api.aget(task_id=item.id)
                if all(getattr(task, name) == value for name, value in fields.items()):
                    return task
        return None

    found = await eventually(look, f"a task of {agent} with {fields}")
    assert isinstance(found, Task)
    return found


async def events_of(task: Task) -> list[Any]:
    return [event async for event in task.aevents()]


async def test_a_background_task_is_a_platform_task_that_others_follow(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    await tasks.start("report", "R-1", "chat-1", plugin, prompt="sales")
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    assert (task.title, task.agent_id) == ("report", "reports")
    assert (task.conversation_id, task.memory_thread_id) == ("chat-1", "chat-1")
    assert json.loads(task.input.text or "") == {"task_id": "R-1", "kwargs": {"prompt": "sales"}}
    assert task.execution_attempts == 1
    assert task.progress is not None
    assert (task.progress.percent, task.progress.message) == (50, "waiting")
    following = asyncio.create_task(events_of(task))
    told = await task.anotify("approval", {"by": "ann"})
    assert told.delivered
    ctl = await tasks.ajoin("report", "R-1", timeout=20)
    assert ctl.data == {"approval": {"by": "ann"}}
    events = await asyncio.wait_for(following, 20)
    assert [event.type for event in events] == [
        "connected",
        "task_created",
        "task_updated",
        "task_updated",
        "task_finished",
    ]
    assert events[3].notification.key == "approval"
    await task.areload()
    assert task.status == AgentExecutionStatus.Completed
    assert json.loads(task.result or "") == {
        "message": "done",
        "data": {"approval": {"by": "ann"}},
    }


@pytest.mark.parametrize(
    ("ending", "status", "result"),
    [
        (TaskCtl.success("fine"), "completed", "fine"),
        (TaskCtl.success(), "completed", None),
        (TaskCtl.fail("no answer", TimeoutError("5 s")), "failed", "no answer (TimeoutError: 5 s)"),
        (TaskCtl.cancel("changed my mind"), "stopped", "changed my mind"),
        (RuntimeError("boom"), "failed", "boom"),
    ],
)
async def test_the_end_is_the_tasks_status_and_result(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, ending: Any, status: str, result: str | None
) -> None:
    @plugin.mount_async_task("short")
    def short(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        if isinstance(ending, Exception):
            raise ending
        yield ending

    await tasks.start("short", "1", "", plugin)
    await tasks.ajoin("short", "1", timeout=20)
    task = await recorded(api, status=AgentExecutionStatus(status))
    assert task.result == result
    assert task.memory_thread_id is None


@pytest.mark.parametrize("on_thread", [False, True])
async def test_a_task_that_is_stopped_on_the_platform_is_cancelled_here(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, on_thread: bool
) -> None:
    def on_a_thread(handle: AsyncTaskHandle) -> None:
        handle.wait_blocking("never")

    async def on_the_loop(handle: AsyncTaskHandle) -> None:
        await handle.wait("never")

    function: Any = on_a_thread if on_thread else on_the_loop
    plugin.mount_async_task("waits")(function)
    await tasks.start("waits", "1", "chat", plugin)
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    await task.astop()
    ctl = await tasks.ajoin("waits", "1", timeout=20)
    assert ctl == TaskCtl.cancel("stopped through the platform")
    task = await recorded(api, result="stopped through the platform")
    assert task.status == AgentExecutionStatus.Stopped
    assert task.is_manually_stopped


async def test_a_success_that_was_faster_than_the_stop_is_no_fault(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    @plugin.mount_async_task("stubborn")
    async def stubborn(handle: AsyncTaskHandle) -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await handle.wait("never")
        return "done all the same"

    await tasks.start("stubborn", "1", "chat", plugin)
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    await task.astop()
    assert (await tasks.ajoin("stubborn", "1", timeout=20)).data == "done all the same"
    record = plugin.recorder
    assert isinstance(record, PlatformRecord)
    assert await asyncio.to_thread(record.close, 10.0)
    await task.areload()
    assert task.status == AgentExecutionStatus.Stopped
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def test_a_word_before_its_wait_is_kept_and_each_comes_once(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    begin = asyncio.Event()

    @plugin.mount_async_task("counts")
    async def counts(handle: AsyncTaskHandle) -> list[Any]:
        await begin.wait()
        return [await handle.wait("key", timeout) for timeout in (20, 20, 0.3)]

    await tasks.start("counts", "1", "chat", plugin)
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    for number in (1, 2):
        await task.anotify("key", number)
    begin.set()
    assert (await tasks.ajoin("counts", "1", timeout=30)).data == [1, 2, TIMED_OUT]


async def test_progress_is_told_ten_times_a_second_at_most_and_the_last_always(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    @plugin.mount_async_task("eager")
    async def eager(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        await handle.wait("go")
        until = time.monotonic() + 1.0
        said = 0
        while time.monotonic() < until:
            said += 1
            yield TaskCtl.report_progress(f"at {said}", said % 100)
            if said % 50 == 0:
                await asyncio.sleep(0)
        yield TaskCtl.report_progress("the last", 99)
        yield TaskCtl.success(str(said))

    handle = await tasks.start("eager", "1", "chat", plugin)
    await recorded(api, status=AgentExecutionStatus.Executing)
    handle.notify("go")
    ctl = await tasks.ajoin("eager", "1", timeout=20)
    assert int(ctl.message) > 200
    task = await recorded(api, status=AgentExecutionStatus.Completed)
    events = await events_of(task)
    told = [event for event in events if event.type == "task_updated" and event.data.progress]
    assert len(told) - 1 <= 10 * (told[-1].time - told[0].time).total_seconds()
    for before, after in zip(told, told[10:], strict=False):
        assert (after.time - before.time).total_seconds() > 0.99
    assert told[-1].data.progress.message == "the last"
    assert events[-1].type == "task_finished"


async def test_a_platform_that_hangs_slows_no_task(tasks: BackgroundTasks) -> None:
    def hang(connection: Connection) -> None:
        connection.is_closed_by_peer(10.0)

    with RawServer(*[hang] * 20) as server, plugin_of(server.configuration()) as plugin:

        @plugin.mount_async_task("many")
        async def many(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
            for number in range(1000):
                yield TaskCtl.report_progress("", number / 10)
            yield TaskCtl.success()

        began = time.monotonic()
        for number in range(20):
            await tasks.start("many", str(number), "chat", plugin)
        for number in range(20):
            await tasks.ajoin("many", str(number), timeout=20)
        assert time.monotonic() - began < 5.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def test_a_record_catches_up_with_tasks_that_ran_while_the_platform_was_away(
    tasks: BackgroundTasks, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    away = Configuration("k", f"http://127.0.0.1:{port}", "local")
    with plugin_of(away) as plugin:

        @plugin.mount_async_task("short")
        async def short(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
            for percent in range(100):
                yield TaskCtl.report_progress(f"at {percent}", percent)
            yield TaskCtl.success("done")

        for number in range(50):
            await tasks.start("short", str(number), "chat", plugin)
        for number in range(50):
            await tasks.ajoin("short", str(number), timeout=20)
        async with LocalPlatform(port=port, api_key="k"), Tasks(away) as api:
            completed = AgentExecutionStatus.Completed

            async def all_there() -> Any:
                with contextlib.suppress(NotFoundError):
                    found = await api.alist(agent_id="reports", status=completed)
                    return found if len(found) == 50 else None

            items = await eventually(all_there, "all tasks are written down", 40)
            assert len(await api.alist(agent_id="reports")) == 50
            events = await events_of(await api.aget(task_id=items[0].id))
        told = [event.data.progress.percent for event in events if event.type == "task_updated"]
        # What was said last, and nothing of before.
        assert told == [99]
    assert caplog.text.count("not listening") <= 5


async def test_a_task_goes_on_while_the_platform_is_restarted(
    tasks: BackgroundTasks, tmp_path: Path
) -> None:
    port = free_port()

    def served() -> LocalPlatform:
        return LocalPlatform(store=tmp_path / "s.db", port=port, api_key="k", settings=QUICK)

    go_on = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        platform = await stack.enter_async_context(served())
        plugin = stack.enter_context(plugin_of(platform.configuration))

        @plugin.mount_async_task("long")
        async def long(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
            yield TaskCtl.report_progress("before", 10)
            await go_on.wait()
            yield TaskCtl.report_progress("meanwhile", 50)
            yield TaskCtl.success(str(await handle.wait("approval", 30)))

        async with Tasks(platform.configuration) as api:
            await tasks.start("long", "1", "chat", plugin)
            task = await recorded(api, status=AgentExecutionStatus.Executing)
        await asyncio.to_thread(platform.close)
        go_on.set()
        await eventually(lambda: tasks.get_state("long", "1").progress == 50, "it goes on")  # type: ignore[union-attr]
        platform = await stack.enter_async_context(served())
        async with Tasks(platform.configuration) as api:
            # Said before the process is back, or after.
            await api.anotify(task.id, "approval", "yes")
            assert (await tasks.ajoin("long", "1", timeout=30)).message == "yes"
            done = await recorded(api, status=AgentExecutionStatus.Completed)
            assert (done.id, done.execution_attempts, done.result) == (task.id, 1, "yes")
            assert done.progress is not None
            assert done.progress.message == "meanwhile"


async def test_a_stop_while_the_process_is_not_connected_is_heard_later(
    tasks: BackgroundTasks, tmp_path: Path
) -> None:
    port = free_port()

    def served() -> LocalPlatform:
        return LocalPlatform(store=tmp_path / "s.db", port=port, api_key="k", settings=QUICK)

    async with contextlib.AsyncExitStack() as stack:
        platform = await stack.enter_async_context(served())
        plugin = stack.enter_context(plugin_of(platform.configuration))
        async with Tasks(platform.configuration) as api:
            await tasks.start("report", "1", "chat", plugin)
            task = await recorded(api, status=AgentExecutionStatus.Executing)
        await asyncio.to_thread(platform.close)
        platform = await stack.enter_async_context(served())
        async with Tasks(platform.configuration) as api:
            await api.astop(task_id=task.id)
        ctl = await tasks.ajoin("report", "1", timeout=30)
        assert ctl.message == "stopped through the platform"


async def test_the_agent_is_told_in_its_thread_and_gets_a_task_to_go_on(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, platform: LocalPlatform
) -> None:
    @plugin.mount_async_task("tells")
    async def tells(handle: AsyncTaskHandle) -> str:
        await handle.notify_agent("one", trigger=False)
        await handle.notify_agent("two")
        await asyncio.to_thread(handle.notify_agent_blocking, "three", trigger=False)
        return "told"

    await tasks.start("tells", "1", "chat/7", plugin)
    assert (await tasks.ajoin("tells", "1", timeout=20)).data == "told"
    async with Threads(platform.configuration) as threads:
        thread = await threads.aget(thread_id="chat/7")
    assert [(each.role, each.content) for each in thread.messages] == [
        ("system", "one"),
        ("system", "two"),
        ("system", "three"),
    ]
    task = await recorded(api, title=None)
    assert (task.agent_id, task.input.text) == ("reports", "two")
    assert (task.memory_thread_id, task.status) == ("chat/7", AgentExecutionStatus.Pending)
    # It is the agent's: this process does not take it, and does not keep others from it.
    await asyncio.sleep(0.3)
    await task.areload()
    assert not task.execution_attempts


async def test_an_agent_that_cannot_be_told_is_an_error_at_once(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("tells")
    async def tells(handle: AsyncTaskHandle) -> None:
        await handle.notify_agent("hello")

    for chat_key in ("", "..", "x" * 300):
        await tasks.start("tells", "1", chat_key, plugin)
        ctl = await tasks.ajoin("tells", "1", timeout=20)
        assert isinstance(ctl.error, ModuleException)


@pytest.mark.slow
async def test_an_agent_is_told_later_when_the_platform_is_away(tasks: BackgroundTasks) -> None:
    port = free_port()
    away = Configuration("k", f"http://127.0.0.1:{port}", "local")
    with plugin_of(away) as plugin:

        @plugin.mount_async_task("tells")
        async def tells(handle: AsyncTaskHandle) -> str:
            for number in range(2):
                await handle.notify_agent(str(number))
            return "goes on"

        await tasks.start("tells", "1", "chat", plugin)
        assert (await tasks.ajoin("tells", "1", timeout=20)).data == "goes on"
        async with LocalPlatform(port=port, api_key="k"), Threads(away) as threads:

            async def said() -> Any:
                with contextlib.suppress(NotFoundError):
                    thread = await threads.aget(thread_id="chat")
                    return [each.content for each in thread.messages] == ["0", "1"]

            await eventually(said, "both messages are there, in their order", 40)


async def test_a_configured_agent_is_the_one(
    tasks: BackgroundTasks, platform: LocalPlatform
) -> None:
    configuration = attrs.evolve(platform.configuration, agent_id="sales")
    with plugin_of(configuration) as plugin:
        await tasks.start("report", "1", "chat", plugin)
        async with Tasks(configuration) as api:
            task = await recorded(api, "sales", status=AgentExecutionStatus.Executing)
            await task.astop()
        await tasks.ajoin("report", "1", timeout=20)
        async with Agents(configuration) as agents:
            assert "reports" not in [agent.id for agent in await agents.alist()]


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


ENDS: dict[str, tuple[Callable[[], TaskCtl], str, str]] = {
    "an error without a text": (
        lambda: TaskCtl.fail("it failed", Unprintable()),
        "failed",
        "it failed (Unprintable: <Unprintable, which has no text: RuntimeError>)",
    ),
    "half a character": (lambda: TaskCtl.success("caf\udce9"), "completed", r"caf\udce9"),
    "no JSON": (
        lambda: TaskCtl.success("done", {2026: {"a"}, "mean": float("nan")}),
        "completed",
        '{"message": "done", "data": {"2026": ["a"], "mean": null}}',
    ),
    "more than the platform takes": (
        lambda: TaskCtl.success("x" * 11_000_000),
        "completed",
        "the platform refused the result: 413",
    ),
}


async def test_an_end_is_written_down_whatever_the_task_left_behind(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    async def odd(handle: AsyncTaskHandle, end: str) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("caf\udce9", 10)
        yield ENDS[end][0]()

    for end in ENDS:
        plugin.mount_async_task(end)(odd)

    @plugin.mount_async_task("unprintable")
    def unprintable(handle: AsyncTaskHandle) -> None:
        raise Unprintable

    for end in ENDS:
        await tasks.start(end, "1", "chat", plugin, end)
    await tasks.start("unprintable", "1", "chat", plugin)
    for end, (_, status, result) in ENDS.items():
        task = await recorded(api, title=end, status=status)
        assert (task.result or "").startswith(result)
    task = await recorded(api, title="unprintable", status="failed")
    assert task.result == "<Unprintable, which has no text: RuntimeError>"


async def test_progress_that_the_platform_refuses_costs_only_itself(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    @plugin.mount_async_task("talks")
    async def talks(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("x" * 11_000_000, 10)
        await handle.wait("refused")
        yield TaskCtl.success("done")

    handle = await tasks.start("talks", "1", "chat", plugin)
    await eventually(lambda: "413" in caplog.text, "it is refused")
    handle.notify("refused")
    await recorded(api, status=AgentExecutionStatus.Completed)


async def test_what_is_refused_is_logged_and_the_task_runs(
    tasks: BackgroundTasks, platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    with plugin_of(attrs.evolve(platform.configuration, api_key="my-secret")) as plugin:

        @plugin.mount_async_task("short")
        async def short(handle: AsyncTaskHandle) -> str:
            return "done"

        await tasks.start("short", "1", "chat", plugin)
        assert (await tasks.ajoin("short", "1", timeout=20)).data == "done"
        await eventually(lambda: "unrecorded for now" in caplog.text, "it is logged")
        assert "my-secret" not in caplog.text


def test_a_configuration_without_a_key_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XPANDER_API_KEY", raising=False)
    configuration = Configuration(base_url="http://127.0.0.1:9", organization_id="o")
    plugin = Plugin("P", "p", "", "1", "", "", configuration=configuration)

    @plugin.mount_async_task("short")
    def short(handle: AsyncTaskHandle) -> None:
        pass

    tasks = BackgroundTasks()
    with pytest.raises(ConfigurationError, match="XPANDER_API_KEY"):
        tasks.start_soon("short", "1", "chat", plugin)
    tasks.close()


async def test_arguments_that_are_no_json_are_shown_and_a_restart_is_said_to_be_impossible(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    @plugin.mount_async_task("objects", restart=True)
    async def objects(handle: AsyncTaskHandle, things: set[int]) -> None:
        await handle.wait("never")

    await tasks.start("objects", "1", "chat", plugin, {1})
    assert "reports:objects:1 cannot be restarted" in caplog.text
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    assert json.loads(task.input.text or "")["args"] == ["{1}"]
    assert task.additional_properties["on_worker_loss"] == "error"
    await tasks.stop_all()


async def test_a_task_that_was_taken_away_and_comes_back_runs_on(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    starts = 0

    @plugin.mount_async_task("long", restart=True)
    async def long(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        nonlocal starts
        starts += 1
        yield TaskCtl.report_progress("waiting", 50)
        yield TaskCtl.success(str(await handle.wait("approval", 30)))

    await tasks.start("long", "1", "chat", plugin)
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    pending = AgentExecutionStatus.Pending
    await api.aupdate(task_id=task.id, status=pending)
    task = await recorded(api, status=AgentExecutionStatus.Executing, execution_attempts=2)
    await task.anotify("approval", "yes")
    assert (await tasks.ajoin("long", "1", timeout=20)).message == "yes"
    task = await recorded(api, status=AgentExecutionStatus.Completed)
    assert (starts, task.execution_attempts, task.result) == (1, 2, "yes")


async def test_a_task_that_another_process_has_by_now_ends_here(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    await tasks.start("report", "1", "chat", plugin)
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    await api.aupdate(task_id=task.id, status=AgentExecutionStatus.Pending)
    with pytest.raises(ModuleException):  # it waits for this process alone, by its name
        await api.aupdate(
            task_id=task.id, status=AgentExecutionStatus.Executing, worker_id="another"
        )
    await task.astop()
    assert (await tasks.ajoin("report", "1", timeout=20)).signal == "cancel"


async def test_what_cannot_be_run_here_goes_back_or_ends_as_an_error(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    @plugin.mount_async_task("again", restart=True)
    async def again(handle: AsyncTaskHandle, number: int) -> None:
        pass

    plugin.enable()
    pool: dict[str, Any] = {"agent_id": "reports", "worker_pool": "background:reports"}
    unknown = await api.acreate(**pool, title="unknown", prompt='{"task_id": "1"}')
    unreadable = await api.acreate(**pool, title="again", prompt="no JSON")
    wrong = await api.acreate(**pool, title="again", prompt='{"task_id": "1", "kwargs": {"x": 1}}')
    for task in (unreadable, wrong):
        ended = await recorded(api, id=task.id, status=AgentExecutionStatus.Error)
        assert "cannot be started again" in (ended.result or "")

    async def offered_again() -> bool:
        return ((await api.aget(task_id=unknown.id)).execution_attempts or 0) >= 2

    await eventually(offered_again, "it was handed back")
    assert "goes to another process: plugin 'reports' has no task 'unknown'" in caplog.text
    await api.astop(task_id=unknown.id)


async def test_a_plugin_that_is_disabled_leaves_the_platform_and_comes_back(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks, platform: LocalPlatform
) -> None:
    ran = threading.Event()

    @plugin.mount_async_task("again", restart=True)
    def again(handle: AsyncTaskHandle) -> str:
        ran.set()
        return "ran"

    plugin.enable()
    await tasks.start("report", "1", "chat", plugin)
    await recorded(api, status=AgentExecutionStatus.Executing)
    await plugin.disable()
    stopped = await recorded(api, status=AgentExecutionStatus.Stopped)
    assert stopped.result == "plugin reports was disabled"
    record = plugin.recorder
    assert isinstance(record, PlatformRecord)
    assert record._connection._channel is None
    waiting = await api.acreate(
        agent_id="reports",
        title="again",
        prompt='{"task_id": "1"}',
        worker_pool="background:reports",
    )
    await asyncio.sleep(0.3)
    assert not ran.is_set()
    plugin.enable()
    await tasks.start("report", "2", "chat", plugin)
    await recorded(api, id=waiting.id, status=AgentExecutionStatus.Completed)
    assert ran.is_set()
    started = await recorded(api, title="report", status=AgentExecutionStatus.Executing)
    assert (await started.anotify("approval", 2)).delivered
    assert (await tasks.ajoin("report", "2", timeout=20)).data == {"approval": 2}


async def test_nothing_is_left_of_a_task_that_is_written_down(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    await tasks.start("report", "1", "chat", plugin)
    task = await recorded(api, status=AgentExecutionStatus.Executing)
    await task.anotify("approval", True)
    await recorded(api, status=AgentExecutionStatus.Completed)
    record = plugin.recorder
    assert isinstance(record, PlatformRecord)
    await eventually(
        lambda: not (record._entries or record._writer._known or record._open or record._news),
        "all is let go",
    )


async def test_a_type_that_is_mounted_late_can_be_taken_over(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    await tasks.start("report", "1", "chat", plugin)
    running = await recorded(api, status=AgentExecutionStatus.Executing)

    @plugin.mount_async_task("again", restart=True)
    async def again(handle: AsyncTaskHandle) -> str:
        return "ran"

    plugin.enable()
    waiting = await api.acreate(
        agent_id="reports",
        title="again",
        prompt='{"task_id": "1"}',
        worker_pool="background:reports",
    )
    await recorded(api, id=waiting.id, status=AgentExecutionStatus.Completed)
    # It is still the same worker, so what ran before is still its own.
    assert (await running.anotify("approval", 1)).delivered
    assert (await tasks.ajoin("report", "1", timeout=20)).data == {"approval": 1}


async def all_written_down(
    tasks: BackgroundTasks,
    plugin: Plugin,
    api: Tasks,
    task_type: str,
    count: int,
    *,
    timeout: float,
) -> list[TasksListItem]:
    """Run so many tasks, each with its number; what the platform has of those that succeeded."""
    for number in range(count):
        await tasks.start(task_type, str(number), "chat", plugin, number)
    for number in range(count):
        await tasks.ajoin(task_type, str(number), timeout=timeout)
    record = plugin.recorder
    assert isinstance(record, PlatformRecord)
    assert await asyncio.to_thread(record.close, 60.0)
    return await api.alist(agent_id="reports", status=AgentExecutionStatus.Completed)


@pytest.mark.slow
async def test_a_task_that_is_created_is_begun_before_many_others_are_created(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    """Else the platform would take the last ones for lost: it waits only so long for a begin."""

    @plugin.mount_async_task("busy")
    async def busy(handle: AsyncTaskHandle, number: int) -> AsyncGenerator[TaskCtl]:
        for percent in range(20):
            yield TaskCtl.report_progress("busy", percent)
            await asyncio.sleep(0.05)
        yield TaskCtl.success()

    items = await all_written_down(tasks, plugin, api, "busy", 200, timeout=60)
    assert len(items) == 200
    steps: list[tuple[datetime.datetime, int]] = []
    for item in items:
        task = await api.aget(task_id=item.id)
        assert task.started_at is not None
        steps += [(task.created_at, 1), (task.started_at, -1)]
    assert max(accumulate(change for _, change in sorted(steps))) <= 8


@pytest.mark.slow
async def test_many_tasks_are_all_written_down(
    tasks: BackgroundTasks, plugin: Plugin, api: Tasks
) -> None:
    @plugin.mount_async_task("short")
    async def short(handle: AsyncTaskHandle, number: int) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)
        yield TaskCtl.success(str(number))

    items = await all_written_down(tasks, plugin, api, "short", 300, timeout=20)
    assert sorted(int(item.result or -1) for item in items) == list(range(300))

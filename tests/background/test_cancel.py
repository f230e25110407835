"""Cancelling: in the task's own way, by force, and in the end without it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator

import pytest

from xpander_client.background import (
    AsyncTaskHandle,
    BackgroundTasks,
    Plugin,
    TaskCtl,
    TaskSignal,
)


async def a_turn() -> None:
    await asyncio.sleep(0)


async def sleeper(handle: AsyncTaskHandle) -> None:
    await asyncio.sleep(3600)


async def begun(
    tasks: BackgroundTasks, plugin: Plugin, task_type: str = "one"
) -> tuple[AsyncTaskHandle, list[TaskCtl]]:
    """A task whose function was called, and where its ends are told."""
    ends: list[TaskCtl] = []
    handle = await tasks.start(task_type, "1", "chat", plugin, on_terminal=ends.append)
    await asyncio.sleep(0)
    return handle, ends


async def test_a_task_yields_its_own_cancel(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            await handle.wait("approval")
        except asyncio.CancelledError:
            assert handle.is_cancelled
            # It may still wait for its clean-up, but at no wait point.
            await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await handle.wait("approval")
            yield TaskCtl.report_progress("cleaning", 99)
            yield TaskCtl.cancel("in my own way")

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1") is True
    assert ends == [TaskCtl.cancel("in my own way")]
    assert tasks.get_state("one", "1") == ends[0]


async def test_a_task_that_looks_at_the_flag_ends_by_itself(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        while not handle.is_cancelled:
            yield TaskCtl.report_progress("working", 50)
            await asyncio.sleep(0)

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1", "no more need")
    assert ends == [TaskCtl.cancel("no more need")]


async def test_a_wait_point_ends_a_task_that_leaves_it_at_that(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    tasks.grace = 3600.0

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.success("got it", data=await handle.wait("approval"))

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1", "no more need")
    assert ends == [TaskCtl.cancel("no more need")]


async def test_a_task_that_sleeps_feels_it_long_before_its_grace_is_over(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    tasks.grace = 3600.0
    steps: list[str] = []

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            yield TaskCtl.report_progress("stuck", 50)
            await asyncio.Event().wait()
        finally:
            steps.append("finally")

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1")
    assert ends == [TaskCtl.cancel("cancelled")]
    assert steps == ["finally"]


async def test_a_task_that_handles_it_is_not_disturbed_within_its_grace(
    tasks: BackgroundTasks, plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.grace = 3600.0
    monkeypatch.setattr("xpander_client.background.running.NOTICE", 0.001)
    cleaned: list[str] = []

    async def clean(handle: AsyncTaskHandle) -> None:
        await asyncio.sleep(0.02)
        cleaned.append(handle.task_type)

    @plugin.mount_async_task("caught")
    async def caught(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await clean(handle)
            yield TaskCtl.report_progress("cleaning", 99)
            yield TaskCtl.cancel("in my own way")

    @plugin.mount_async_task("waited")
    async def waited(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            # A timer puts the wait into a task of its own, in older versions of Python.
            await asyncio.wait_for(handle.wait("never"), 60)
        except asyncio.CancelledError:
            await clean(handle)
            yield TaskCtl.cancel("in my own way")

    @plugin.mount_async_task("looked")
    async def looked(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        while not handle.is_cancelled:
            await a_turn()
        await clean(handle)
        yield TaskCtl.cancel("in my own way")

    @plugin.mount_async_task("asked")
    async def asked(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        await tasks.cancel("asked", "1")
        await clean(handle)
        yield TaskCtl.cancel("in my own way")

    for kind in ("caught", "waited", "looked"):
        _, ends = await begun(tasks, plugin, kind)
        assert await tasks.cancel(kind, "1")
        assert ends == [TaskCtl.cancel("in my own way")]
    _, ends = await begun(tasks, plugin, "asked")
    await tasks.ajoin("asked", "1")
    assert ends == [TaskCtl.cancel("in my own way")]
    assert cleaned == ["caught", "waited", "looked", "asked"]


async def test_others_who_look_at_the_flag_do_not_keep_a_task_asleep(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    tasks.grace = 3600.0
    plugin.mount_async_task("one")(sleeper)
    handle, ends = await begun(tasks, plugin)
    cancelling = asyncio.create_task(tasks.cancel("one", "1"))
    await asyncio.sleep(0)
    assert handle.is_cancelled
    assert await cancelling
    assert ends == [TaskCtl.cancel("cancelled")]


async def test_a_task_may_yield_its_own_end_when_it_is_forced(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield TaskCtl.cancel("I see")

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1")
    assert ends == [TaskCtl.cancel("I see")]


async def test_a_forced_task_that_goes_on_is_stopped_at_its_next_value(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    forced = 0

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        nonlocal forced
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                forced += 1
            yield TaskCtl.report_progress("still here", 50)

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1", "enough")
    assert ends == [TaskCtl.cancel("enough")]
    assert forced == 2


async def test_a_task_that_does_not_die_fails_with_the_reason(
    tasks: BackgroundTasks, plugin: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.grace = 0.05
    die = asyncio.Event()
    dead = asyncio.Event()

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            while not die.is_set():
                try:
                    await die.wait()
                except asyncio.CancelledError:
                    continue
            yield TaskCtl.success("too late")
        finally:
            dead.set()

    handle, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1", "no more need") is True
    expected = TaskCtl.fail("the task did not end within 0.05 s of being cancelled: no more need")
    assert ends == [expected]
    assert "my_plugin:one:1: does not end" in caplog.text
    assert not tasks.is_running("one", "1")
    # What it says after its end counts no more, and another one may be started.
    await tasks.start("one", "1", "chat", plugin)
    die.set()
    await dead.wait()
    assert (await tasks.ajoin("one", "1")).message == "too late"
    assert ends == [expected]
    assert handle.is_cancelled


async def test_success_is_faster_than_cancel(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        while not handle.is_cancelled:
            await a_turn()
        yield TaskCtl.success("done all the same")

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1") is False
    assert ends == [TaskCtl.success("done all the same")]


async def test_a_value_returned_after_the_request_is_a_success_and_nothing_is_obedience(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("brings")
    async def brings(handle: AsyncTaskHandle) -> str:
        while not handle.is_cancelled:
            await a_turn()
        return "all of it"

    @plugin.mount_async_task("obeys")
    async def obeys(handle: AsyncTaskHandle) -> None:
        while not handle.is_cancelled:
            await a_turn()

    _, ends = await begun(tasks, plugin, "brings")
    assert await tasks.cancel("brings", "1") is False
    assert ends == [TaskCtl.success("", data="all of it")]
    _, ends = await begun(tasks, plugin, "obeys")
    assert await tasks.cancel("obeys", "1") is True
    assert ends == [TaskCtl.cancel("cancelled")]


async def test_many_cancels_are_one(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        await handle.wait("never")
        yield TaskCtl.success()

    _, ends = await begun(tasks, plugin)
    answers = await asyncio.gather(
        *(tasks.cancel("one", "1", f"reason {number}") for number in range(5)),
        tasks.stop_all(),
        plugin.disable(),
    )
    assert answers == [True] * 5 + [1, None]
    assert ends == [TaskCtl.cancel("reason 0")]
    assert await tasks.cancel("one", "1") is False
    assert await tasks.stop_all() == 0


async def test_a_task_cancelled_before_it_began_is_never_called(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        raise AssertionError("it was called")

    ends: list[TaskCtl] = []
    await tasks.start("one", "1", "chat", plugin, on_terminal=ends.append)
    assert await tasks.cancel("one", "1", "at once")
    assert ends == [TaskCtl.cancel("at once")]


async def test_a_task_may_cancel_itself(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        assert await tasks.cancel("one", "1", "my own wish")
        assert handle.is_cancelled
        assert await tasks.stop_all() == 1
        await handle.wait("never")
        yield TaskCtl.success()

    _, ends = await begun(tasks, plugin)
    await tasks.ajoin("one", "1")
    assert ends == [TaskCtl.cancel("my own wish")]


async def test_stop_all_counts_what_it_stopped(tasks: BackgroundTasks, plugin: Plugin) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle, succeeds: bool) -> AsyncGenerator[TaskCtl]:
        while not handle.is_cancelled:
            await a_turn()
        if succeeds:
            yield TaskCtl.success()

    for number in range(5):
        await tasks.start("one", str(number), "chat", plugin, succeeds=number < 2)
    await asyncio.sleep(0)
    assert await tasks.stop_all("closing") == 3
    assert tasks.get_running_tasks() == []
    assert tasks.get_state("one", "4") == TaskCtl.cancel("closing")


async def test_a_clean_up_that_hangs_is_forced_and_the_end_stands(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    hangs = asyncio.Event()

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            yield TaskCtl.success("done")
        finally:
            hangs.set()
            await asyncio.Event().wait()

    _, ends = await begun(tasks, plugin)
    await hangs.wait()
    assert ends == []
    assert await tasks.cancel("one", "1") is False
    assert ends == [TaskCtl.success("done")]


# Plain functions


async def test_a_thread_sees_the_flag(tasks: BackgroundTasks, plugin: Plugin) -> None:
    working = threading.Event()

    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        while not handle.is_cancelled:
            working.set()
            yield TaskCtl.report_progress("working", 50)
        yield TaskCtl.cancel("on my thread")

    _, ends = await begun(tasks, plugin)
    await asyncio.to_thread(working.wait, 20)
    assert await tasks.cancel("one", "1")
    assert ends == [TaskCtl.cancel("on my thread")]


async def test_a_thread_is_woken_at_its_wait_point(tasks: BackgroundTasks, plugin: Plugin) -> None:
    tasks.grace = 3600.0
    waits = threading.Event()

    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> object:
        waits.set()
        return handle.wait_blocking("never")

    _, ends = await begun(tasks, plugin)
    await asyncio.to_thread(waits.wait, 20)
    assert await tasks.cancel("one", "1", "no more need")
    assert ends == [TaskCtl.cancel("no more need")]


async def test_a_plain_generator_that_minds_nothing_is_closed_at_a_value(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    closed = threading.Event()

    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        try:
            while True:
                yield TaskCtl.report_progress("working", 50)
        finally:
            closed.set()

    _, ends = await begun(tasks, plugin)
    assert await tasks.cancel("one", "1", "enough")
    assert ends == [TaskCtl.cancel("enough")]
    assert closed.is_set()


async def test_a_thread_that_does_not_return_fails_and_is_left(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    release = threading.Event()
    working = threading.Event()

    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> str:
        working.set()
        release.wait(20)
        return "too late"

    _, ends = await begun(tasks, plugin)
    await asyncio.to_thread(working.wait, 20)
    assert await tasks.cancel("one", "1", "no more need")
    (end,) = ends
    assert end.signal is TaskSignal.FAIL
    assert "did not end" in end.message
    assert "no more need" in end.message
    release.set()


async def test_functions_wait_for_a_thread_and_can_be_cancelled_meanwhile(plugin: Plugin) -> None:
    tasks = BackgroundTasks(threads=1, grace=3600.0)
    release = threading.Event()
    called: list[str] = []

    @plugin.mount_async_task("one")
    def one(handle: AsyncTaskHandle) -> None:
        called.append(handle.task_id)
        release.wait(20)

    for number in range(3):
        await tasks.start("one", str(number), "chat", plugin)
        await asyncio.sleep(0)
    assert await tasks.cancel("one", "1", "no more need")
    assert tasks.get_state("one", "1") == TaskCtl.cancel("no more need")
    release.set()
    for number in (0, 2):
        assert await tasks.ajoin("one", str(number), timeout=20) == TaskCtl.success()
    assert called == ["0", "2"]


# The event loop ends


def test_the_end_of_an_event_loop_ends_its_tasks_once(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    steps: list[str] = []
    ends: list[tuple[str, TaskCtl]] = []

    @plugin.mount_async_task("waits")
    async def waits(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            await handle.wait("never")
            yield TaskCtl.success()
        finally:
            steps.append(handle.task_id)

    @plugin.mount_async_task("thread")
    def thread(handle: AsyncTaskHandle) -> None:
        handle.wait_blocking("never")

    async def main() -> None:
        async def told(ctl: TaskCtl) -> None:
            await asyncio.sleep(0)
            ends.append(("async", ctl))

        await tasks.start("waits", "begun", "chat", plugin, on_terminal=told)
        await tasks.start(
            "thread", "1", "chat", plugin, on_terminal=lambda ctl: ends.append(("thread", ctl))
        )
        await asyncio.sleep(0)

    asyncio.run(main())
    assert steps == ["begun"]
    assert sorted((who, ctl.signal) for who, ctl in ends) == [
        ("async", TaskSignal.CANCEL),
        ("thread", TaskSignal.CANCEL),
    ]
    assert tasks.get_running_tasks() == []


def test_an_interrupt_in_a_task_ends_it_and_the_program(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        raise KeyboardInterrupt

    ends: list[TaskCtl] = []

    async def main() -> None:
        await tasks.start("one", "1", "chat", plugin, on_terminal=ends.append)
        await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert [end.message for end in ends] == ["KeyboardInterrupt"]
    assert not tasks.is_running("one", "1")


async def test_an_event_loop_that_ends_before_a_task_began_ends_it_too(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        raise AssertionError("it was called")

    ends: list[TaskCtl] = []
    before = asyncio.all_tasks()
    await tasks.start("one", "1", "chat", plugin, on_terminal=ends.append)
    for running in asyncio.all_tasks() - before:
        running.cancel()
    assert await tasks.ajoin("one", "1") == TaskCtl.cancel("cancelled")
    assert ends == [TaskCtl.cancel("cancelled")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_task_whose_loop_was_closed_under_it_fails_when_somebody_looks(
    tasks: BackgroundTasks, plugin: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        await asyncio.Event().wait()

    async def cannot_run(ctl: TaskCtl) -> None:
        raise AssertionError

    ends: list[TaskCtl] = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(tasks.start("one", "1", "chat", plugin, on_terminal=ends.append))
    loop.run_until_complete(tasks.start("one", "2", "chat", plugin, on_terminal=cannot_run))
    loop.close()
    assert not tasks.is_running("one", "1")
    assert tasks.get_running_tasks() == []
    assert ends == [TaskCtl.fail("its event loop was closed while it ran")]
    assert tasks.get_state("one", "1") == ends[0]
    assert "one:2: on_terminal failed" in caplog.text


async def test_a_task_is_cancelled_from_another_event_loop(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        await asyncio.Event().wait()

    _, ends = await begun(tasks, plugin)
    stopped = asyncio.to_thread(asyncio.run, tasks.cancel("one", "1", "from afar"))
    assert await asyncio.wait_for(stopped, 20) is True
    assert ends == [TaskCtl.cancel("from afar")]
    await begun(tasks, plugin)
    assert await asyncio.wait_for(asyncio.to_thread(asyncio.run, tasks.stop_all()), 20) == 1


@pytest.mark.parametrize("form", ["async", "plain"])
async def test_ends_and_cancels_from_many_threads_are_one_end(plugin: Plugin, form: str) -> None:
    tasks = BackgroundTasks(grace=0.05)
    ends: dict[str, list[TaskCtl]] = {}

    @plugin.mount_async_task("async")
    async def on_loop(handle: AsyncTaskHandle, number: int) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)
        for _ in range(number % 7):
            await asyncio.sleep(0)
        yield TaskCtl.success("done")

    @plugin.mount_async_task("plain")
    def on_thread(handle: AsyncTaskHandle, number: int) -> Generator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)
        handle.wait_blocking("a moment", timeout=number % 7 / 1000)
        yield TaskCtl.success("done")

    def stop(tasks: BackgroundTasks) -> int:
        """On a thread and a loop of its own, until nothing runs."""
        stopped = 0
        while names := tasks.get_running_tasks():
            one = names[len(names) // 2].rpartition(":")[2]
            stopped += asyncio.run(tasks.cancel(form, one, "enough"))
        return stopped

    for number in range(200):
        ended = ends[str(number)] = []
        await tasks.start(
            form, str(number), "chat", plugin, number=number, on_terminal=ended.append
        )
    stopping = [asyncio.to_thread(stop, tasks) for _ in range(3)]
    await asyncio.wait_for(asyncio.gather(*stopping), 60)
    assert {len(ended) for ended in ends.values()} == {1}
    for name, (end,) in ends.items():
        assert end in (TaskCtl.success("done"), TaskCtl.cancel("enough"))
        assert tasks.get_state(form, name) == end
    assert plugin.running == set()

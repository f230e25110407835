"""Starting tasks, finding them, and how each kind of function ends."""

from __future__ import annotations

import asyncio
import functools
import gc
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import pytest

from xpander_client.background import (
    AsyncTaskHandle,
    BackgroundTasks,
    Plugin,
    TaskCtl,
    TaskSignal,
)


async def end_of(
    tasks: BackgroundTasks, plugin: Plugin, function: Callable[..., Any], *args: Any, **kwargs: Any
) -> TaskCtl:
    """Mounts a function, runs it, and says how it ended."""
    plugin.mount_async_task("it")(function)
    ends: list[TaskCtl] = []
    await tasks.start("it", "1", "chat", plugin, *args, on_terminal=ends.append, **kwargs)
    ctl = await tasks.ajoin("it", "1", timeout=20)
    assert ends == [ctl]
    return ctl


async def test_an_async_generator_reports_and_ends(tasks: BackgroundTasks, plugin: Plugin) -> None:
    go_on = asyncio.Event()
    seen: list[AsyncTaskHandle] = []

    @plugin.mount_async_task("my_task")
    async def my_task(handle: AsyncTaskHandle, prompt: str) -> AsyncGenerator[TaskCtl]:
        seen.append(handle)
        yield TaskCtl.report_progress("half", 50)
        await go_on.wait()
        yield TaskCtl.success("done", data=prompt)

    handle = await tasks.start("my_task", "T1", "chat", plugin, prompt="hello")
    assert tasks.is_running("my_task", "T1")
    assert tasks.get_state("my_task", "T1") is None
    assert tasks.get_handle("my_task", "T1") is handle
    assert tasks.get_running_tasks() == ["my_plugin:my_task:T1"]
    assert (handle.task_id, handle.chat_key, handle.plugin) == ("T1", "chat", plugin)
    assert not handle.is_cancelled
    await asyncio.sleep(0)
    assert seen == [handle]
    assert tasks.get_state("my_task", "T1") == TaskCtl.report_progress("half", 50)
    go_on.set()
    assert await tasks.ajoin("my_task", "T1") == TaskCtl.success("done", data="hello")
    assert not tasks.is_running("my_task", "T1")
    assert tasks.get_handle("my_task", "T1") is None
    assert tasks.get_running_tasks() == []
    assert tasks.get_state("my_task", "T1") == TaskCtl.success("done", data="hello")


async def test_what_a_coroutine_returns_is_the_data_of_its_success(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    async def function(handle: AsyncTaskHandle) -> dict[str, int]:
        return {"lines": 3}

    assert await end_of(tasks, plugin, function) == TaskCtl.success("", data={"lines": 3})


async def test_a_coroutine_may_return_its_own_terminal_signal(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    async def function(handle: AsyncTaskHandle) -> TaskCtl:
        return TaskCtl.fail("no luck")

    assert await end_of(tasks, plugin, function) == TaskCtl.fail("no luck")


async def test_a_coroutine_that_ends_with_progress_fails(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    async def function(handle: AsyncTaskHandle) -> TaskCtl:
        return TaskCtl.report_progress("half", 50)

    ctl = await end_of(tasks, plugin, function)
    assert ctl.signal is TaskSignal.FAIL
    assert isinstance(ctl.error, TypeError)


async def test_plain_functions_and_generators_run_on_a_thread(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    here = threading.current_thread()
    names: list[str] = []

    def generating(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        names.append(threading.current_thread().name)
        assert threading.current_thread() is not here
        yield TaskCtl.report_progress("half", 50)
        yield TaskCtl.success("done")
        raise AssertionError("what comes after the end is not run")

    @plugin.mount_async_task("plain")
    def plain(handle: AsyncTaskHandle, number: int) -> int:
        names.append(threading.current_thread().name)
        return number + 1

    assert await end_of(tasks, plugin, generating) == TaskCtl.success("done")
    await tasks.start("plain", "2", "chat", plugin, number=1)
    assert await tasks.ajoin("plain", "2", timeout=20) == TaskCtl.success("", data=2)
    assert names == ["xpander-task-my_plugin:it:1", "xpander-task-my_plugin:plain:2"]


async def test_a_plain_function_around_an_async_one_runs_it_on_the_loop(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    loop = asyncio.get_running_loop()

    async def inner(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        assert asyncio.get_running_loop() is loop
        yield TaskCtl.success("from inside")

    @functools.wraps(inner)
    def around(*args: Any) -> AsyncGenerator[TaskCtl]:
        return inner(*args)

    assert await end_of(tasks, plugin, around) == TaskCtl.success("from inside")


class Shouting:
    async def __call__(self, handle: AsyncTaskHandle, word: str) -> str:
        return word.upper()


@pytest.mark.parametrize("function", [Shouting(), functools.partial(Shouting())])
async def test_callable_objects_and_partials_are_functions_too(
    tasks: BackgroundTasks, plugin: Plugin, function: Callable[..., Any]
) -> None:
    assert (await end_of(tasks, plugin, function, word="a")).data == "A"


async def test_what_comes_after_a_terminal_signal_is_not_run_but_finally_blocks_are(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    steps: list[str] = []

    async def function(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            yield TaskCtl.success("done")
            steps.append("after")
            yield TaskCtl.fail("never seen")
        finally:
            await asyncio.sleep(0)
            steps.append("finally")
            assert tasks.is_running("it", "1")

    assert await end_of(tasks, plugin, function) == TaskCtl.success("done")
    assert steps == ["finally"]


async def test_finally_blocks_of_plain_generators_run_too(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    steps: list[str] = []

    def function(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        try:
            yield TaskCtl.success("done")
            steps.append("after")
        finally:
            steps.append("finally")

    assert await end_of(tasks, plugin, function) == TaskCtl.success("done")
    assert steps == ["finally"]


async def test_a_failing_finally_block_is_logged_and_changes_no_end(
    tasks: BackgroundTasks, plugin: Plugin, caplog: pytest.LogCaptureFixture
) -> None:
    async def function(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        try:
            yield TaskCtl.success("done")
        finally:
            raise OSError("no disk")

    assert await end_of(tasks, plugin, function) == TaskCtl.success("done")
    assert "my_plugin:it:1: failed while it cleaned up" in caplog.text
    assert "no disk" in caplog.text


@pytest.mark.parametrize("form", ["async", "plain"])
async def test_an_exception_fails_the_task_with_it(
    tasks: BackgroundTasks, plugin: Plugin, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    async def on_loop(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("begun", 1)
        raise ZeroDivisionError("by zero")

    def on_thread(handle: AsyncTaskHandle) -> None:
        raise ZeroDivisionError("by zero")

    ctl = await end_of(tasks, plugin, on_loop if form == "async" else on_thread)
    assert (ctl.signal, ctl.message) == (TaskSignal.FAIL, "by zero")
    assert isinstance(ctl.error, ZeroDivisionError)
    assert "background task my_plugin:it:1: failed" in caplog.text
    assert "by zero" in caplog.text


async def test_an_exception_without_a_text_is_told_by_its_name(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    async def function(handle: AsyncTaskHandle) -> None:
        raise KeyError

    assert (await end_of(tasks, plugin, function)).message == "KeyError"


async def test_a_task_that_exits_fails_alone(tasks: BackgroundTasks, plugin: Plugin) -> None:
    def function(handle: AsyncTaskHandle) -> None:
        raise SystemExit("bye")

    ctl = await end_of(tasks, plugin, function)
    assert (ctl.signal, ctl.message) == (TaskSignal.FAIL, "bye")


@pytest.mark.parametrize("form", ["async", "plain"])
async def test_a_generator_that_yields_something_else_fails_with_a_type_error(
    tasks: BackgroundTasks, plugin: Plugin, form: str
) -> None:
    steps: list[str] = []

    async def on_loop(handle: AsyncTaskHandle) -> AsyncGenerator[Any]:
        yield "50%"
        steps.append("after")

    def on_thread(handle: AsyncTaskHandle) -> Generator[Any]:
        yield "50%"
        steps.append("after")

    ctl = await end_of(tasks, plugin, on_loop if form == "async" else on_thread)
    assert ctl.signal is TaskSignal.FAIL
    assert isinstance(ctl.error, TypeError)
    assert "yields TaskCtl values, not str: '50%'" in ctl.message
    assert steps == []


@pytest.mark.parametrize("form", ["async", "plain"])
async def test_a_generator_without_a_terminal_signal_fails_and_says_so(
    tasks: BackgroundTasks, plugin: Plugin, form: str
) -> None:
    async def on_loop(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)

    def on_thread(handle: AsyncTaskHandle) -> Generator[TaskCtl]:
        yield TaskCtl.report_progress("half", 50)

    ctl = await end_of(tasks, plugin, on_loop if form == "async" else on_thread)
    assert ctl.signal is TaskSignal.FAIL
    assert "without a terminal signal" in ctl.message


# Arguments


async def test_parameters_named_like_those_of_start_get_their_values(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    async def function(
        handle: AsyncTaskHandle,
        prompt: str,
        task_id: str,
        chat_key: str = "none",
        *,
        plugin: Plugin,
        task_type: str,
    ) -> list[Any]:
        return [prompt, task_id, chat_key, plugin, task_type]

    ctl = await end_of(tasks, plugin, function, "hello")
    assert ctl.data == ["hello", "1", "chat", plugin, "it"]


async def test_an_argument_of_the_call_is_not_replaced(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    async def function(handle: AsyncTaskHandle, task_id: str, prompt: str = "none") -> list[str]:
        return [task_id, prompt]

    assert (await end_of(tasks, plugin, function, "mine", "hello")).data == ["mine", "hello"]


async def test_gathered_arguments_come_through(tasks: BackgroundTasks, plugin: Plugin) -> None:
    async def function(handle: AsyncTaskHandle, *args: int, **kwargs: int) -> list[Any]:
        return [args, kwargs]

    assert (await end_of(tasks, plugin, function, 1, 2, three=3)).data == [(1, 2), {"three": 3}]


@pytest.mark.parametrize(
    ("args", "kwargs", "what"),
    [
        ((), {}, "missing a required argument: 'prompt'"),
        (("a", "b", "c", "d"), {}, "too many positional arguments"),
        ((), {"prompt": "a", "colour": "red"}, "unexpected keyword argument 'colour'"),
        (("a",), {"prompt": "b"}, "multiple values for argument 'prompt'"),
    ],
)
async def test_wrong_arguments_are_refused_before_the_start(
    tasks: BackgroundTasks,
    plugin: Plugin,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    what: str,
) -> None:
    @plugin.mount_async_task("my_task")
    async def my_task(handle: AsyncTaskHandle, prompt: str, size: int = 1) -> None:
        raise AssertionError("it was started")

    with pytest.raises(TypeError, match=f"task 'my_task' cannot be started .*{what}.*prompt: "):
        await tasks.start("my_task", "T1", "chat", plugin, *args, **kwargs)
    assert not tasks.is_running("my_task", "T1")


# What is refused


async def forever(handle: AsyncTaskHandle) -> None:
    await handle.wait("never")


async def test_an_unknown_type_is_refused_with_those_that_exist(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    plugin.mount_async_task("one")(forever)
    plugin.mount_async_task("other")(forever)
    with pytest.raises(ValueError, match="no task 'another'; it has 'one', 'other'"):
        await tasks.start("another", "T1", "chat", plugin)


async def test_a_function_is_started_itself_under_the_type_that_it_has(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    class Shop:
        def order(self, handle: AsyncTaskHandle, article: int, task_id: str = "") -> str:
            return f"{handle.task_type} {task_id} {article}"

    @plugin.mount_async_task("double")
    async def double(handle: AsyncTaskHandle, number: int) -> int:
        return 2 * number

    shop = Shop()
    plugin.mount_async_task("order")(shop.order)
    handle = await tasks.start(double, "1", "chat", plugin, number=4)
    assert handle.task_type == "double"
    assert (await tasks.ajoin("double", "1", timeout=20)).data == 8
    ends: list[TaskCtl] = []
    tasks.start_soon(shop.order, "O-1", "chat", plugin, 5, on_terminal=ends.append)
    assert (await tasks.ajoin("order", "O-1", timeout=20)).data == "order O-1 5"
    assert len(ends) == 1


async def test_a_function_that_is_not_one_task_of_the_plugin_is_refused(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    plugin.mount_async_task("one")(forever)

    async def other(handle: AsyncTaskHandle) -> None: ...

    refused = r"'my_plugin' has no task that runs .*other, which is not mounted; it has 'one'$"
    with pytest.raises(ValueError, match=refused):
        await tasks.start(other, "1", "chat", plugin)
    with pytest.raises(ValueError, match=refused):
        tasks.start_soon(other, "1", "chat", plugin)
    plugin.mount_async_task("two")(forever)
    with pytest.raises(ValueError, match=r"is mounted as 'one', 'two': start it by one of them"):
        await tasks.start(forever, "1", "chat", plugin)
    assert tasks.get_running_tasks() == []


async def test_a_task_that_runs_is_not_started_again(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    plugin.mount_async_task("one")(forever)
    for number in range(12):
        await tasks.start("one", f"T{number}", "chat", plugin)
    with pytest.raises(ValueError, match=r"one:T1 is running already; .*'T0', 'T1',.* and 2 more"):
        await tasks.start("one", "T1", "chat", plugin)
    assert len(tasks.get_running_tasks()) == 12
    await tasks.cancel("one", "T1")
    await tasks.start("one", "T1", "chat", plugin)
    assert await tasks.stop_all() == 12


async def test_an_empty_id_is_refused(tasks: BackgroundTasks, plugin: Plugin) -> None:
    plugin.mount_async_task("one")(forever)
    with pytest.raises(ValueError, match="the id of a task 'one'"):
        await tasks.start("one", "", "chat", plugin)


async def test_a_callback_that_is_no_function_is_refused(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    plugin.mount_async_task("one")(forever)
    with pytest.raises(TypeError, match="on_terminal"):
        await tasks.start("one", "T1", "chat", plugin, on_terminal="me")  # type: ignore[call-overload]  # tested


# Waiting for the end


async def test_waiting_for_a_task_that_never_was_is_refused(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    plugin.mount_async_task("one")(forever)
    with pytest.raises(ValueError, match="no task one:T1; of this type none is running"):
        await tasks.ajoin("one", "T1")
    await tasks.start("one", "T2", "chat", plugin)
    with pytest.raises(ValueError, match="no task one:T1; of this type are running 'T2'"):
        await tasks.ajoin("one", "T1")


async def test_waiting_for_the_end_has_a_limit(tasks: BackgroundTasks, plugin: Plugin) -> None:
    plugin.mount_async_task("one")(forever)
    await tasks.start("one", "T1", "chat", plugin)
    with pytest.raises(TimeoutError, match=r"one:T1 is still running after 0\.01 s"):
        await tasks.ajoin("one", "T1", timeout=0.01)
    assert tasks.is_running("one", "T1")


async def test_waiting_never_blocks_an_event_loop(tasks: BackgroundTasks, plugin: Plugin) -> None:
    plugin.mount_async_task("one")(forever)
    await tasks.start("one", "T1", "chat", plugin)
    with pytest.raises(RuntimeError, match="await ajoin"):
        tasks.join("one", "T1", timeout=1)


# What is remembered


async def test_states_are_kept_for_so_many_tasks(plugin: Plugin) -> None:
    tasks = BackgroundTasks(keep_states=3)

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> str:
        return handle.task_id

    for number in range(5):
        await tasks.start("one", str(number), "chat", plugin)
        await tasks.ajoin("one", str(number))
    states = [tasks.get_state("one", str(number)) for number in range(5)]
    assert [state and state.data for state in states] == [None, None, "2", "3", "4"]
    tasks.keep_states = 1
    assert [tasks.get_state("one", str(number)) is None for number in range(5)] == [True] * 4 + [
        False
    ]


async def test_who_holds_the_handle_is_told_the_end_however_many_ended_since(
    plugin: Plugin,
) -> None:
    tasks = BackgroundTasks(keep_states=2)

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> str:
        return handle.task_id

    handles = [await tasks.start("one", str(number), "chat", plugin) for number in range(5)]
    for number in range(5, 8):
        await tasks.start("one", str(number), "chat", plugin)
        await tasks.ajoin("one", str(number))
    for handle in handles:
        assert (await tasks.ajoin("one", handle.task_id)).data == handle.task_id
    assert tasks.get_state("one", "5") is None
    del handle, handles
    gc.collect()
    assert tasks.get_state("one", "0") is None


async def test_states_are_kept_for_so_long(plugin: Plugin) -> None:
    now = 0.0
    tasks = BackgroundTasks(keep_states_for=60.0, clock=lambda: now)

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> None:
        return

    await tasks.start("one", "1", "chat", plugin)
    await tasks.ajoin("one", "1")
    now = 59.0
    assert tasks.get_state("one", "1") == TaskCtl.success()
    tasks.keep_states_for = 50.0
    assert tasks.get_state("one", "1") is None


async def test_a_task_that_starts_anew_has_no_state_yet(
    tasks: BackgroundTasks, plugin: Plugin
) -> None:
    plugin.mount_async_task("one")(forever)
    await tasks.start("one", "1", "chat", plugin)
    await tasks.cancel("one", "1")
    assert tasks.get_state("one", "1") is not None
    await tasks.start("one", "1", "chat", plugin)
    assert tasks.get_state("one", "1") is None


def test_the_usual_settings_are_those_that_are_documented() -> None:
    tasks = BackgroundTasks()
    assert (tasks.keep_states, tasks.keep_states_for, tasks.grace) == (10_000, 3600.0, 5.0)


@pytest.mark.slow
async def test_ten_thousand_tasks_run_beside_each_other(plugin: Plugin) -> None:
    tasks = BackgroundTasks(keep_states=10_000)
    ended: list[TaskCtl] = []

    @plugin.mount_async_task("one")
    async def one(handle: AsyncTaskHandle) -> AsyncGenerator[TaskCtl]:
        yield TaskCtl.report_progress("waiting", 50)
        yield TaskCtl.success("done", data=await handle.wait("go"))

    handles = [
        await tasks.start("one", str(n), "chat", plugin, on_terminal=ended.append)
        for n in range(10_000)
    ]
    await asyncio.sleep(0)
    assert len(tasks.get_running_tasks()) == 10_000
    resumed = [handle.notify("go", number) for number, handle in enumerate(handles[:5_000])]
    assert resumed == [True] * 5_000
    await asyncio.gather(*(tasks.ajoin("one", str(number)) for number in range(5_000)))
    assert sorted(ctl.data for ctl in ended) == list(range(5_000))
    assert await tasks.stop_all() == 5_000
    assert tasks.get_running_tasks() == []
    assert len(ended) == 10_000

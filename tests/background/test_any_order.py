"""Start, progress, wait, notify, cancel, stop_all and the end, in any order, on an event loop."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import weakref
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine, Generator
from typing import Any

import attrs
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin, TaskCtl, TaskSignal

KEYS = st.sampled_from(["a", "b"])
IDS = st.sampled_from(["1", "2", "3"])
TYPES = st.sampled_from(["async generator", "coroutine", "plain generator", "plain function"])


@attrs.define(eq=False)
class Run:
    """One task that was started, and what was seen of it."""

    task_type: str
    task_id: str
    handle: weakref.ref[AsyncTaskHandle]
    ends: list[TaskCtl] = attrs.field(factory=list)
    steps: list[str] = attrs.field(factory=list)

    def remembers(self) -> bool:
        """Whether an error is kept that keeps the handle, too, as errors do from 3.12 on."""
        return sys.version_info >= (3, 12) and any(
            isinstance(end.error, BaseException) for end in self.ends
        )


def act(command: Any) -> TaskCtl | None:
    """What a task does on a command; waiting is up to its form."""
    match command:
        case "progress":
            return TaskCtl.report_progress("on my way", 50)
        case "success":
            return TaskCtl.success("done")
        case "fail":
            return TaskCtl.fail("failed")
        case "cancel":
            return TaskCtl.cancel("mine")
        case "raise":
            raise OSError("no disk")
        case _:
            raise AssertionError(command)


class AnyOrder(RuleBasedStateMachine):
    """Drives tasks that do what they are told through the wait point `command`."""

    runs = Bundle("runs")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.tasks = BackgroundTasks(grace=0.01)
        self.plugin = Plugin("Any", "any", "Any order", "1.0.0", "Developer", "")
        self.all: list[Run] = []
        self.mount()

    def mount(self) -> None:
        @self.plugin.mount_async_task("async generator")
        async def async_generator(
            handle: AsyncTaskHandle, steps: list[str]
        ) -> AsyncGenerator[TaskCtl]:
            try:
                while True:
                    command = await handle.wait("command")
                    if command in ("a", "b"):
                        await handle.wait(command)
                    elif (ctl := act(command)) is not None:
                        yield ctl
            finally:
                steps.append("finally")

        @self.plugin.mount_async_task("coroutine")
        async def coroutine(handle: AsyncTaskHandle, steps: list[str]) -> TaskCtl | None:
            try:
                while True:
                    command = await handle.wait("command")
                    if command in ("a", "b"):
                        await handle.wait(command)
                    elif command != "progress":
                        return act(command)
            finally:
                steps.append("finally")

        @self.plugin.mount_async_task("plain generator")
        def plain_generator(handle: AsyncTaskHandle, steps: list[str]) -> Generator[TaskCtl]:
            try:
                while True:
                    command = handle.wait_blocking("command")
                    if command in ("a", "b"):
                        handle.wait_blocking(command)
                    elif (ctl := act(command)) is not None:
                        yield ctl
            finally:
                steps.append("finally")

        @self.plugin.mount_async_task("plain function")
        def plain_function(handle: AsyncTaskHandle, steps: list[str]) -> TaskCtl | None:
            try:
                while True:
                    command = handle.wait_blocking("command")
                    if command in ("a", "b"):
                        handle.wait_blocking(command)
                    elif command != "progress":
                        return act(command)
            finally:
                steps.append("finally")

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @rule(target=runs, task_type=TYPES, task_id=IDS)
    def start(self, task_type: str, task_id: str) -> Run | None:
        run = Run(task_type, task_id, lambda: None)  # type: ignore[arg-type]  # until it is started

        async def start() -> bool:
            if self.tasks.is_running(task_type, task_id):
                with pytest.raises(ValueError, match="is running already"):
                    await self.tasks.start(task_type, task_id, "chat", self.plugin, run.steps)
                return False
            handle = await self.tasks.start(
                task_type,
                task_id,
                "chat",
                self.plugin,
                steps=run.steps,
                on_terminal=run.ends.append,
            )
            run.handle = weakref.ref(handle)
            return True

        if not self.run(start()):
            return None
        self.all.append(run)
        return run

    @rule(
        run=runs,
        command=st.sampled_from(["progress", "success", "fail", "cancel", "raise", "a", "b"]),
    )
    def command(self, run: Run | None, command: str) -> None:
        if run is not None and (handle := run.handle()) is not None:
            handle.notify("command", command)
            del handle

    @rule(run=runs, key=KEYS)
    def notify(self, run: Run | None, key: str) -> None:
        if run is not None and (handle := run.handle()) is not None:
            handle.notify(key, 1)

    @rule(run=runs, key=KEYS)
    def cancel_wait(self, run: Run | None, key: str) -> None:
        if run is not None and (handle := run.handle()) is not None:
            handle.cancel_wait(key)

    @rule(run=runs)
    def cancel_all(self, run: Run | None) -> None:
        if run is not None and (handle := run.handle()) is not None:
            handle.cancel_all()

    @rule(turns=st.integers(0, 3))
    def let_the_loop_run(self, turns: int) -> None:
        async def turn() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.run(turn())

    @rule(task_type=TYPES, task_id=IDS, times=st.integers(1, 3))
    def cancel(self, task_type: str, task_id: str, times: int) -> None:
        async def cancel() -> tuple[bool, bool]:
            was_running = self.tasks.is_running(task_type, task_id)
            return was_running, await self.tasks.cancel(task_type, task_id)

        async def cancel_at_once() -> list[tuple[bool, bool]]:
            return await asyncio.gather(*(cancel() for _ in range(times)))

        answers = self.run(cancel_at_once())
        assert not self.tasks.is_running(task_type, task_id)
        state = self.tasks.get_state(task_type, task_id)
        for was_running, stopped in answers:
            succeeded = state is not None and state.signal is TaskSignal.SUCCESS
            assert stopped is (was_running and not succeeded)

    @rule()
    def stop_all(self) -> None:
        self.run(self.tasks.stop_all())
        assert self.tasks.get_running_tasks() == []

    @rule()
    def disable_and_enable(self) -> None:
        self.run(self.plugin.disable())
        self.plugin.enable()
        assert self.tasks.get_running_tasks() == []

    @invariant()
    def no_task_has_two_ends(self) -> None:
        for run in self.all:
            assert len(run.ends) <= 1

    @invariant()
    def what_has_no_end_is_running(self) -> None:
        open_ends = Counter(
            f"any:{run.task_type}:{run.task_id}" for run in self.all if not run.ends
        )
        assert Counter(self.tasks.get_running_tasks()) == open_ends
        assert len(self.plugin.running) == open_ends.total()

    def teardown(self) -> None:
        self.run(self.tasks.stop_all())
        for run in self.all:
            assert len(run.ends) == 1
            assert run.ends[0].is_terminal
            # A function that was called has cleaned up, once.
            assert run.steps in ([], ["finally"])
        assert self.plugin.running == set()
        self.runner.close()
        for thread in threading.enumerate():
            if thread.name.startswith("xpander-task-any:"):
                thread.join(20)
        gc.collect()
        assert [run for run in self.all if run.handle() is not None and not run.remembers()] == []


AnyOrder.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestAnyOrder = AnyOrder.TestCase


@pytest.fixture(autouse=True)
def _cheap_collections() -> Generator[None]:
    """What other tests left is not looked at each time that garbage is collected here."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()

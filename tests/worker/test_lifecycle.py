"""What a worker does around its tasks: boot and shutdown handlers."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.processes import HEADER, environment_of, program
from tests.worker.test_worker import create, working
from xpander_client import Configuration, ModuleException, Task, on_boot, on_shutdown
from xpander_client.worker import Worker, lifecycle


@pytest.fixture(autouse=True)
def _registrations_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "_boot", [])
        patch.setattr(lifecycle, "_shutdown", [])
        yield


async def handler(task: Task) -> Task:
    return task


async def test_boot_handlers_run_before_the_first_task_and_shutdown_handlers_behind_the_last(
    configuration: Configuration,
) -> None:
    said: list[str] = []

    @on_boot
    def sync_boot() -> None:
        assert threading.current_thread() is not threading.main_thread()
        said.append("sync boot")

    @on_boot()
    async def async_boot() -> None:
        await asyncio.sleep(0.05)
        said.append("async boot")

    @on_shutdown
    def sync_shutdown() -> None:
        said.append("sync shutdown")

    @on_shutdown(configuration=configuration)
    async def async_shutdown() -> None:
        said.append("async shutdown")

    started = asyncio.Event()

    async def slow(task: Task) -> Task:
        said.append("begun")
        started.set()
        await asyncio.sleep(0.2)
        said.append("ended")
        return task

    async with working(slow, configuration) as tasks:
        await create(tasks)
        await asyncio.wait_for(started.wait(), 10)
    assert said == [
        "sync boot",
        "async boot",
        "begun",
        "ended",
        "sync shutdown",
        "async shutdown",
    ]


async def test_a_failing_boot_handler_stops_the_start(configuration: Configuration) -> None:
    said: list[str] = []

    @on_boot
    def connect() -> None:
        raise OSError("no database")

    @on_boot
    def never() -> None:
        said.append("never")

    @on_shutdown
    def disconnect() -> None:
        said.append("disconnected")

    worker = Worker(handler, configuration)
    with pytest.raises(ModuleException, match="connect\\(\\) failed: no database") as caught:
        await worker.run()
    assert isinstance(caught.value.__cause__, OSError)
    assert worker.id is None
    assert said == ["disconnected"]


async def test_a_failing_shutdown_handler_is_logged_and_keeps_no_other_from_running(
    configuration: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []

    @on_shutdown
    async def broken() -> None:
        raise OSError("no database")

    @on_shutdown
    def disconnect() -> None:
        said.append("disconnected")

    async with working(handler, configuration):
        pass
    assert said == ["disconnected"]
    assert "broken() failed" in caplog.text


async def test_a_worker_can_be_stopped_while_it_boots(configuration: Configuration) -> None:
    booting = asyncio.Event()

    @on_boot
    async def endless() -> None:
        booting.set()
        await asyncio.sleep(3600)

    worker = Worker(handler, configuration)
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(booting.wait(), 10)
    worker.stop()
    await asyncio.wait_for(running, 10)


PROGRAM = f"""{HEADER}
from xpander_client import on_boot, on_shutdown

@on_boot
def boot():
    print("booted", flush=True)
    BODY

@on_shutdown
async def shutdown():
    print("shut down", flush=True)

@on_task
def handler(task: Task) -> Task:
    return task
"""


def test_a_program_boots_and_shuts_down(configuration: Configuration, tmp_path: Path) -> None:
    code = PROGRAM.replace("BODY", "")
    with program(tmp_path / "worker.py", code, environment_of(configuration)) as worker:
        worker.wait_for("takes tasks of agent")
        assert "booted" in worker.output
        assert "shut down" not in worker.output
        assert worker.stop() == 0
        worker.wait_for("shut down")


def test_a_program_whose_boot_fails_says_so_and_exits_with_1(
    configuration: Configuration, tmp_path: Path
) -> None:
    code = PROGRAM.replace("BODY", "raise OSError('no database')")
    with program(tmp_path / "worker.py", code, environment_of(configuration)) as worker:
        assert worker.process.wait(timeout=30) == 1
    assert "the boot handler boot() failed" in worker.output
    assert "takes tasks" not in worker.output


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "xpander_client")

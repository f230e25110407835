"""A worker's loop ends with the worker, whatever its handlers left behind."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Iterator

import pytest

from xpander_client.worker import main_loop
from xpander_client.worker.main_loop import run_to_end


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_loop, "_LEAVING", 0.05)


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What is set only after the test."""
    event = threading.Event()
    yield event
    event.set()


def test_it_returns_what_the_worker_does_and_raises_what_it_raises() -> None:
    async def work(fails: bool) -> str:
        assert await asyncio.to_thread(lambda: 7) == 7
        if fails:
            raise LookupError("no")
        return "done"

    assert run_to_end(work(False)) == "done"
    with pytest.raises(LookupError, match="no"):
        run_to_end(work(True))


def test_functions_in_threads_of_the_loop_are_not_waited_for(never: threading.Event) -> None:
    async def work() -> None:
        waiting = [asyncio.ensure_future(asyncio.to_thread(never.wait)) for _ in range(50)]
        await asyncio.wait(waiting, timeout=0.01)
        for one in waiting:
            one.cancel()

    run_to_end(work())
    assert not never.is_set()
    # Nor does the interpreter wait for them at its end.
    assert all(thread.daemon for thread in threading.enumerate() if "executor" in thread.name)


def test_tasks_that_were_left_are_cancelled_and_clean_up() -> None:
    cleaned: list[str] = []

    async def left() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            cleaned.append("left")

    async def yielding() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            cleaned.append("yielding")

    async def work() -> None:
        kept.append(asyncio.create_task(left()))
        await asyncio.sleep(0)
        generator = yielding()
        generators.append(generator)
        await anext(generator)

    kept: list[asyncio.Task[None]] = []
    generators: list[AsyncGenerator[int, None]] = []
    run_to_end(work())
    assert cleaned == ["left", "yielding"]


def test_a_task_that_takes_no_cancel_is_named_and_left(caplog: pytest.LogCaptureFixture) -> None:
    async def stubborn() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)

    async def work() -> str:
        kept.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)
        return "done"

    kept: list[asyncio.Task[None]] = []
    with caplog.at_level(logging.WARNING):
        assert run_to_end(work()) == "done"
        kept.clear()
    (record,) = caplog.records
    assert "the worker does not wait for what a handler left behind" in record.message
    assert "stubborn" in record.message

"""A loop on a thread of its own: how it begins, ends, and begins again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from xpander_client.runtime.loop_thread import LoopThread

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    thread = LoopThread("under-test")
    yield thread
    assert thread.stop()


async def name_thread() -> str:
    return threading.current_thread().name


def test_there_is_no_thread_before_there_is_work(thread: LoopThread) -> None:
    before = threading.enumerate()
    thread.call_soon(lambda: pytest.fail("it was called"))
    assert not thread.is_alive
    assert threading.enumerate() == before


def test_all_work_is_done_on_one_loop(thread: LoopThread) -> None:
    async def find() -> tuple[asyncio.AbstractEventLoop, bool]:
        return asyncio.get_running_loop(), thread.is_current

    assert thread.submit(name_thread()).result(10) == "under-test"
    called = threading.Event()
    thread.call_soon(called.set)
    assert called.wait(10)
    assert thread.submit(find()).result(10) == (thread.start(), True)
    assert not thread.is_current


def test_what_still_runs_is_cancelled_at_the_end() -> None:
    ends: list[str] = []
    begun = threading.Event()

    async def generate() -> AsyncGenerator[int]:
        try:
            yield 1
        finally:
            ends.append("generator")

    generator = generate()

    async def work() -> None:
        try:
            await anext(generator)
            begun.set()
            await asyncio.Event().wait()
        finally:
            ends.append("work")

    async def end() -> None:
        ends.append("last")

    thread = LoopThread("under-test", last=end)
    future = thread.submit(work())
    assert begun.wait(10)
    loop = thread.start()
    assert thread.stop()
    assert ends == ["last", "work", "generator"]
    assert future.cancelled()
    assert loop.is_closed()


def test_what_is_begun_while_it_ends_is_cancelled_too() -> None:
    ends: list[str] = []
    begun = threading.Event()

    async def wait(name: str) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ends.append(name)

    async def work() -> None:
        loop = asyncio.get_running_loop()
        try:
            await wait("work")
        finally:
            # As a call from another thread does that comes a moment later.
            loop.call_later(0, loop.call_soon, lambda: tasks.append(loop.create_task(late())))
            await asyncio.sleep(0)

    async def late() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(wait("late"))

    tasks: list[asyncio.Task[None]] = []
    thread = LoopThread("under-test")
    thread.submit(work())
    assert begun.wait(10)
    assert thread.stop()
    assert all(task.cancelled() for task in tasks)
    assert len(tasks) == 1


def test_what_comes_last_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: failures.append(failure.exc_value))
    error = ValueError("last")

    async def fail() -> None:
        raise error

    thread = LoopThread("under-test", last=fail)
    future = thread.submit(asyncio.Event().wait())
    loop = thread.start()
    assert thread.stop()
    assert failures == [error]
    assert future.cancelled()
    assert loop.is_closed()


def test_it_begins_again_after_its_end(thread: LoopThread) -> None:
    first = thread.start()
    assert thread.stop()
    assert not thread.is_alive
    assert thread.stop()
    thread.call_soon(lambda: pytest.fail("it was called"))
    assert thread.start() is not first
    assert thread.submit(name_thread()).result(10) == "under-test"


def test_a_loop_that_is_blocked_is_left_to_itself() -> None:
    released = threading.Event()
    thread = LoopThread("under-test")
    loop = thread.start()
    thread.call_soon(released.wait)
    assert not thread.stop(0.01)
    last = next(each for each in threading.enumerate() if each.name == "under-test")
    released.set()
    last.join(10)
    assert loop.is_closed()


def test_threads_that_begin_it_at_the_same_time_get_the_same_loop(thread: LoopThread) -> None:
    together = threading.Barrier(8)
    loops: set[asyncio.AbstractEventLoop] = set()

    def begin() -> None:
        together.wait(10)
        loops.add(thread.start())

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    assert len(loops) == 1


def test_a_thread_that_can_not_begin_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    loops = [asyncio.new_event_loop()]
    thread = LoopThread("under-test", new_loop=lambda: loops[0])
    with monkeypatch.context() as patches:
        patches.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="at interpreter shutdown"):
            thread.start()
    assert loops[0].is_closed()
    assert not thread.is_alive
    assert thread.stop()


def run_python(code: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_names_are_looked_up_also_while_the_program_ends() -> None:
    code = """
import asyncio
from xpander_client.runtime.loop_thread import LoopThread
async def find():
    return (await asyncio.get_running_loop().getaddrinfo("localhost", 80))[0][4][1]
async def last():
    print("last", await find())
def end():
    print(thread.submit(find()).result(), thread.stop())
thread = LoopThread("names", last=last, at_exit=end)
print(thread.submit(find()).result())
"""
    assert run_python(code) == (0, "80\nlast 80\n80 True\n", "")


def test_without_anything_to_do_at_exit_it_keeps_no_program_from_ending() -> None:
    code = """
import threading
from xpander_client.runtime.loop_thread import LoopThread
thread, blocked = LoopThread("blocked"), threading.Event()
thread.start()
thread.call_soon(lambda: (blocked.set(), threading.Event().wait()))
blocked.wait()
"""
    assert run_python(code) == (0, "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_begins_its_own() -> None:
    code = """
import os, sys, warnings
warnings.simplefilter("ignore")  # newer versions of Python warn of any fork
from xpander_client.runtime import loop_thread
async def work():
    return os.getpid()
thread = loop_thread.LoopThread("forks")
assert thread.submit(work()).result() == os.getpid()
with loop_thread._lock:  # as another thread may have it
    child = os.fork()
assert thread.is_alive is bool(child)
assert thread.submit(work()).result() == os.getpid()
assert thread.stop()
if child:
    sys.exit(os.waitpid(child, 0)[1])
"""
    assert run_python(code) == (0, "", "")

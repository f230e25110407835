"""The processes behind sandboxes: killed, interrupted, nested, many at once, gone at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.agents.sandbox.sandboxes import changes, opened, session, succeeded
from xpander_client.agents.sandbox import processes
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.results import Block, HostCall, Limits, Success
from xpander_client.agents.sandbox.session import Sandbox, SandboxSession


def pid_of(one: SandboxSession) -> int:
    worker = one._interruption.worker
    assert worker is not None
    assert worker.pid is not None
    return worker.pid


def later(seconds: float, function: Callable[..., Any], *args: Any) -> threading.Timer:
    timer = threading.Timer(seconds, function, args)
    timer.start()
    return timer


class TestKilled:
    def test_a_block_whose_process_is_killed_is_an_error_and_the_next_runs(self) -> None:
        with session(limits=Limits(seconds=20)) as one:
            one.run("x = 1\ndef f():\n    return x")
            assert set(changes(one)) == {"x", "f"}
            timer = later(0.1, os.kill, pid_of(one), signal.SIGKILL)
            block = one.run("x = 2\nwhile True: pass")
            timer.join()
            assert "SandboxError: the process that ran the block ended" in str(block.error)
            assert changes(one) == {}
            assert one.run("task_success(f())").control == Success(1)

    def test_it_may_be_killed_between_blocks(self) -> None:
        with session() as one:
            one.run("x = 1")
            one.collect_changes()
            os.kill(pid_of(one), signal.SIGKILL)
            assert one.run("task_success(x)").error is not None
            assert one.run("task_success(x)").control == Success(1)

    def test_it_may_be_killed_while_a_host_function_runs(self) -> None:
        one: SandboxSession

        def kill() -> None:
            os.kill(pid_of(one), signal.SIGKILL)
            time.sleep(0.05)

        with session(opened(kill)) as one:
            assert "SandboxError" in str(one.run("kill()").error)
            assert one.run("task_success(1)").control == Success(1)

    def test_handles_outlive_the_process(self) -> None:
        host = object()
        with session(host=host) as one:
            one.run("h = inputs.host\nrows = [h]")
            one.collect_changes()
            os.kill(pid_of(one), signal.SIGKILL)
            one.run("1")
            block = one.run("task_success([h, rows])")
        assert block.control == Success([host, [host]])

    def test_others_do_not_notice(self) -> None:
        def work(number: int) -> list[Block]:
            blocks = []
            with session(limits=Limits(seconds=20)) as one:
                one.run("n = 0")
                one.collect_changes()
                for turn in range(10):
                    if number % 2 and turn == 5:
                        os.kill(pid_of(one), signal.SIGKILL)
                    blocks.append(one.run("n += 1"))
            return blocks

        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(work, range(8)))
        failed = [sum(block.error is not None for block in blocks) for blocks in found]
        assert failed == [0, 1] * 4


class TestInterrupted:
    @pytest.mark.parametrize(
        "code",
        [
            "while True: pass",
            "from time import sleep\nwhile 1:\n  try:\n    sleep(0.5)\n  except:\n    pass",
            "while True:\n    try:\n        note()\n    except BaseException:\n        pass",
        ],
    )
    def test_a_running_block_ends_at_once_and_none_follows(self, code: str) -> None:
        limits = Limits(seconds=20, host_calls=10**9)
        with session(opened(note=lambda: time.sleep(0.001)), limits=limits) as one:
            timer = later(0.1, one.interrupt)
            begin = time.monotonic()
            assert one.run(code) == Block(interrupted=True)
            assert time.monotonic() - begin < 2
            timer.join()
            assert one.run("task_success(1)") == Block(interrupted=True)
        assert succeeded("task_success(1)") == 1

    def test_before_the_first_block(self) -> None:
        with session() as one:
            one.interrupt()
            assert one.run("task_success(1)").interrupted

    def test_after_the_end_nothing_happens(self) -> None:
        with session() as one:
            one.run("1")
        one.interrupt()
        with pytest.raises(RuntimeError, match="closed"):
            one.run("1")


class TestNested:
    def test_a_host_function_may_open_sessions_deep_and_in_parallel(self) -> None:
        capabilities = Capabilities()

        def nested(depth: int) -> int:
            if depth == 0:
                return 0
            with session(capabilities) as one:
                control = one.run(f"task_success(nested({depth - 1}) + 1)").control
            assert isinstance(control, Success)
            return int(control.value)

        capabilities.add_function(nested)
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(nested, [6] * 8)) == [6] * 8

    def test_sessions_inside_others_need_no_free_place(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(processes._pool, "places", threading.BoundedSemaphore(1))
        inner = opened(one=lambda: 1)

        def nested() -> Any:
            return succeeded("task_success(one())", inner)

        waiting = threading.Event()

        def other() -> Any:
            waiting.set()
            return succeeded("task_success(2)")

        with ThreadPoolExecutor(1) as threads:
            with session(opened(nested)) as one:
                one.run("1")
                second = threads.submit(other)
                waiting.wait()
                assert one.run("task_success(nested())").control == Success(1)
                assert not second.done()
            assert second.result() == 2

    def test_who_waits_for_a_place_can_be_interrupted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(processes._pool, "places", threading.BoundedSemaphore(1))
        with session() as holder, session() as waiter:
            holder.run("1")
            timer = later(0.1, waiter.interrupt)
            assert waiter.run("1").interrupted
            timer.join()

    def test_after_many_at_once_few_processes_stay(self) -> None:
        sessions = [session() for _ in range(30)]
        pids = []
        for one in sessions:
            one.run("1")
            pids.append(pid_of(one))
        for one in sessions:
            one.close()
        assert len(set(pids)) == 30
        assert processes._pool._held == 0
        end = time.monotonic() + 5
        while sum(map(is_alive, pids)) > 0 and time.monotonic() < end:
            time.sleep(0.01)
        assert sum(map(is_alive, pids)) == 0
        assert succeeded("task_success(1)") == 1


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestAsync:
    @staticmethod
    async def run(code: str, capabilities: Capabilities) -> Block:
        loop = asyncio.get_running_loop()

        def call(host_call: HostCall) -> Any:
            if host_call.is_async:
                return asyncio.run_coroutine_threadsafe(host_call.run(), loop)
            return host_call.run()

        with Sandbox().session(capabilities, call=call) as one:
            return await asyncio.to_thread(one.run, code)

    @pytest.mark.parametrize(
        ("code", "value"),
        [
            ("task_success(fetch(1))", 1),
            ("task_success(await fetch(1))", 1),
            ("def f(n):\n    return fetch(n) + 1\ntask_success(f(1))", 2),
            ("async def f(n):\n    return await fetch(n) + 1\ntask_success(await f(1))", 2),
            ("import asyncio\ntask_success(await asyncio.gather(fetch(1), fetch(2)))", [1, 2]),
            ("task_success(plain(3) + fetch(1))", 4),
            ("x = [fetch(n) for n in (1, 2)]\ntask_success(x)", [1, 2]),
        ],
    )
    async def test_async_functions_work_with_and_without_await(
        self, code: str, value: object
    ) -> None:
        async def fetch(number: int) -> int:
            await asyncio.sleep(0)
            return number

        block = await self.run(code, opened(fetch, plain=lambda number: number))
        assert block == Block(control=Success(value))

    async def test_what_is_gathered_runs_at_the_same_time(self) -> None:
        running = most = 0

        async def fetch(number: int) -> int:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.05)
            running -= 1
            return number

        code = (
            "import asyncio\nasync def one(n):\n    return await fetch(n) * 2\n"
            "task_success(await asyncio.gather(*[one(n) for n in range(8)]))"
        )
        block = await self.run(code, opened(fetch))
        assert block.control == Success([0, 2, 4, 6, 8, 10, 12, 14])
        assert most == 8

    @pytest.mark.parametrize("call", ["fail()", "await fail()"])
    async def test_their_exceptions_are_the_codes(self, call: str) -> None:
        async def fail() -> None:
            raise LookupError("none")

        code = f"try:\n    {call}\nexcept LookupError as e:\n    task_success(str(e))"
        assert (await self.run(code, opened(fail))).control == Success("none")

    async def test_a_call_that_is_waited_for_can_be_interrupted(self) -> None:
        cancelled = asyncio.Event()

        async def fetch() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        loop = asyncio.get_running_loop()
        for code in ("fetch()", "await fetch()"):
            cancelled.clear()
            one = Sandbox().session(
                opened(fetch), call=lambda call: asyncio.run_coroutine_threadsafe(call.run(), loop)
            )
            loop.call_later(0.1, one.interrupt)
            assert (await asyncio.to_thread(one.run, code)).interrupted
            await asyncio.wait_for(cancelled.wait(), 5)
            one.close()


SCRIPT = """
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.session import Sandbox
one = Sandbox().session(Capabilities())
print(one.run("task_success(40 + 2)").control.value)
"""


def exit_of(script: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_the_interpreter_exits_cleanly_sixty_times_of_sixty() -> None:
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(exit_of, [SCRIPT] * 60))
    assert found == [(0, "42\n", "")] * 60


@pytest.mark.slow
def test_the_interpreter_exits_while_a_block_runs_on_a_daemon_thread() -> None:
    script = (
        "import threading, time\n"
        + SCRIPT
        + "two = Sandbox().session(Capabilities())\n"
        + "threading.Thread(target=two.run, args=('while True: pass',), daemon=True).start()\n"
        + "time.sleep(0.2)\n"
    )
    assert exit_of(script) == (0, "42\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_process_is_told_that_it_has_no_sandbox_instead_of_waiting_for_ever() -> None:
    script = SCRIPT + (
        "import os, sys, warnings\n"
        "from xpander_client.agents.sandbox.processes import SandboxUnavailable\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"  # of forks beside threads
        "sys.stdout.flush()\npid = os.fork()\n"
        "if pid == 0:\n"
        "    try:\n        Sandbox().session(Capabilities()).run('1')\n"
        "    except SandboxUnavailable as error:\n        os._exit(7)\n"
        "    os._exit(1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        "print(one.run('task_success(1)').control.value)"
    )
    assert exit_of(script) == (0, "42\n7\n1\n", "")

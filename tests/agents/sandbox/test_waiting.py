"""Signals are heard while agent code runs, and nothing of the host moves to another thread."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from tests.agents.sandbox.sandboxes import opened, session, succeeded
from xpander_client.agents.sandbox.results import Limits
from xpander_client.agents.sandbox.waiting import Turns

HOUR = Limits(seconds=3600)


@pytest.mark.parametrize("code", ["print('begun')\nwhile True: pass", "hold()\nwhile True: pass"])
def test_ctrl_c_ends_a_block_that_loops_at_once(code: str) -> None:
    def press() -> None:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    with session(opened(hold=press), limits=HOUR) as one:
        with pytest.raises(KeyboardInterrupt):
            one.run(code, prints=lambda part: press())
        # The session goes on in another process.
        assert one.run("x = 1").error is None
    assert succeeded("task_success(2)") == 2


def test_other_handlers_of_signals_run_while_a_block_runs() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with session(limits=HOUR) as one:

            def press(part: Any) -> None:
                os.kill(os.getpid(), signal.SIGTERM)
                threading.Thread(target=wait_and_end).start()

            def wait_and_end() -> None:
                while not heard:
                    pass
                one.interrupt()

            assert one.run("print('begun')\nwhile True: pass", prints=press).interrupted
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_functions_and_handlers_are_called_on_the_thread_that_runs_the_block() -> None:
    threads: list[threading.Thread] = []
    note = opened(note=lambda: threads.append(threading.current_thread()))
    with session(note) as one:
        one.run("print(1)\nnote()", prints=lambda part: threads.append(threading.current_thread()))
    assert threads == [threading.main_thread()] * 2
    other = threading.Thread(target=succeeded, args=("note()\ntask_success(1)", note))
    other.start()
    other.join()
    assert threads[2:] == [other]


def test_what_a_call_raises_is_raised_and_its_thread_ends_with_the_session() -> None:
    turns = Turns()
    assert turns.take(lambda: 1) == 1
    with pytest.raises(ZeroDivisionError):
        turns.take(lambda: 1 // 0)
    beside = next(one for one in threading.enumerate() if one.name == "xpander-agents-turns")
    turns.end()
    beside.join()
    with session() as one:
        one.run("x = 1")
        running = {one for one in threading.enumerate() if one.name == "xpander-agents-turns"}
    for thread in running:
        thread.join()

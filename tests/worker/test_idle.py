"""What is decorated and has no worker is told of."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from types import FrameType

import pytest

from tests.worker.processes import HEADER, environment_of, program
from xpander_client import Configuration, Task, on_task
from xpander_client.worker import idle

HANDLER = f"""{HEADER}
@on_task
def shout(task: Task) -> Task:
    task.result = task.input.text.upper()
    return task
"""
NOT_RUN = (
    "no worker ran for shout(), decorated with @on_task: call xpander_client.worker.run(shout)"
)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import handlers\n", 0),
        ("def main():\n    import handlers\nmain()\n", 0),
        (f"{HANDLER}import sys\nsys.exit(3)\n", 3),
        (f"{HANDLER}raise SystemExit(0)\n", 0),
    ],
)
def test_a_program_that_ends_without_a_worker_says_so(
    tmp_path: Path, code: str, status: int
) -> None:
    (tmp_path / "handlers.py").write_text(HANDLER, encoding="utf-8")
    environment = environment_of(Configuration("k", "http://127.0.0.1:1", "o", "a"))
    with program(tmp_path / "other.py", code, environment) as other:
        assert other.process.wait(timeout=30) == status
    assert other.output == f"{NOT_RUN}\n"


def test_children_and_programs_that_failed_say_nothing_more(tmp_path: Path) -> None:
    code = f"""{HANDLER}
import multiprocessing

def work():
    pass

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=work)
    child.start()
    child.join()
    raise ValueError("not ready")
"""
    environment = environment_of(Configuration("k", "http://127.0.0.1:1", "o", "a"))
    with program(tmp_path / "worker.py", code, environment) as worker:
        assert worker.process.wait(timeout=30) == 1
    assert worker.output.endswith("ValueError: not ready\n")
    assert "no worker ran" not in worker.output


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "_PATIENCE", 0.0)
    monkeypatch.setattr(idle, "_names", [])
    monkeypatch.setattr(idle, "_timer", None)
    monkeypatch.setattr(idle, "_is_served", False)
    monkeypatch.setattr(idle, "_is_run_by_another", lambda: False)


def timer() -> threading.Timer:
    assert idle._timer is not None
    idle._timer.join(timeout=10)
    return idle._timer


@pytest.mark.usefixtures("impatient")
def test_a_program_that_goes_on_is_told_what_its_worker_waits_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    main = compile("say(sys._getframe())\n", "/home/ada/worker.py", "exec")

    def say(frame: FrameType) -> None:
        idle.say_at_exit("shout", frame, frame)
        timer()

    exec(main, {"__name__": "__main__", "say": say, "sys": sys})
    idle.forget()
    assert "no worker runs yet for shout()" in caplog.text
    assert "it starts at the end of worker.py, which is at line 1;" in caplog.text
    assert "xpander_client.worker.run(shout)" in caplog.text


@pytest.mark.usefixtures("impatient")
def test_once_a_worker_has_run_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    idle.say_at_exit("first", sys._getframe(), None)
    assert idle._timer is None  # no program's start is this
    idle.forget()
    idle.say_at_exit("second", sys._getframe(), None)
    idle._say_at_exit()
    assert caplog.text == ""


def test_an_interactive_session_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", [""])  # whatever the tests themselves were started by
    with caplog.at_level(logging.WARNING, "xpander_client.worker"):
        cell = "@on_task\ndef shout(task): return task\n"
        exec(cell, {"__name__": "__main__", "on_task": on_task, "Task": Task})
    assert "shout() is decorated in an interactive session" in caplog.text
    assert "await xpander_client.worker.Worker(shout).run()" in caplog.text

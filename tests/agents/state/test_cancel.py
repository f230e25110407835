"""A cancel reaches every running call of a task, wherever it runs, or the next one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents.state.state_calls import connected
from xpander_client.agents.state import disk_calls, memory_calls
from xpander_client.agents.state.config import StateConfig, connect_state

ROOT = Path(__file__).resolve().parents[3]

WAIT = """
import sys, time
from pathlib import Path
from tests.agents.state.state_calls import connected
with connected("versioned", Path(sys.argv[1])).session("s", "agent").branch("t") as branch:
    print("cancelled" if branch.is_cancelled() else "running", flush=True)
    until = time.monotonic() + 30
    while not branch.is_cancelled() and time.monotonic() < until:
        time.sleep(0.005)
    print("cancelled" if branch.is_cancelled() else "never", flush=True)
"""


@pytest.fixture(params=["versioned memory", "versioned disk", "live memory", "live disk", "none"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> StateConfig:
    if request.param == "none":
        return connect_state()
    kind, storage = request.param.split()
    return connected(kind, tmp_path if storage == "disk" else None)


def test_every_running_call_of_the_task_is_cancelled_and_no_other(config: StateConfig) -> None:
    session = config.session("s", "agent")
    others = [
        session.branch("other"),
        config.session("s2", "agent").branch("t"),
        config.session("s", "agent2").branch("t"),
    ]
    with session.branch("t") as one, session.branch("t") as two:
        assert not one.is_cancelled()
        assert session.cancel("t") == 2
        assert one.is_cancelled()
        assert two.is_cancelled()
        assert session.cancellations() == ["t", "t"]
        assert session.running() == ["other", "t", "t"]
        assert session.cancel("t") == 2
    with session.branch("t") as three:
        assert not three.is_cancelled()
    for other in others:
        assert not other.is_cancelled()
        other.finish()
    assert session.running() == []


def test_a_cancel_before_the_start_counts_for_the_next_call_and_once(config: StateConfig) -> None:
    session = config.session("s", "agent")
    assert session.cancel("t") == 0
    assert session.cancel("t") == 0
    with session.branch("other") as other, session.branch("t") as one, session.branch("t") as two:
        assert [other.is_cancelled(), one.is_cancelled(), two.is_cancelled()] == [
            False,
            True,
            False,
        ]


def test_a_cancel_that_came_too_late_is_forgotten_after_a_minute(
    config: StateConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    for module in (memory_calls, disk_calls):
        monkeypatch.setattr(module.time, "time", lambda: now[0])
    session = config.session("s", "agent")
    session.cancel("t")
    now[0] += 59
    session.cancel("u")
    now[0] += 2
    with session.branch("t") as late, session.branch("u") as soon:
        assert not late.is_cancelled()
        assert soon.is_cancelled()


def test_a_cancel_that_waits_goes_with_its_session(config: StateConfig) -> None:
    session = config.session("s", "agent")
    session.cancel("t")
    config.session("s2", "agent").cancel("t")
    config.delete("s")
    with session.branch("t") as branch, config.session("s2", "agent").branch("t") as other:
        assert not branch.is_cancelled()
        assert other.is_cancelled()


def test_a_branch_stays_cancelled_when_it_begins_again(config: StateConfig) -> None:
    session = config.session("s", "agent")
    with session.branch("t") as branch:
        session.cancel("t")
        branch.restart()
        assert branch.is_cancelled()


def test_a_finished_call_is_not_cancelled(config: StateConfig) -> None:
    session = config.session("s", "agent")
    branch = session.branch("t")
    branch.finish()
    session.cancel("t")
    assert not branch.is_cancelled()


class Waiting:
    """A process in which a call waits for its cancel."""

    def __init__(self, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WAIT, str(directory)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def end(self, *, kill: bool = False) -> int:
        if kill:
            self._process.kill()
        self._process.communicate(timeout=30)
        return self._process.returncode


def test_calls_in_other_processes_are_cancelled(tmp_path: Path) -> None:
    session = connected("versioned", tmp_path).session("s", "agent")
    with session.branch("t") as own:
        processes = [Waiting(tmp_path), Waiting(tmp_path)]
        assert [process.line() for process in processes] == ["running", "running"]
        assert session.cancel("t") == 3
        assert own.is_cancelled()
        assert [process.line() for process in processes] == ["cancelled", "cancelled"]
        assert [process.end() for process in processes] == [0, 0]
        assert session.running() == ["t"]


def test_a_cancel_waits_for_a_call_in_another_process(tmp_path: Path) -> None:
    session = connected("versioned", tmp_path).session("s", "agent")
    assert session.cancel("t") == 0
    process = Waiting(tmp_path)
    assert process.line() == "cancelled"
    assert process.end() == 0


def test_a_killed_call_is_not_running_and_takes_no_cancel(tmp_path: Path) -> None:
    session = connected("versioned", tmp_path).session("s", "agent")
    process = Waiting(tmp_path)
    assert process.line() == "running"
    assert session.running() == ["t"]
    assert process.end(kill=True) < 0
    assert session.running() == []
    assert session.cancel("t") == 0
    with session.branch("t") as branch:
        assert branch.is_cancelled()

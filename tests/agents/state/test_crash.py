"""Processes that die in the middle, and processes that fork."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents.state.state_calls import change, connected, count

ROOT = Path(__file__).resolve().parents[3]

# Forks a child for each statement that a call makes on disk, which kills itself there. What it
# prints is how the session looks after each, and then after a call of its own.
DYING = """
import os, signal, sqlite3, sys
from functools import partial
from pathlib import Path
from tests.agents.state.state_calls import change, connected

left = None

class Dying(sqlite3.Connection):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.set_trace_callback(self.statement)

    @staticmethod
    def statement(_):
        global left
        if left is not None:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

sqlite3.connect = partial(sqlite3.connect, factory=Dying)
session = connected(sys.argv[1], Path(sys.argv[2])).session("s", "agent")
change(session, a="0", b="0")

def call():
    with session.branch("t") as branch:
        value = str(int(branch.variables["a"]) + 1).encode()
        branch.append_event(b"one")
        branch.append_event(b"two")
        branch.snapshot({"a": value, "b": value})
        branch.merge()

statement, code = 0, None
while code != 0:
    child = os.fork()
    if child == 0:
        try:
            session.variables()  # opens it: from here on only the call's own statements count
            left = statement
            call()
            left = None
            os._exit(0)
        except BaseException:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, -signal.SIGKILL}, code
    variables = session.variables()
    print(
        variables["a"].decode(),
        variables["b"].decode(),
        len(session.events()),
        len(session.history()),
        len(session.running()),
    )
    statement += 1
"""

IN_LINE = """
import os, signal, sys
from pathlib import Path
from tests.agents.state.state_calls import change, connected
from xpander_client.agents.state.store import Conflict

session = connected("versioned", Path(sys.argv[1])).session("s", "agent")
branch = session.branch("t")
branch.snapshot({"n": b"lost"})
change(session, n="1")
try:
    branch.merge()
except Conflict:
    branch.line_up()
print(branch.is_at_front(), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which this system hasn't")
@pytest.mark.parametrize("kind", ["versioned", "live"])
def test_a_process_killed_at_any_statement_leaves_all_of_a_call_or_nothing(
    kind: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DYING, kind, str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
    )
    seen = [[int(number) for number in line.split()] for line in done.stdout.splitlines()]
    assert len(seen) > 15
    before = [0, 0, 1, 2 if kind == "versioned" else 0, 0]
    for after in seen:
        a, b, events, commits, running = after
        assert a == b
        # Live state takes variables first and events at the end; versioned both at once.
        assert (events - 1) // 2 <= a <= before[0] + 1
        if kind == "versioned":
            assert (events, commits) == (1 + 2 * a, 2 + a)
        assert running == 0
        before = after
    assert before[0] > 1


def test_what_a_killed_call_reserved_is_free(tmp_path: Path) -> None:
    session = connected("versioned", tmp_path).session("s", "agent")
    with subprocess.Popen(
        [sys.executable, "-c", IN_LINE, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        retried = session.branch("t")
        retried.line_up()
        process.communicate("die\n", timeout=30)
    assert process.returncode < 0
    assert count(session, 1) == [0]
    assert session.variables()["n"] == b"2"
    assert retried.is_at_front()
    retried.finish()


def test_the_next_to_open_a_directory_tidies_up_after_the_dead(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from tests.agents.state.state_calls import connected
branch = connected("versioned", Path(sys.argv[1])).session("s", "agent").branch("t")
os.kill(os.getpid(), signal.SIGKILL)
"""
    for _ in range(2):
        died = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False, timeout=60
        )
        assert died.returncode < 0
    marks = tmp_path / "processes"
    assert len(list(marks.iterdir())) == 1
    session = connected("versioned", tmp_path).session("s", "agent")
    assert session.running() == []
    assert len(list(marks.iterdir())) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which this system hasn't")
def test_a_forked_process_works_on_beside_its_parent(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from tests.agents.state.state_calls import connected, count
session = connected("versioned", Path(sys.argv[1])).session("s", "agent")
held = session.branch("held")
count(session, 5)
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        try:
            assert "held" in session.running()
            count(session, 5)
            os._exit(0)
        except BaseException:
            os._exit(1)
    children.append(child)
count(session, 5)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
assert session.running() == ["held"]
print(session.variables()["n"].decode())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "25\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which this system hasn't")
def test_a_child_that_lives_on_does_not_stand_for_its_dead_parent(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from tests.agents.state.state_calls import connected
branch = connected("versioned", Path(sys.argv[1])).session("s", "agent").branch("t")
if os.fork() == 0:
    print("forked", flush=True)
    sys.stdin.readline()
    os._exit(0)
os.kill(os.getpid(), signal.SIGKILL)
"""
    session = connected("versioned", tmp_path).session("s", "agent")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "forked\n"
        assert parent.wait(timeout=30) < 0
        assert session.running() == []
        parent.communicate("go\n", timeout=30)


def test_a_call_that_raises_ends_and_writes_nothing(tmp_path: Path) -> None:
    session = connected("versioned", tmp_path).session("s", "agent")
    change(session, a="1")
    branch = session.branch("t")

    def work() -> None:
        with branch:
            branch.snapshot({"a": b"2"})
            branch.append_event(b"tried")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert dict(session.variables()) == {"a": b"1"}
    assert session.events() == [b"changed a", b"tried"]
    assert session.running() == []

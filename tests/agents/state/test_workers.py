"""Many workers in one session: each call counts, and none is starved."""

from __future__ import annotations

import gc
import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Timer

import pytest

from tests.agents.state.state_calls import RETRIES, connected, count
from xpander_client.agents.state.sessions import Session

ROOT = Path(__file__).resolve().parents[3]
WORKERS, CALLS = 8, 10

COUNT = f"""
import json, sys
from pathlib import Path
from tests.agents.state.state_calls import connected, count
session = connected(sys.argv[1], Path(sys.argv[2])).session("s", "agent")
print(json.dumps(count(session, {CALLS}, 0.02)))
"""


def assert_all_counted(session: Session, retries: list[int]) -> None:
    assert session.variables()["n"] == str(WORKERS * CALLS).encode()
    assert len(retries) == WORKERS * CALLS
    # Whoever waited in line can't lose again, so no call is near the end of its tries.
    assert max(retries) < RETRIES
    assert session.events() == [b"counted"] * WORKERS * CALLS
    assert session.running() == []


@pytest.mark.parametrize("kind", ["versioned", "live"])
@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_threads_that_count_in_one_session_lose_nothing(
    kind: str, storage: str, tmp_path: Path
) -> None:
    session = connected(kind, tmp_path if storage == "disk" else None).session("s", "agent")
    with ThreadPoolExecutor(WORKERS) as pool:
        done = pool.map(lambda _: count(session, CALLS, 0.005), range(WORKERS))
        assert_all_counted(session, [each for retries in done for each in retries])


@pytest.mark.parametrize("kind", ["versioned", "live"])
def test_processes_that_count_in_one_session_lose_nothing(kind: str, tmp_path: Path) -> None:
    # The first to come make the directory and the tables, all at once.
    directory = tmp_path / "made" / "when used"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", COUNT, kind, str(directory)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WORKERS)
    ]
    retries: list[int] = []
    for worker in workers:
        said, _ = worker.communicate(timeout=60)
        assert worker.returncode == 0
        retries += json.loads(said)
    config = connected(kind, directory)
    assert_all_counted(config.session("s", "agent"), retries)
    del config
    gc.collect()
    assert list((directory / "processes").iterdir()) == []


def test_whoever_comes_while_another_makes_the_database_waits_for_it(tmp_path: Path) -> None:
    other = sqlite3.connect(
        tmp_path / "state.sqlite3", isolation_level=None, check_same_thread=False
    )
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        done = Timer(0.2, other.execute, ["COMMIT"])
        done.start()
        assert count(connected("versioned", tmp_path).session("s", "agent"), 1) == [0]
        assert done.finished.is_set()
        done.join(timeout=30)


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_threads_that_change_different_names_never_conflict(storage: str, tmp_path: Path) -> None:
    config = connected("versioned", tmp_path if storage == "disk" else None)
    session = config.session("s", "agent")
    together = Barrier(WORKERS)

    def write(number: int) -> None:
        for value in range(CALLS):
            together.wait(timeout=30)
            with session.branch("write") as branch:
                branch.snapshot({f"v{number}": str(value).encode()})
                branch.merge()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(write, range(WORKERS)))
    last = str(CALLS - 1).encode()
    assert dict(session.variables()) == {f"v{number}": last for number in range(WORKERS)}
    assert len(session.history()) == 1 + WORKERS * CALLS


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_each_thread_has_its_own_view(storage: str, tmp_path: Path) -> None:
    config = connected("versioned", tmp_path if storage == "disk" else None)
    session = config.session("s", "agent")
    together = Barrier(2)

    def work(x: int) -> bytes:
        with session.branch("t") as branch:
            branch.snapshot({"x": str(x).encode()})
            together.wait(timeout=30)
            seen = branch.variables["x"]
            together.wait(timeout=30)
            branch.discard()
            return seen

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, [1, 2])) == [b"1", b"2"]

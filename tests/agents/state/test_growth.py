"""What a call costs does not depend on how many there were."""

from __future__ import annotations

import gc
import sqlite3
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.agents.state.state_calls import connected
from xpander_client.agents.state import config
from xpander_client.agents.state.sessions import Session

ROOM = str(Path(config.__file__).parent)
EVENTS = 5
EVENT = b'{"type": "output", "text": "' + b"x" * 170 + b'"}'


def call(session: Session, number: int) -> None:
    """As a loop makes it: what the model is shown, one turn, and a counter."""
    with session.branch("count") as branch:
        session.events(20)
        for _ in range(EVENTS - 1):
            branch.append_event(EVENT)
        assert not branch.is_cancelled()
        branch.snapshot({"n": str(number).encode()})
        branch.merge()
        branch.append_event(EVENT)


def size_of(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


class Counted(sqlite3.Connection):
    """Counts statements, and the steps of SQLite's own machine: one for each row that it looks at.

    Rows on the way from a tree's root to its leaves are no steps, and those are few.
    """

    statements = 0
    steps = 0

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.set_trace_callback(self._statement)
        self.set_progress_handler(self._step, 1)

    @staticmethod
    def _statement(_: str) -> None:
        Counted.statements += 1

    @staticmethod
    def _step() -> int:
        Counted.steps += 1
        return 0


@pytest.mark.parametrize("kind", ["versioned", "live"])
def test_call_400_does_on_disk_what_call_40_did(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Counted))
    session = connected(kind, tmp_path).session("s", "agent")
    costs: list[tuple[int, int]] = []
    for number in range(1, 401):
        Counted.statements = Counted.steps = 0
        call(session, number)
        costs.append((Counted.statements, Counted.steps))
    assert 0 < costs[39][0] < 40
    assert 0 < costs[39][1] < 1500
    assert costs[399] == costs[39]


def lines_of(session: Session, number: int) -> int:
    """How many lines of the package a call runs."""
    lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal lines
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call(session, number)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("kind", ["versioned", "live"])
def test_call_400_does_in_memory_what_call_40_did(kind: str) -> None:
    session = connected(kind, None).session("s", "agent")
    lines = [lines_of(session, number) for number in range(1, 401)]
    assert lines[39] > 20
    assert lines[399] == lines[39]


def test_the_directory_grows_with_what_is_kept_and_stays_small(tmp_path: Path) -> None:
    sizes: list[int] = []
    for step in range(4):
        state = connected("versioned", tmp_path)
        for number in range(100):
            call(state.session("s", "agent"), step * 100 + number)
        open_size = size_of(tmp_path)
        del state
        gc.collect()
        sizes.append(size_of(tmp_path))
        assert open_size < 2_000_000
    assert sizes[-1] < 1_000_000
    first, *later = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
    assert all(growth <= first for growth in later)
    assert max(later) <= 1.1 * min(later)


def test_live_variables_take_the_room_of_their_last_value(tmp_path: Path) -> None:
    state = connected("live", tmp_path)
    session = state.session("s", "agent")
    for number in range(100):
        with session.branch("t") as branch:
            branch.snapshot({"big": bytes([number]) * 50_000})
            branch.merge()
    assert size_of(tmp_path) < 2_000_000


def test_a_deleted_session_leaves_its_room_to_others(tmp_path: Path) -> None:
    state = connected("versioned", tmp_path)
    sizes: list[int] = []
    for _ in range(5):
        session = state.session("s", "agent")
        for number in range(20):
            with session.branch("t") as branch:
                branch.snapshot({"big": bytes([number]) * 20_000})
                branch.merge()
        state.delete("s")
        sizes.append(size_of(tmp_path))
    assert sizes[-1] <= sizes[1]

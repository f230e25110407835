"""Calls of tasks as their loop makes them of a session, for tests in one process and in several."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from xpander_client.agents.state.branches import Branch
from xpander_client.agents.state.config import StateConfig, connect_state
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.state.store import Conflict

Kind = Literal["versioned", "live"]
RETRIES = 3


def connected(kind: str, directory: Path | None) -> StateConfig:
    """State of a kind: in memory, or on disk when there is a directory."""
    assert kind in {"versioned", "live"}
    checked: Kind = "live" if kind == "live" else "versioned"
    if directory is None:
        return connect_state(checked, storage="memory")
    return connect_state(checked, storage="disk", path=directory)


def in_turn(branch: Branch, work: Callable[[Branch], None]) -> int:
    """Does the work and merges, and again after a conflict; how often again comes back."""
    for retries in range(RETRIES + 1):
        try:
            work(branch)
            branch.merge()
        except Conflict:
            if retries == RETRIES:
                raise
            branch.line_up()
            while not branch.is_at_front():
                time.sleep(0.002)
            branch.restart()
        else:
            return retries
    raise AssertionError("the last try returns or raises")


def count(session: Session, calls: int, pause: float = 0.0) -> list[int]:
    """Makes calls that each count `n` up by one; the retries of each come back."""

    def increase(branch: Branch) -> None:
        n = int(branch.variables.get("n", b"0"))
        time.sleep(pause)
        branch.snapshot({"n": str(n + 1).encode()})

    retries = []
    for _ in range(calls):
        with session.branch("count") as branch:
            retries.append(in_turn(branch, increase))
            branch.append_event(b"counted")
    return retries


def change(session: Session, **values: str | None) -> str:
    """One call that sets variables; the id of its commit comes back."""
    with session.branch("change") as branch:
        branch.snapshot(
            {name: None if value is None else value.encode() for name, value in values.items()}
        )
        branch.append_event(f"changed {', '.join(sorted(values))}".encode())
        return branch.merge().commit

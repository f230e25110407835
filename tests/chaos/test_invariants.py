"""The checker finds nothing where all is well, and each thing that may go wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import orjson
import pytest

from tests.platform.wire import OpenStore
from xpander_client.chaos.history import (
    Acknowledged,
    Begun,
    Created,
    Ended,
    Entry,
    Pushed,
    SawEnd,
    Seen,
    Stopped,
)
from xpander_client.chaos.invariants import (
    INVARIANTS,
    StoredEvent,
    StoredTask,
    fingerprint,
    read_stored_tasks,
    violations,
)
from xpander_client.platform.stores.sqlite.store import SqliteStore


def event(seq: int, kind: str, data: Any) -> StoredEvent:
    body = {
        "type": kind,
        "task_id": "t",
        "organization_id": "o",
        "time": "2026-01-02T03:04:05+00:00",
        "data": data,
    }
    return StoredEvent(seq, kind, orjson.dumps(body))


def whole(
    status: str = "completed", attempt: int = 1, result: str | None = "sum"
) -> dict[str, Any]:
    return {
        "id": "t",
        "agent_id": "a",
        "organization_id": "o",
        "input": {"text": "first"},
        "created_at": "2026-01-02T03:04:05+00:00",
        "status": status,
        "execution_attempts": attempt,
        "result": result,
    }


TASK = StoredTask(
    id="t",
    status="completed",
    attempt=1,
    losses=0,
    result="sum",
    mark="first",
    events=(
        event(1, "task_created", whole("pending", 0, None)),
        event(2, "chunk", "a"),
        event(3, "chunk", "b"),
        event(4, "task_finished", whole()),
    ),
)
LOG = [fingerprint(each.body) for each in TASK.events]


def noted(*entries: Entry, by: str = "c") -> list[Acknowledged]:
    return [Acknowledged(by, entry) for entry in entries]


HISTORY = [
    *noted(Created("t", "first"), Pushed("t", ("a", "b"), 3), Stopped("t", "completed")),
    *noted(Begun("t", 1), Ended("t", 1, "completed", "sum"), by="w"),
    *noted(*(Seen("t", each) for each in LOG), SawEnd("t"), by="reader"),
    *noted(*(Seen("t", each) for each in LOG[:2]), by="cut off"),
]

Change = Callable[[], tuple[list[Acknowledged], dict[str, StoredTask]]]


def task(**changes: Any) -> Change:
    return lambda: (HISTORY, {"t": attrs.evolve(TASK, **changes)})


def more(*entries: Entry, by: str = "d") -> Change:
    return lambda: ([*HISTORY, *noted(*entries, by=by)], {"t": TASK})


def test_nothing_is_found_where_all_is_well() -> None:
    assert violations(HISTORY, {"t": TASK}, max_attempts=3) == []


def last(**fields: Any) -> tuple[StoredEvent, ...]:
    return (*TASK.events[:3], event(4, "task_finished", whole(**fields)))


@pytest.mark.parametrize(
    ("broken", "change"),
    [
        ("I1", lambda: (HISTORY, {})),
        ("I1", lambda: (HISTORY, {"t": TASK, "u": attrs.evolve(TASK, id="u")})),
        ("I1", more(Created("t", "another"))),
        ("I2", more(Pushed("t", ("lost",)))),
        ("I2", more(Pushed("t", ("a", "b"), 4))),
        ("I2", more(Pushed("t", ("b", "a"), 3))),
        ("I2", task(events=(*TASK.events[:3], event(4, "chunk", "a"), event(5, *("x", 0))))),
        ("I3", task(events=(TASK.events[0], *TASK.events[2:]))),
        ("I3", task(events=(*TASK.events[:2], *TASK.events[1:]))),
        ("I3", task(events=TASK.events[1:])),
        ("I4", task(events=TASK.events[:3])),
        ("I4", task(events=(*TASK.events, event(5, "task_finished", whole())))),
        ("I4", task(events=(*TASK.events, event(5, "chunk", "late")))),
        ("I4", task(events=last(attempt=2))),
        ("I4", task(events=last(result="other"))),
        ("I4", task(events=last(status="failed"))),
        ("I4", task(status="executing")),
        ("I4", more(Ended("t", 2, "completed", "sum"))),
        ("I4", more(Ended("t", 1, "completed", "other"))),
        ("I5", task(status="executing", events=TASK.events[:3])),
        ("I6", more(Seen("t", LOG[1]))),
        ("I6", more(*(Seen("t", each) for each in LOG[:3]), SawEnd("t"))),
        ("I6", more(*(Seen("t", each) for each in (*LOG[:2], *LOG[1:])), SawEnd("t"))),
        ("I6", more(*(Seen("t", each) for each in (*LOG, LOG[3])))),
        ("I6", more(SawEnd("t"))),
        ("I7", task(losses=4)),
        ("I7", more(*(Begun("t", n) for n in (2, 3, 4)))),
        ("I8", more(Stopped("t", "stopped"))),
        ("I8", more(Stopped("t", "executing"))),
        ("I9", more(Begun("t", 1))),
    ],
)
def test_what_is_broken_is_found(broken: str, change: Change) -> None:
    history, stored = change()
    assert broken in {each.invariant for each in violations(history, stored, max_attempts=3)}


def test_unfinished_tasks_are_no_violation_while_it_is_not_quiet() -> None:
    history, stored = task(status="executing", events=TASK.events[:3])()
    found = violations(history, stored, max_attempts=3, quiet=False)
    assert "I5" not in {each.invariant for each in found}


def test_a_violation_says_what_it_breaks_and_how() -> None:
    [found] = violations(noted(Created("t", "first")), {}, max_attempts=3)
    assert str(found) == f"I1 ({INVARIANTS['I1']}): task t: is not there, but was created"


async def test_tasks_are_read_with_all_of_their_events(tmp_path: Path) -> None:
    body = {"input": {"text": "first"}}
    async with OpenStore(SqliteStore(tmp_path / "s.db")) as store:
        for n in range(3):
            await store.put("o", "a", body, task_id=f"t{n}")
        chunk = {"type": "chunk", "task_id": "t0", "organization_id": "o", "data": "x"}
        chunk["time"] = "2026-01-02T03:04:05Z"
        await store.append("o", "t0", [chunk] * 2_100, attempt=None)
        await store.put("another", "a", body, task_id="u")
        found = await read_stored_tasks(store, "o", ["t0", "gone", "u"])
    assert sorted(found) == ["t0", "t1", "t2"]
    assert [each.seq for each in found["t0"].events] == list(range(1, 2_102))
    assert (found["t1"].status, found["t1"].mark, found["t1"].attempt) == ("pending", "first", 0)

"""The entries of an activity thread, as they are given out."""

from typing import Any

import orjson

from xpander_client.platform.rules.activity import HELD_BYTES, _Entries
from xpander_client.platform.rules.records import EventRecord


def event(seq: int, kind: str, data: Any) -> EventRecord:
    return EventRecord(seq, kind, orjson.dumps({"type": kind, "time": "", "data": data}))


CALL = {"tool_call_id": "c", "tool_name": "read"}


def test_what_comes_after_a_call_waits_for_its_result() -> None:
    entries = _Entries("t")
    entries.add(event(1, "think", "x"))
    entries.add(event(2, "tool_call_request", CALL))
    entries.add(event(3, "think", "y"))
    assert [entry["id"] for entry in entries.take(all_of_them=False)] == ["t-1"]
    entries.add(event(4, "tool_call_result", {**CALL, "result": 1}))
    assert [entry["id"] for entry in entries.take(all_of_them=False)] == ["t-2", "t-3"]
    assert entries.take(all_of_them=True) == []


def test_what_waits_for_a_call_that_never_ends_is_bounded() -> None:
    entries = _Entries("t")
    entries.add(event(1, "tool_call_request", CALL))
    taken: list[dict[str, Any]] = []
    for seq in range(2, 12):
        entries.add(event(seq, "think", "x" * (HELD_BYTES // 8)))
        taken += entries.take(all_of_them=False)
    assert [entry["id"] for entry in taken] == [f"t-{seq}" for seq in range(1, 12)]
    # A result that comes very late is an entry by itself.
    entries.add(event(12, "tool_call_result", {**CALL, "result": 1}))
    [late] = entries.take(all_of_them=False)
    assert (late["id"], late["tool_name"], late["result"]) == ("t-12", "read", 1)

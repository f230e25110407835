"""Events that are kept in memory after they were written."""

from xpander_client.platform.rules.records import EventRecord
from xpander_client.platform.stores.base.hints import task_topic
from xpander_client.platform.stores.base.recent_events import KEPT_BYTES, RecentEvents


def test_what_is_remembered_of_events_is_bounded_and_has_no_holes() -> None:
    tails = RecentEvents()
    big = b"x" * (KEPT_BYTES // 10)
    tails.extend((f"t{n}", EventRecord(1, "chunk", big)) for n in range(100))
    assert 0 < tails._size <= KEPT_BYTES
    assert [n for n in range(100) if tails.read(f"t{n}", 0, 9, None)] == list(range(91, 100))
    tails.extend([("t99", EventRecord(3, "chunk", b"x"))])
    assert tails.read("t99", 0, 9, None) is None
    assert tails.read("t99", 2, 9, None) == [EventRecord(3, "chunk", b"x")]
    assert tails.read("t99", 3, 9, None) is None
    tails.forget(task_topic(f"t{n}") for n in range(100))
    assert (tails._size, tails._events) == (0, {})

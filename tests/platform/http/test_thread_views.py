"""What the strategies show of a thread."""

import orjson
import pytest
from hypothesis import given, strategies as st

from xpander_client.platform.rules.records import MessageRecord
from xpander_client.platform.rules.threads import window, without_answers

ROLES = {"s": "system", "u": "user", "a": "assistant", "t": "tool", "c": "assistant"}


def thread(roles: str) -> list[MessageRecord]:
    """Messages of these roles, numbered; `c` is a model's message with calls."""
    return [
        MessageRecord(
            ROLES[role],
            orjson.dumps(
                {"role": ROLES[role], "content": str(n)}
                | ({"tool_calls": [{"name": "x"}]} if role == "c" else {})
            ),
        )
        for n, role in enumerate(roles)
    ]


def numbers(messages: list[MessageRecord] | None) -> list[int] | None:
    if messages is None:
        return None
    return [int(orjson.loads(message.body)["content"] or -1) for message in messages]


@pytest.mark.parametrize(
    ("roles", "shown"),
    [
        ("", []),
        ("su", [0, 1]),
        ("suauau", [0, 3, 4, 5]),
        ("usauasu", [1, 5, 4, 3, 6]),
        ("suctua", [0, 4, 5]),  # the answer's call is cut off
        ("sucttua", [0, 5, 6]),
        ("suctctu", [0, 4, 5, 6]),
        ("sucttt", [0, 2, 3, 4, 5]),  # nothing but answers: then with the call
        ("suctttt", [0, 2, 3, 4, 5, 6]),
        ("ttt", [0, 1, 2]),  # these have no call at all
    ],
)
def test_a_window_has_the_system_and_the_last_three_others(roles: str, shown: list[int]) -> None:
    assert numbers(window(thread(roles), 3, whole=True)) == sorted(shown)


def test_a_window_over_a_part_of_a_thread_asks_for_more_where_the_call_is_missing() -> None:
    assert window(thread("sttt"), 3, whole=False) is None
    assert numbers(window(thread("suttt"), 3, whole=False)) == [0, 1, 2, 3, 4]
    assert numbers(window(thread("sttu"), 3, whole=False)) == [0, 3]


@given(st.text("suact", max_size=30), st.integers(1, 6))
def test_a_window_is_the_end_of_a_thread_and_begins_with_no_lone_answer(
    roles: str, last: int
) -> None:
    messages = thread(roles)
    shown = window(messages, last, whole=True)
    assert shown is not None
    others = [message for message in messages if message.role != "system"]
    kept = [message for message in shown if message.role != "system"]
    assert len(shown) - len(kept) == len(messages) - len(others)
    assert kept == others[len(others) - len(kept) :]
    if others:
        assert kept
    if kept != others:
        assert kept[0].role != "tool"


@given(st.text("suact", max_size=60), st.integers(1, 4))
def test_a_window_is_the_same_from_the_tail_as_from_the_whole(roles: str, last: int) -> None:
    messages = thread(roles)
    places = [n for n, message in enumerate(messages) if message.role != "system"]
    size = last
    while True:
        wanted = set(places[-size:])
        tail = [m for n, m in enumerate(messages) if m.role == "system" or n in wanted]
        shown = window(tail, last, whole=len(tail) == len(messages))
        if shown is not None:
            break
        size *= 4
    assert shown == window(messages, last, whole=True)


def test_answers_before_the_last_calls_are_emptied() -> None:
    shown = [orjson.loads(each.body) for each in without_answers(thread("suctauctt"))]
    assert [each["content"] for each in shown] == ["0", "1", "2", "", "4", "5", "6", "7", "8"]
    assert [each["content"] for each in map(_read, without_answers(thread("sut")))] == [
        "0",
        "1",
        "2",
    ]


def _read(message: MessageRecord) -> dict[str, str]:
    value: dict[str, str] = orjson.loads(message.body)
    return value

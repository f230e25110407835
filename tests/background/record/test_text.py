"""Arguments and results as the platform keeps them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from xpander_client.background import TaskCtl
from xpander_client.background.record.text import Start, ending_text, read_start, start_text

texts = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@given(
    texts,
    st.lists(json_values),
    st.dictionaries(texts, json_values),
)
def test_a_start_that_is_json_is_read_as_it_was(
    task_id: str, args: list[Any], kwargs: dict[str, Any]
) -> None:
    start = Start(task_id, tuple(args), kwargs)
    text, is_whole = start_text(start)
    assert is_whole
    assert read_start(text) == start


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


circle: list[Any] = []
circle.append(circle)


@pytest.mark.parametrize(
    "value",
    [{1, 2}, (1, 2), b"x", float("nan"), {1: "x"}, object(), Broken(), circle, [(1,)]],
)
def test_what_is_no_json_is_shown_and_said_to_be_none(value: Any) -> None:
    text, is_whole = start_text(Start("T-1", (value,)))
    assert not is_whole
    assert json.loads(text)["task_id"] == "T-1"
    text.encode()
    assert json.loads(ending_text(TaskCtl.success("done", value)) or "")["message"] == "done"


def test_half_a_character_can_be_sent() -> None:
    start = Start("T-1", ("\ud800",))
    text, is_whole = start_text(start)
    assert is_whole
    assert text.isascii()
    assert read_start(text) == start


def test_what_has_no_end_is_cut() -> None:
    text, _ = start_text(Start("T-1", (b"x" * 100_000,)))
    assert len(text) < 2000


@pytest.mark.parametrize(
    "text", ["", "hello", "[]", "{}", '{"task_id": 1}', '{"task_id": "x", "args": {}}']
)
def test_other_texts_are_no_start(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|does not say"):
        read_start(text)


def test_a_result_is_the_message_with_the_data_or_the_cause() -> None:
    assert ending_text(TaskCtl.success("", None)) is None
    assert ending_text(TaskCtl.cancel("stopped")) == "stopped"
    assert json.loads(ending_text(TaskCtl.success("", 0)) or "") == {"message": "", "data": 0}
    assert ending_text(TaskCtl.fail("boom", ValueError("boom"))) == "boom"
    assert ending_text(TaskCtl.fail("", "why")) == "why"

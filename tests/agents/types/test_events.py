"""Events: what they hold, and that they can be kept and read again."""

from __future__ import annotations

import datetime
import json
import math
import threading
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from xpander_client.agents.types.event_json import Shown, from_json, to_json
from xpander_client.agents.types.events import (
    ActionEvent,
    BaseEvent,
    CancelledEvent,
    ClarifyEvent,
    ErrorEvent,
    FailEvent,
    OutputEvent,
    SuccessEvent,
    SummaryEvent,
    SystemNoteEvent,
    TaskStartEvent,
)
from xpander_client.agents.types.messages import Image

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC)
ALL: list[BaseEvent] = [
    TaskStartEvent(task_name="solve", inputs={"x": 1, "size": (2, 3)}, message="Task: …"),
    ActionEvent(title="look", thinking="Hm.", code="print(1)", source="setup"),
    OutputEvent(parts=["a", 1, Image("image/png", b"\x89PNG")]),
    SuccessEvent(result={"mean": 2.5}, commit_hash="c1"),
    FailEvent(message="no"),
    ClarifyEvent(message="which?"),
    CancelledEvent(task_name="solve", iterations_completed=3),
    ErrorEvent(error="overloaded", recoverable=False),
    SummaryEvent(summary="much", summarized_event_count=9, low_detail_threshold=NOW),
    SystemNoteEvent(message="wrap up"),
]


def test_all_classes_are_tried_below() -> None:
    assert {type(event) for event in ALL} == set(BaseEvent.__subclasses__())


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.type)
def test_an_event_comes_back_from_bytes_as_it_was(event: BaseEvent) -> None:
    event = attrs.evolve(event, agent_name="a", full_namespace="parent/a", timestamp=NOW)
    assert BaseEvent.from_json(event.to_json()) == event
    assert type(event).from_dict(json.loads(json.dumps(event.to_dict()))) == event
    assert event.to_dict()["type"] == type(event).__name__


def test_an_event_has_the_time_and_can_not_be_changed() -> None:
    before = datetime.datetime.now(datetime.UTC)
    event = FailEvent(message="no")
    assert before <= event.timestamp <= datetime.datetime.now(datetime.UTC)
    assert (event.agent_name, event.full_namespace, event.source) == ("", "", "main")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.message = "yes"  # type: ignore[misc]  # that is what is tested


def test_any_object_can_be_in_an_event() -> None:
    lock, generator = threading.Lock(), (x for x in "ab")
    event = TaskStartEvent(task_name="t", inputs={"lock": lock, "all": [generator, object]})
    assert event.inputs["lock"] is lock
    again = TaskStartEvent.from_json(event.to_json())
    assert again.inputs["lock"] == Shown("_thread.lock", repr(lock))
    assert repr(again.inputs["all"][1]) == "<class 'object'>"
    assert TaskStartEvent.from_json(again.to_json()) == again


def test_fields_of_later_versions_are_left_out() -> None:
    written = FailEvent(message="no", timestamp=NOW).to_dict()
    assert BaseEvent.from_dict({**written, "new": 1}) == FailEvent(message="no", timestamp=NOW)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type": "NoEvent"}',
        b'{"type": "ActionEvent"}',
        b'{"type": "FailEvent", "timestamp": 7}',
        b'{"type": "CancelledEvent", "timestamp": "2026-01-01T00:00:00+00:00"}',
    ],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no|JSON"):
        BaseEvent.from_json(data)


def test_an_event_of_another_class_is_refused() -> None:
    with pytest.raises(ValueError, match="'FailEvent' is no ActionEvent"):
        ActionEvent.from_json(FailEvent().to_json())


def test_the_size_for_a_model_is_estimated_without_reading_anything() -> None:
    assert ActionEvent(code="x" * 400).full_detail_tokens == 100
    assert ActionEvent(code="x" * 40_000).low_detail_tokens == 1024
    assert OutputEvent(parts=[Image("image/png", b"")]).full_detail_tokens == 1000
    assert SuccessEvent().full_detail_tokens == 1


# Values

keys = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.binary(),
    st.dates(),
    st.tuples(st.integers(), st.text()),
    st.frozensets(st.integers()),
)
values = st.recursive(
    st.one_of(
        keys,
        st.floats(allow_nan=False),
        st.complex_numbers(allow_nan=False),
        st.decimals(allow_nan=False),
        st.datetimes(timezones=st.just(datetime.UTC)),
        st.times(),
        st.timedeltas(),
        st.sets(st.integers()),
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(keys, inner),
        st.dictionaries(st.sampled_from(["$", "a"]), inner),
        st.lists(inner).map(tuple),
    ),
    max_leaves=20,
)


def exact(value: Any) -> Any:
    """What tells apart what == does not: 1 from True, -0.0 from 0.0."""
    if isinstance(value, dict):
        return {(type(key), key): exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [exact(item) for item in value]
    return type(value), value


@given(values)
def test_plain_data_comes_back_from_json_as_it_was(value: Any) -> None:
    assert exact(from_json(json.loads(json.dumps(to_json(value))))) == exact(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 2**64, -(10**300), Decimal("1.10"), ...])
def test_json_has_no_form_for_these_numbers_but_they_come_back(value: Any) -> None:
    assert from_json(to_json(value)) == value
    assert math.isnan(from_json(to_json(math.nan)))
    event = SuccessEvent(result=value)
    assert SuccessEvent.from_json(event.to_json()).result == value


def test_data_without_special_things_stays_readable() -> None:
    data = {"a": [1, 2.5, None, True, {"b": "text"}]}
    assert to_json(data) == data


def test_what_holds_itself_is_written_to_a_certain_depth() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "builtins.list" in json.dumps(to_json(loop))
    assert SuccessEvent(result=loop).to_json()


def test_an_object_whose_repr_fails_or_is_long_is_written_all_the_same() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise ValueError("no")

    class Long:
        def __repr__(self) -> str:
            return "x" * 10_000

    assert from_json(to_json(Bad())).text == "<Bad whose repr fails: ValueError>"
    assert from_json(to_json(Long())).text.endswith("… (10000 characters)")
    (key,) = from_json(to_json({Bad(): 1}))
    assert key == Shown(f"{__name__}.{Bad.__qualname__}", repr(key))


def test_a_subclass_of_plain_data_is_not_taken_for_it() -> None:
    class Name(str):
        __slots__ = ()

    assert from_json(to_json(Name("x"))) == Shown(f"{__name__}.{Name.__qualname__}", "'x'")

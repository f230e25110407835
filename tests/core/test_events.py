"""Kinds of events: what an event says, and what its data is, decides which it is of."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Any

import pytest

from xpander_client import (
    ChunkEvent,
    EventGap,
    GapEvent,
    Task,
    TaskFinishedEvent,
    TaskUpdateEvent,
    TaskUpdateEventType,
    ToolCallRequest,
    ToolCallRequestEvent,
)
from xpander_client.api.resources import event_kinds, streams
from xpander_client.core.events import EventKind
from xpander_client.core.sse import ServerSentEvent

CALL = ToolCallRequest(request_id="r1", operation_id="search", payload={})
GAP = EventGap(missing_from=1, earliest=5, latest=9)


def _event(type_: str, data: object) -> TaskUpdateEvent:
    return TaskUpdateEvent(
        type=TaskUpdateEventType(type_),
        task_id="task-1",
        organization_id="org",
        time=datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC),
        data=data,
    )


def _kind(event: object) -> str:
    match event:
        case ChunkEvent(data=text):
            return f"text {text}"
        case ToolCallRequestEvent(data=call):
            return f"call of {call.operation_id}"
        case GapEvent(data=gap):
            return f"gap until {gap.earliest}"
        case TaskFinishedEvent(data=task):
            return f"end of {task.id}"
        case TaskUpdateEvent():
            return "event"
        case _:
            return "nothing"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (_event("chunk", "hello"), "text hello"),
        (_event("tool_call_request", CALL), "call of search"),
        (_event("gap", GAP), "gap until 5"),
        (_event("chunk", {"not": "text"}), "event"),
        (_event("task_finished", "no task"), "event"),
        (_event("think", "hello"), "event"),
        (_event("something_new", "hello"), "event"),
        ("chunk", "nothing"),
        (None, "nothing"),
    ],
)
def test_an_event_is_of_a_kind_by_its_type_and_its_data(event: object, kind: str) -> None:
    assert _kind(event) == kind


def test_an_event_from_a_stream_is_of_the_kind_that_one_made_here_is_of() -> None:
    made = _event("tool_call_request", CALL)
    frame = ServerSentEvent("message", made.to_json(), "")
    read = streams.task_update_event("task-1")(frame)
    assert read == made
    assert type(read) is type(made) is TaskUpdateEvent
    assert isinstance(read, ToolCallRequestEvent)


@pytest.mark.parametrize("remade", [copy.deepcopy, lambda event: pickle.loads(pickle.dumps(event))])
def test_a_copy_is_of_the_same_kind(remade: Any) -> None:
    assert isinstance(remade(_event("chunk", "hello")), ChunkEvent)


def test_a_kind_makes_no_event_and_says_what_does() -> None:
    make: Any = ChunkEvent
    with pytest.raises(TypeError, match="make a TaskUpdateEvent, which is one when its type is"):
        make(type="chunk", data="hello")


def test_each_type_whose_data_is_known_has_a_kind() -> None:
    known = {**streams.TASK_UPDATE_EVENT_DATA, **streams.WORKER_EVENT_DATA}
    kinds = [each for each in vars(event_kinds).values() if type(each) is EventKind]
    assert {kind.__promise__[1]: kind.__promise__[3] for kind in kinds} == known
    assert known["task_finished"] is Task

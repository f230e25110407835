"""Objects that were loaded: what they remember, and what of it survives being copied."""

import copy
import datetime
import json
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from xpander_client import (
    AgentExecutionInput,
    AgentExecutionStatus,
    SourceNodeType,
    Task,
    Tasks,
    User,
)
from xpander_client.api.resources import streams
from xpander_client.configuration import Configuration
from xpander_client.core.serialization import loads, unstructure
from xpander_client.core.sse import ServerSentEvent
from xpander_client.transport import TrackedObject, Transport
from xpander_client.transport.tracked_object import fence

CONFIGURATION = Configuration("key", "http://platform.test", "org")


@attrs.define(kw_only=True)
class Thing(TrackedObject):
    id: str
    title: str | None = None
    tags: list[str] | None = None
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)


def loaded(**fields: Any) -> Thing:
    thing = Thing(id="1", title="a", tags=["x"], **fields)
    wire = b'{"id": "1", "title": "a", "tags": ["x"], "new": {"deep": 1}}'
    thing.additional_properties = {"new": {"deep": 1}}
    return thing._bind(Transport.of(CONFIGURATION), wire)


def test_nothing_has_changed_in_what_was_just_loaded() -> None:
    assert loaded()._changes() == {}


def test_changes_are_those_made_since_also_within_a_field() -> None:
    thing = loaded()
    assert thing.tags is not None
    thing.tags.append("y")
    thing.additional_properties["new"]["deep"] = 2
    thing.title = None
    assert thing._changes() == {"tags": ["x", "y"], "new": {"deep": 2}, "title": None}


def test_of_what_was_made_by_hand_everything_is_a_change() -> None:
    assert Thing(id="1", title="a")._changes() == {"id": "1", "title": "a"}


def test_what_is_answered_is_adopted_but_for_what_was_not_sent() -> None:
    thing, answered = loaded(), loaded()
    thing.title, thing.tags = "unsent", ["sent"]
    thing.additional_properties["mine"] = 1
    answered.tags = ["sent", "cleaned"]
    answered.additional_properties["theirs"] = 2
    thing._adopt(answered, {"tags"})
    assert (thing.title, thing.tags) == ("unsent", ["sent", "cleaned"])
    assert thing.additional_properties == {"new": {"deep": 1}, "mine": 1, "theirs": 2}


def test_a_reload_drops_all_edits() -> None:
    thing = loaded()
    thing.title = "unsent"
    thing._adopt(loaded(), None)
    assert (thing.title, thing._changes()) == ("a", {})


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_copy_is_bound_as_its_original_is(copied: Any) -> None:
    thing = fence(loaded(), Transport.of(CONFIGURATION), b"{}", {"attempt": 3})
    thing.title = "edited"
    other: Thing = copied(thing)
    assert other == thing
    assert other.configuration == CONFIGURATION
    assert other._changes() == {"title": "edited"}
    assert other._add_fencing({"title": "edited"}) == {"title": "edited", "attempt": 3}


def test_a_deep_copy_shares_nothing_that_changes() -> None:
    thing = loaded()
    other = copy.deepcopy(thing)
    assert other.tags is not None
    other.tags.append("y")
    assert thing._changes() == {}


def test_what_was_made_by_hand_uses_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPANDER_BASE_URL", "http://environment.test")
    thing = pickle.loads(pickle.dumps(Thing(id="1")))
    assert thing.configuration.base_url == "http://environment.test"
    thing.configuration = CONFIGURATION
    assert thing.configuration == CONFIGURATION


def test_what_was_kept_as_json_saves_only_what_changed_since() -> None:
    for thing in (
        Thing.from_json(loaded().to_json(), CONFIGURATION),
        Thing.from_dict(loaded().to_dict(), CONFIGURATION),
    ):
        assert thing.configuration is CONFIGURATION
        assert thing._changes() == {}
        thing.title = "b"
        assert thing._changes() == {"title": "b"}


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_copy_of_a_resource_calls_as_its_original_does(copied: Any) -> None:
    tasks = Tasks(CONFIGURATION).options(timeout=3, headers={"x-team": "north"})
    other = copied(tasks)
    assert other.configuration == CONFIGURATION
    assert other._transport == tasks._transport
    here, there = tasks._transport.pool, other._transport.pool
    assert there.connections("calls") is here.connections("calls")


TASK: dict[str, Any] = {
    "id": "t",
    "agent_id": "a",
    "organization_id": "o",
    "status": "executing",
    "source": "sdk",
    "input": {"text": "x", "user": {"id": "u", "email": "e"}, "files": ["a"]},
    "created_at": "2026-01-01T00:00:00Z",
    "tool_call_limit": 1,
    "is_app": True,
    "payload_extension": {"one": 1, "list": [0.0, {"deep": None}]},
    "mcp_servers": [{"name": "m"}],
    "new": {"kept": [1]},
}
MIDNIGHT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
TOKYO = datetime.timezone(datetime.timedelta(hours=9))


def _task() -> Task:
    wire = json.dumps(TASK).encode()
    return loads(wire, Task)._bind(Transport.of(CONFIGURATION), wire)


@pytest.mark.parametrize(
    ("name", "value", "is_change"),
    [
        ("status", "executing", False),
        ("status", AgentExecutionStatus.Executing, False),
        ("status", "completed", True),
        ("source", SourceNodeType("sdk"), False),
        ("created_at", MIDNIGHT.astimezone(TOKYO), False),
        ("created_at", MIDNIGHT.replace(tzinfo=TOKYO), True),
        ("created_at", MIDNIGHT.astimezone().replace(tzinfo=None), False),
        ("tool_call_limit", True, True),
        ("tool_call_limit", 1.0, True),
        ("is_app", 1, True),
        ("payload_extension", {"list": [0.0, {"deep": None}], "one": 1}, False),
        ("payload_extension", {"one": True, "list": [0.0, {"deep": None}]}, True),
        ("payload_extension", {"one": 1.0, "list": [0.0, {"deep": None}]}, True),
        ("payload_extension", {"one": 1, "list": [-0.0, {"deep": None}]}, True),
        ("payload_extension", {"one": 1, "list": [0.0, {}]}, True),
        ("input", TASK["input"], False),
        ("input", AgentExecutionInput(text="x", user=User(id="u", email="e"), files=["a"]), False),
        ("input", AgentExecutionInput(text="x", user=User(id="v", email="e"), files=["a"]), True),
        ("mcp_servers", [{"name": "m"}], False),
        ("mcp_servers", None, True),
        ("title", None, False),
        ("additional_properties", {"new": {"kept": [1]}}, False),
    ],
)
def test_a_change_is_what_goes_to_the_wire_differently(
    name: str, value: Any, is_change: bool
) -> None:
    task = _task()
    setattr(task, name, value)
    assert list(task._changes()) == [name] * is_change


def test_what_was_changed_inside_of_a_value_is_a_change() -> None:
    task = _task()
    assert task._changes() == {}
    assert task.input.user is not None
    assert task.payload_extension is not None
    task.input.user.id = "v"
    task.payload_extension["list"][1]["deep"] = 1
    task.additional_properties["new"]["kept"].append(2)
    assert task._changes() == {
        "input": {"text": "x", "user": {"id": "v", "email": "e"}, "files": ["a"]},
        "payload_extension": {"one": 1, "list": [0.0, {"deep": 1}]},
        "new": {"kept": [1, 2]},
    }


def test_an_extra_that_has_the_name_of_a_field_counts_where_the_field_is_none() -> None:
    task = _task()
    task.additional_properties["status"] = "stopped"
    task.additional_properties["title"] = "a"
    assert task._changes() == {"title": "a"}


def test_the_task_in_an_event_knows_what_it_was_loaded_from() -> None:
    event = {"type": "task_updated", "task_id": "t", "organization_id": "o", "data": TASK}
    frame = ServerSentEvent("message", json.dumps({**event, "time": TASK["created_at"]}), "1")
    decode = Transport.of(CONFIGURATION)._binding(streams.task_update_event("t"))
    task = decode(frame).data
    assert task.configuration is CONFIGURATION
    task.payload_extension["one"] = 2
    for each in (task, copy.copy(task), pickle.loads(pickle.dumps(task))):
        assert each._changes() == {"payload_extension": {**TASK["payload_extension"], "one": 2}}
    frame = ServerSentEvent("agent-execution", json.dumps(TASK), "")
    worker_event: Any = Transport.of(CONFIGURATION)._binding(streams.worker_event("a"))(frame)
    worker_event.data.title = "a"
    assert worker_event.data._changes() == {"title": "a"}


def _write_exactly(value: Any) -> Any:
    """Return what tells apart whatever goes to the wire differently, but for moments' offsets."""
    if isinstance(value, dict):
        return {name: _write_exactly(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_write_exactly(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    return str(value) if isinstance(value, str) else repr(value)


_anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.sampled_from([0, 1, 1.0, True, -0.0, "executing", "x", ("x",)]) | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["one", "kept", "text"]), inner, max_size=2)
    ),
    max_leaves=4,
)
_names = sorted({field.name for field in attrs.fields(Task)} - {"id", "additional_properties"})


@given(
    changed=st.dictionaries(st.sampled_from(_names), _anything, max_size=4),
    extra=st.dictionaries(st.sampled_from(["new", "newer", "title"]), _anything, max_size=3),
)
def test_changes_are_the_fields_that_are_written_differently(
    changed: dict[str, Any], extra: dict[str, Any]
) -> None:
    task, before = _task(), unstructure(_task())
    for name, value in changed.items():
        setattr(task, name, value)
    task.additional_properties.update(extra)
    now = unstructure(task)
    expected = {
        name: now.get(name)
        for name in {**before, **now}
        if _write_exactly(before.get(name)) != _write_exactly(now.get(name))
    }
    assert task._changes() == expected

"""Objects that were loaded: what they remember, and what of it survives being copied."""

import copy
import pickle
from typing import Any

import attrs
import pytest

from xpander_client import Tasks
from xpander_client.configuration import Configuration
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

"""Data of the wire as plain values, as JSON, and as the field of other people's models."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
from typing import Any

import attrs
import pydantic
import pytest

from xpander_client import (
    AgentExecutionInput,
    AgentExecutionStatus,
    ArgumentError,
    Configuration,
    Task,
    TaskUpdateEvent,
    TaskUpdateEventType,
    User,
)
from xpander_client.api import models, resources
from xpander_client.core.model import Model

DATA: dict[str, Any] = {
    "id": "t1",
    "agent_id": "a1",
    "organization_id": "o1",
    "input": {
        "text": "count",
        "files": ["https://files.test/a.csv"],
        "user": {"email": "ada@example.com", "id": "u1"},
    },
    "created_at": "2026-11-30T10:00:00+00:00",
    "status": "pending",
    "tokens": {"worker": {"completion_tokens": 1, "prompt_tokens": 2}},
    "a_field_of_tomorrow": [1, {"two": 2}],
}
KNOWN = {name: value for name, value in DATA.items() if name != "a_field_of_tomorrow"}


def test_every_model_and_every_loaded_thing_has_a_json_form() -> None:
    data: list[Any] = [
        thing
        for package in (models, resources)
        for thing in (getattr(package, name) for name in package.__all__)
        if attrs.has(thing)
    ]
    assert len(data) > 50
    assert [thing for thing in data if not issubclass(thing, Model)] == []
    for thing in data:
        adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(thing)
        assert adapter.json_schema() == {"type": "object", "title": thing.__name__}


def test_an_object_becomes_plain_values_and_json_and_comes_back() -> None:
    task = Task.from_dict(DATA)
    plain = task.to_dict()
    assert plain["input"] == DATA["input"]
    assert plain["created_at"] == DATA["created_at"]
    assert plain["a_field_of_tomorrow"] == DATA["a_field_of_tomorrow"]
    assert json.loads(task.to_json()) == dict(task) == plain
    for again in (Task.from_dict(plain), Task.from_json(task.to_json())):
        assert again == task
        assert again.created_at == datetime.datetime(2026, 11, 30, 10, tzinfo=datetime.UTC)
        assert again.status is AgentExecutionStatus.Pending


def test_what_is_no_such_object_is_refused_with_its_place() -> None:
    wrong = {**DATA, "input": {"files": [1]}}
    place = r"input\.files\[0\]: expected a string, got"
    with pytest.raises(ArgumentError, match=place):
        Task.from_dict(wrong)
    with pytest.raises(ArgumentError, match=place):
        Task.from_json(json.dumps(wrong))
    with pytest.raises(ArgumentError, match="expected JSON"):
        Task.from_json("{")
    with pytest.raises(ArgumentError, match="expected an object, got a list"):
        User.from_json("[]")


def test_a_constructor_makes_of_plain_values_what_its_fields_declare() -> None:
    task = Task(**KNOWN)
    assert task == Task.from_dict(KNOWN)
    assert isinstance(task.input, AgentExecutionInput)
    assert isinstance(task.input.user, User)
    assert task.status is AgentExecutionStatus.Pending
    assert task.created_at.year == 2026


def test_a_constructor_keeps_the_objects_that_it_is_given() -> None:
    given = AgentExecutionInput(text="count", user=User(email="ada@example.com", id="u1"))
    moment = datetime.datetime(2026, 11, 30, 10)
    task = Task(id="t", agent_id="a", organization_id="o", input=given, created_at=moment)
    assert task.input is given
    assert task.created_at is moment
    # Python means local time by a date without a zone.
    assert Task.from_json(task.to_json()).created_at == moment.astimezone()


def test_an_event_holds_any_data() -> None:
    data = object()
    event = TaskUpdateEvent(
        type=TaskUpdateEventType.Chunk,
        task_id="t",
        organization_id="o",
        time=datetime.datetime.now(datetime.UTC),
        data=data,
    )
    assert event.data is data


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("id", 5, "Task.id: expected a string, got the number 5"),
        ("input", "count", "Task.input: expected an object, got the string 'count'"),
        ("input", {"text": 5}, "Task.input.text: expected a string, got the number 5"),
        ("created_at", "soon", "Task.created_at: expected a date and time (ISO 8601), got"),
        ("status", 5, "Task.status: expected a string, got the number 5"),
        ("sub_executions", ["a", 1], "Task.sub_executions[1]: expected a string"),
    ],
)
def test_a_constructor_refuses_what_a_field_can_not_hold(field: str, value: Any, said: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        Task(**{**KNOWN, field: value})
    assert said in str(raised.value)


class Job(pydantic.BaseModel):
    task: Task
    asked_by: list[User] = []


def test_a_pydantic_model_has_fields_of_these_types() -> None:
    task = Task.from_dict(DATA)
    assert Job(task=task).task is task
    job = Job.model_validate({"task": DATA, "asked_by": [{"email": "ada@example.com"}]})
    assert job.task == task
    assert job.asked_by[0].email == "ada@example.com"
    assert json.loads(job.model_dump_json())["task"] == task.to_dict()
    assert Job.model_validate_json(job.model_dump_json()) == job
    assert Job.model_json_schema()["properties"]["task"] == {"type": "object", "title": "Task"}


@pytest.mark.parametrize("wrong", [5, "t1", {"id": 5}, [DATA]])
def test_pydantic_tells_where_a_field_is_wrong(wrong: object) -> None:
    with pytest.raises(pydantic.ValidationError, match=r"\$(\.id)?: expected"):
        Job.model_validate({"task": wrong})


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_copy_keeps_what_a_handler_set(copied: Any) -> None:
    task: Any = Task.from_dict(DATA)
    task.result = {"north": 120}
    other = copied(task)
    assert type(other) is Task
    assert other == task
    assert copied(task).result == {"north": 120}


def test_objects_are_equal_if_their_class_and_all_their_fields_are() -> None:
    ada, same = User(id="u1", email="ada@example.com"), User(id="u1", email="ada@example.com")
    assert ada == same
    same.additional_properties["team"] = "a"
    assert ada != same
    assert ada != {"id": "u1", "email": "ada@example.com"}

    class Person(User):
        pass

    assert Person(id="u1", email="ada@example.com") != ada
    with pytest.raises(TypeError, match="unhashable"):
        hash(ada)


def test_what_an_object_was_loaded_with_makes_no_difference() -> None:
    task, same = Task.from_dict(KNOWN), Task.from_dict(KNOWN)
    same.configuration = Configuration(api_key="k")
    assert task == same


def test_the_text_of_an_object_has_its_fields_but_no_secrets() -> None:
    task = Task.from_dict({**KNOWN, "user_oidc_token": "secret", "title": "Count"})
    text = repr(task)
    assert text.startswith("Task(id='t1', agent_id='a1', organization_id='o1', input=")
    assert "title='Count'" in text
    assert "secret" not in text
    assert "additional_properties" not in text


def test_the_text_of_an_object_that_is_part_of_itself_ends() -> None:
    event = TaskUpdateEvent(
        type=TaskUpdateEventType.Chunk,
        task_id="t1",
        organization_id="o1",
        time=datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC),
        data="a",
    )
    event.data = [event]
    assert "data=[...]" in repr(event)

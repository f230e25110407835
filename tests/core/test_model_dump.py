"""What pydantic's models can do, on ours: the same results, of fields that both have."""

from __future__ import annotations

import datetime
from enum import Enum
from typing import Any

import attrs
import pydantic
import pytest

from xpander_client import AgentExecutionInput, ArgumentError, Task, TaskUpdateEvent, Tokens, User
from xpander_client.api import models, resources
from xpander_client.core.plain_values import PlainValues
from xpander_client.legacy import LLMTokens, ToolCallResult

UTC = datetime.datetime(2026, 11, 30, 10, 0, 0, 120000, tzinfo=datetime.UTC)
LOCAL = datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


class Colour(Enum):
    Red = "red"


class TheirItem(pydantic.BaseModel):
    name: str
    due: datetime.datetime | None = None
    tags: list[str] = []


class TheirOrder(pydantic.BaseModel):
    id: int = 0
    colour: Colour | None = None
    items: list[TheirItem] = []
    data: Any = None
    pair: tuple[int, ...] = ()


@attrs.define(kw_only=True)
class OurItem(PlainValues):
    name: str
    due: datetime.datetime | None = None
    tags: list[str] = attrs.field(factory=list)


@attrs.define(kw_only=True)
class OurOrder(PlainValues):
    id: int = 0
    colour: Colour | None = None
    items: list[OurItem] = attrs.field(factory=list)
    data: Any = None
    pair: tuple[int, ...] = ()


def make_order(order: Any, item: Any) -> Any:
    data = {"a": [1, {"b": None}], "when": UTC, "é": 1.5, "nan": float("nan"), 3: b"x"}
    return order(
        colour=Colour.Red,
        items=[item(name="x", due=UTC), item(name="y", due=LOCAL, tags=["t"])],
        data=data,
        pair=(1, 2),
    )


OPTIONS: list[dict[str, Any]] = [
    {},
    {"exclude_none": True},
    {"exclude_defaults": True},
    {"exclude_unset": True},
    {"by_alias": True, "warnings": False},
    {"include": {"id", "items"}},
    {"include": {"items": {0: {"name"}, -1: True}, "pair": {0}}},
    {"include": {"items": {"__all__": {"due", "tags"}}, "colour": ...}},
    {"exclude": {"items", "data"}},
    {"exclude": {"items": {-1}, "data": {"a"}}},
    {"exclude": {"items": {"__all__": {"due": True}}, "id": False}},
    {"include": {"items", "id"}, "exclude": {"items": {0: {"name"}}}},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options) or "nothing")
def test_the_same_is_written_as_pydantic_writes(options: dict[str, Any]) -> None:
    ours, theirs = make_order(OurOrder, OurItem), make_order(TheirOrder, TheirItem)
    for mode in ("python", "json"):
        expected = theirs.model_dump(mode=mode, **options)
        assert repr(ours.model_dump(mode=mode, **options)) == repr(expected)  # nan != nan
    assert repr(ours.dict(**options)) == repr(ours.model_dump(**options))
    for indent in (None, 2):
        expected_text = theirs.model_dump_json(indent=indent, **options)
        assert ours.model_dump_json(indent=indent, **options) == expected_text
        assert ours.json(indent=indent, **options) == expected_text


def test_what_is_not_to_be_read_is_told_all_the_same() -> None:
    event = AgentExecutionInput(text="é", files=[])
    assert '"text":"é"' in event.model_dump_json()
    assert r'"text":"\u00e9"' in event.model_dump_json(ensure_ascii=True)
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ArgumentError, match="nested too deeply, or contains itself"):
        OurOrder(data=loop).model_dump()


def test_what_is_worked_out_and_what_is_new_is_written() -> None:
    tokens = Tokens.model_validate({"prompt_tokens": 1, "completion_tokens": 2, "audio_tokens": 3})
    written = tokens.model_dump()
    assert (written["total_tokens"], written["audio_tokens"]) == (3, 3)
    assert "total_tokens" not in tokens.model_dump(round_trip=True)
    assert Tokens.model_validate(written) == Tokens.model_validate_json(tokens.json()) == tokens


def test_what_is_no_such_object_is_a_value_error() -> None:
    user = User(email="ada@example.com")
    assert User.model_validate(user) is user
    for wrong in ({"email": 1}, {}, [user], None):
        with pytest.raises(ValueError, match=r"^\$"):
            User.model_validate(wrong)
    with pytest.raises(ValueError, match="expected JSON"):
        User.model_validate_json("{")


def test_a_copy_has_other_values_and_shares_the_rest_unless_it_is_deep() -> None:
    first = AgentExecutionInput(text="a", user=User(email="ada@example.com"))
    second, third = first.model_copy(update={"text": "b"}), first.model_copy(deep=True)
    assert (first.text, second.text) == ("a", "b")
    assert second.user is first.user
    assert third == first
    assert third.user is not first.user
    with pytest.raises(AttributeError, match="no_such"):
        first.model_copy(update={"no_such": 1})


def test_a_task_counts_as_loaded_and_is_copied_with_its_configuration() -> None:
    values = {
        "id": "t",
        "agent_id": "a",
        "organization_id": "o",
        "input": {"text": "x"},
        "created_at": UTC,
    }
    task = Task.model_validate(values)
    assert task.model_copy().model_dump(include={"id", "input"}) == {
        "id": "t",
        "input": {"text": "x", "files": None, "attachments": None, "user": None}
        | task.input.model_dump(),
    }
    again = Task.model_validate(task.model_dump())
    assert again.to_dict() == task.to_dict()
    event = TaskUpdateEvent.model_validate(
        {"type": "task_created", "task_id": "t", "organization_id": "o", "time": UTC, "data": task}
    )
    assert event.model_dump()["data"]["id"] == "t"


def test_no_field_has_the_name_of_a_method() -> None:
    names = {name for name in vars(PlainValues) if not name.startswith("_")}
    for package in (models, resources):
        for thing in (getattr(package, name) for name in package.__all__):
            if attrs.has(thing):
                assert names.isdisjoint(field.name for field in attrs.fields(thing))


def test_data_of_the_scripts_loop_has_them_too() -> None:
    assert LLMTokens(1, 2, 3).model_dump_json() == (
        '{"completion_tokens":1,"prompt_tokens":2,"total_tokens":3}'
    )
    result = ToolCallResult("get", "call_1", {"a": 1})
    assert ToolCallResult.model_validate(result.model_dump()) == result

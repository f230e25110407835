"""Results by their annotations: what data fits, and what is refused when the task is written."""

from __future__ import annotations

import typing
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Annotated, Any, NotRequired

import attrs
import pytest

from xpander_client.agents import Agent, scripted
from xpander_client.agents.contract.shapes import find_unreachable, shape_annotation
from xpander_client.agents.contract.validation import Check, Misfit
from xpander_client.errors import ArgumentError


@attrs.define
class Line:
    item: str
    count: int = 1


@attrs.frozen
class Order:
    lines: list[Line]
    _note: str | None = None
    total: int = attrs.field(init=False, default=0)


class Town(typing.TypedDict):
    name: str
    order: NotRequired[Line]


class Plain:
    """Nothing is known of it."""


def task_of(agent: Agent, returns: Any, **parameters: Any) -> Any:
    def work(v: Any = None) -> Any:
        """Do it."""

    work.__annotations__ = {"v": Any, **parameters, "return": returns}
    return agent.task(work)


def agent_that_runs(code: str) -> Agent:
    return Agent(name="a", llm=scripted([code]))


class TestDataForTypes:
    def test_an_attrs_class_is_made_of_a_dict_wherever_it_stands(self) -> None:
        check = Check.of(dict[str, list[Order] | None])
        value = {"a": [{"lines": [{"item": "tea"}, Line("jam", 2)], "note": "x"}], "b": None}
        assert check(value) == {"a": [Order([Line("tea"), Line("jam", 2)], "x")], "b": None}
        order = Order([])
        assert check({"a": [order]})["a"][0] is order

    @pytest.mark.parametrize(
        "wrong",
        [{"item": 1}, {}, {"item": "tea", "more": 1}, {"item": "tea", "count": "2"}, ["tea"]],
    )
    def test_a_dict_that_is_not_one_of_its_objects_is_told_why(self, wrong: Any) -> None:
        with pytest.raises(Misfit, match=r"Line|item|more|count"):
            Check.of(Line)(wrong)

    def test_a_typed_dict_of_any_module_is_a_dict(self) -> None:
        assert Check.of(Town)({"name": "Bree"}) == {"name": "Bree"}
        assert Check.of(list[Town])([{"name": "x", "order": {"item": "tea"}}])[0]["name"] == "x"
        with pytest.raises(Misfit, match="name"):
            Check.of(Town)({"order": {"item": "tea"}})

    def test_the_schema_of_an_attrs_class_is_that_of_its_fields(self) -> None:
        schema = Check.of(Line).json_schema()
        assert schema is not None
        assert schema["required"] == ["item"]
        assert sorted(schema["properties"]) == ["count", "item"]

    def test_a_task_gives_them(self) -> None:
        agent = agent_that_runs("task_success({'lines': [{'item': 'tea'}]})")
        assert task_of(agent, Order)() == Order([Line("tea")])

    @pytest.mark.parametrize("returns", [Iterator[int], typing.Iterator[int], Iterator])
    def test_an_iterator_of_a_result_comes_as_a_list(self, returns: Any) -> None:
        assert task_of(agent_that_runs("task_success([1, 2])"), returns)() == [1, 2]

    def test_an_argument_that_is_an_iterator_stays_one(self) -> None:
        iterator = iter([1])
        assert Check.of(Iterator[int])(iterator) is iterator

    def test_annotations_without_such_parts_stay_as_they_are(self) -> None:
        for one in (int, list[int], Annotated[list[int], "x"], int | None, Callable[[int], str]):
            assert shape_annotation(one) is one


class TestRefusals:
    @pytest.mark.parametrize(
        ("returns", "part"),
        [
            (Callable, "Callable"),
            (Callable[[int], str], "Callable"),
            (list[Callable[..., int]], "Callable"),
            (Plain, "Plain"),
            (dict[str, list[Plain]], "Plain"),
            (Plain | Callable[[], int], "Plain"),
            (Annotated[Plain, "a"], "Plain"),
            (AsyncIterator[int], "AsyncIterator"),
        ],
    )
    def test_a_result_that_nothing_can_be_is_refused_at_the_decorator(
        self, returns: Any, part: str
    ) -> None:
        with pytest.raises(ArgumentError, match=rf"no value of type {part}"):
            task_of(Agent(name="a"), returns)

    @pytest.mark.parametrize(
        "returns",
        [
            *(int, list, None, Any, object, typing.Literal["a"], Plain | None, Sequence[int]),
            *(typing.Hashable, typing.Iterable[int], Line, Town, typing.Mapping[str, int]),
        ],
    )
    def test_what_data_can_be_is_taken(self, returns: Any) -> None:
        assert find_unreachable(returns, is_closed=True) is None

    def test_a_class_is_taken_where_something_may_give_its_objects(self) -> None:
        opened = Agent(name="a")
        opened.fn(Plain, name="make")
        task_of(opened, Plain)
        plain = Plain()
        agent = agent_that_runs("task_success(inputs.v)")
        assert task_of(agent, Plain, v=Plain)(plain) is plain

    def test_a_name_that_is_defined_later_is_left_to_the_first_call(self) -> None:
        task_of(Agent(name="a"), "list[NotThereYet]")

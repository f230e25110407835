"""What can be a task, how its calls are bound, and what its results have to be."""

from __future__ import annotations

import datetime
import enum
import inspect
import pickle
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, Self, Unpack

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from xpander_client.agents.contract.contract import (
    FUNCTION_MARK,
    TASK_MARK,
    Contract,
    read_contract,
)
from xpander_client.agents.types.errors import OutputInvalid
from xpander_client.errors import ArgumentError


class Point(BaseModel):
    x: int
    y: int = 0


@dataclass
class Size:
    width: int
    tags: list[str]


class Options(TypedDict, total=False):
    depth: int


class Pair(NamedTuple):
    left: int
    right: str


class Colour(enum.Enum):
    RED = "red"


class Handle:
    """A class that nothing knows how to validate."""


def of(function: Any, primer: str | None = None, **options: Any) -> Contract:
    return read_contract(function, primer, agent_name="analyst", **options)


def taking(annotation: Any) -> Contract:
    def task(x: Any) -> None:
        """Do it."""

    task.__annotations__["x"] = annotation
    return of(task)


def giving(annotation: Any) -> Contract:
    def task() -> None:
        """Do it."""

    task.__annotations__["return"] = annotation
    return of(task)


# What can be a task


def test_a_primer_goes_before_the_docstring_which_stays_for_people() -> None:
    def task() -> None:
        """For people."""

    assert of(task).instructions == "For people."
    both = of(task, " For the agent. ")
    assert (both.instructions, both.docstring) == ("For the agent.", "For people.")


def test_without_instructions_there_is_no_task() -> None:
    def silent() -> None:
        pass

    def blank() -> None:
        """ """

    for function in (silent, blank):
        with pytest.raises(ValueError, match="decorated with") as caught:
            of(function, "  ")
        assert str(caught.value) == (
            f"Function '{function.__name__}' decorated with @task must have either a primer "
            "argument or a non-empty docstring to provide agent instructions."
        )


def test_a_body_that_does_something_is_refused_before_anything_is_said_of_instructions() -> None:
    def working():  # type: ignore[no-untyped-def]
        return "actual code"

    with pytest.raises(ValueError, match="empty body") as caught:
        of(working)
    assert str(caught.value) == (
        "Function 'working' decorated with @task must have an empty body. "
        "The agent will provide the implementation."
    )
    assert isinstance(caught.value, ArgumentError)


def test_one_task_decorator_is_enough() -> None:
    def task() -> None:
        """Do it."""

    setattr(task, TASK_MARK, "agent2")
    with pytest.raises(ValueError, match="already") as caught:
        of(task)
    assert str(caught.value) == (
        "Function 'task' already has a task decorator (namespace: 'agent2'). "
        "Multi-agent tasks are not supported."
    )


def test_a_function_that_agents_may_call_already_is_decorated_in_the_wrong_order() -> None:
    def task() -> None:
        """Do it."""

    setattr(task, FUNCTION_MARK, ["orchestrator"])
    with pytest.raises(ValueError, match="order") as caught:
        of(task)
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "Invalid decorator order on 'task'. "
        "@agent.fn() must be applied AFTER @agent.task(), not before."
    )
    assert [line.strip() for line in lines[2:]] == [
        "@orchestrator.fn()",
        '@analyst.task("...")',
        "def task(...): pass",
    ]


@pytest.mark.parametrize("name", ["session", "on_event", "on_token"])
def test_the_names_of_the_added_parameters_are_taken(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def task({name}): 'Do it.'", namespace)
    with pytest.raises(ValueError, match=f"parameter named '{name}'"):
        of(namespace["task"])


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("on_conflict", "bogus"),
        ("on_conflict", None),
        ("on_conflict", []),
        ("max_conflict_retries", -1),
        ("max_conflict_retries", 1.5),
        ("max_conflict_retries", True),
        ("setup", b"x = 1"),
    ],
)
def test_each_argument_of_the_decorator_is_checked(option: str, value: Any) -> None:
    def task() -> None:
        """Do it."""

    with pytest.raises(ValueError, match=option) as caught:
        of(task, **{option: value})
    assert repr(value) in str(caught.value)


def test_a_primer_has_to_be_a_text() -> None:
    def task() -> None:
        """Do it."""

    primer: Any = 7
    with pytest.raises(ValueError, match="primer of task 'task' must be a text, not 7"):
        of(task, primer)


@pytest.mark.parametrize("value", [Handle, len, print, 7, lambda: None, Handle()])
def test_only_functions_without_an_effect_can_be_tasks(value: Any) -> None:
    with pytest.raises(ValueError, match="@task"):
        of(value)


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_the_kind_of_a_method_goes_above_the_task(kind: Any) -> None:
    def task() -> None:
        """Do it."""

    with pytest.raises(ValueError, match=f"put @{kind.__name__} on the line above"):
        of(kind(task))


# Arguments


def test_defaults_order_and_names_are_as_python_has_them() -> None:
    def task(a: int, b: str = "b", /, c: float = 1, *rest: int, d: int, **more: int) -> None:
        """Do it."""

    contract = of(task)
    assert contract.bind((1,), {"d": 4}).inputs == {
        "a": 1,
        "b": "b",
        "c": 1.0,
        "rest": (),
        "d": 4,
        "more": {},
    }
    bound = contract.bind((1, "x", 2.5, 3, 4), {"d": 5, "e": 6, "a": 7, "session": "s"})
    assert bound.inputs == {
        "a": 1,
        "b": "x",
        "c": 2.5,
        "rest": (3, 4),
        "d": 5,
        "more": {"e": 6, "a": 7},
    }
    assert (bound.session, bound.on_event, bound.on_token) == ("s", None, None)


def test_a_required_keyword_may_follow_a_default() -> None:
    def task(a: int = 1, *, b: int) -> None:
        """Do it."""

    assert of(task).bind((), {"b": 2}).inputs == {"a": 1, "b": 2}


def test_a_mutable_default_is_new_in_each_call() -> None:
    def task(  # type: ignore[no-untyped-def]
        items=[],  # noqa: B006  # that is what is tested
        table: dict[str, list[int]] = {"a": [1]},  # noqa: B006
    ) -> None:
        """Do it."""

    contract = of(task)
    first = contract.bind((), {}).inputs
    first["items"].append(1)
    first["table"]["a"].append(2)
    assert contract.bind((), {}).inputs == {"items": [], "table": {"a": [1]}}


def test_a_default_that_does_not_fit_is_what_its_author_wants() -> None:
    def task(x: int = None) -> None:  # type: ignore[assignment]  # noqa: RUF013
        """Do it."""

    contract = of(task)
    assert contract.bind((), {}).inputs == {"x": None}
    with pytest.raises(ValueError, match="argument 'x'"):
        contract.bind((None,), {})


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((), {}, "task() missing a required argument: 'x'"),
        ((1, 2), {}, "task() too many positional arguments"),
        ((1,), {"y": 2}, "task() got an unexpected keyword argument 'y'"),
        ((1,), {"x": 2}, "task() multiple values for argument 'x'"),
        ((1, "default"), {}, "task() too many positional arguments"),
    ],
)
def test_what_does_not_match_the_signature_is_a_type_error(
    args: tuple[Any, ...], kwargs: dict[str, Any], text: str
) -> None:
    def task(x: int) -> None:
        """Do it."""

    with pytest.raises(TypeError) as caught:
        of(task).bind(args, kwargs)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "5"),
        (int, True),
        (int, 1.0),
        (float, "1"),
        (float, True),
        (str, b"x"),
        (str, 1),
        (bytes, "x"),
        (bool, 1),
        (list[int], (1, 2)),
        (set[int], [1, 2]),
        (tuple[int, ...], [1, 2]),
        (dict[str, int], [("a", 1)]),
        (datetime.date, "2026-01-01"),
        (Decimal, "1.0"),
        (Literal["a", "b"], "c"),
        (int | None, "5"),
        (Point, {"x": "far"}),
        (Point, {"y": 1}),
        (list[Point], [{"x": 1}, {"y": 2}]),
        (Size, {"width": "1", "tags": []}),
        (Size, {"width": 1}),
        (Handle, object()),
        (list[Handle], [Handle(), 1]),
        (Callable[[], int], 7),
        (Colour, "blue"),
        (uuid.UUID, "no uuid"),
        (None, 0),
        (Iterable[int], [1, "2"]),
        (Iterable[int], "12"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(annotation: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="Validation failed") as caught:
        taking(annotation).bind((value,), {})
    assert str(caught.value).startswith("Validation failed for argument 'x':\n1 validation error")
    assert "https://" not in str(caught.value)
    assert type(caught.value.__cause__).__name__ == "ValidationError"


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (float, 3, 3.0),
        (list[float], [1, 2.5], [1.0, 2.5]),
        (complex, 1j, 1j),
        (int | str, "5", "5"),
        (dict[int, set[str]], {1: {"a"}}, {1: {"a"}}),
        (tuple[int, str], (1, "a"), (1, "a")),
        (datetime.date, datetime.date(2026, 1, 1), datetime.date(2026, 1, 1)),
        (Point, {"x": 1}, Point(x=1)),
        (Point, {"x": "1"}, Point(x=1)),  # a model has rules of its own
        (dict[str, list[Point]], {"a": [{"x": 1}]}, {"a": [Point(x=1)]}),
        (Size, {"width": 1, "tags": ["a"]}, Size(1, ["a"])),
        (list[Size], [Size(1, []), {"width": 2, "tags": []}], [Size(1, []), Size(2, [])]),
        (Options, {"depth": 1}, {"depth": 1}),
        (Pair, {"left": 1, "right": "a"}, Pair(1, "a")),
        (Colour, "red", Colour.RED),
        (Colour, Colour.RED, Colour.RED),
        (Path, "/tmp", Path("/tmp")),
        (Path, PurePosixPath("a"), Path("a")),
        (
            dict[Path, list[Path]],
            {PurePosixPath("a"): [PurePosixPath("b")]},
            {Path("a"): [Path("b")]},
        ),
        (
            uuid.UUID,
            "12345678-1234-5678-1234-567812345678",
            uuid.UUID("12345678-1234-5678-1234-567812345678"),
        ),
        (Iterable[int], (1, 2), [1, 2]),
        (Any, object, object),
        (None, None, None),
    ],
)
def test_what_fits_comes_as_the_annotation_has_it(
    annotation: Any, value: Any, expected: Any
) -> None:
    for got in (
        taking(annotation).bind((value,), {}).inputs["x"],
        giving(annotation).validate_result(value) if annotation is not None else None,
    ):
        assert got == expected
        assert type(got) is type(expected)


def test_an_object_of_a_class_without_rules_is_handed_on_as_itself() -> None:
    handle = Handle()
    assert taking(list[Handle]).bind(([handle],), {}).inputs["x"][0] is handle
    assert giving(Handle).validate_result(handle) is handle


@pytest.mark.parametrize("at", [0, 10, 500, 989, 999])
@pytest.mark.parametrize("result", [False, True])
def test_every_element_is_looked_at(at: int, result: bool) -> None:
    values: list[Any] = list(range(1000))
    values[at] = "wrong"
    if result:
        with pytest.raises(OutputInvalid, match=rf"Details: (.|\n)*\n{at}\n"):
            giving(list[int]).validate_result(values)
    else:
        with pytest.raises(ValueError, match=rf"\n{at}\n"):
            taking(list[int]).bind((values,), {})


def test_the_callers_list_is_not_the_one_that_the_task_gets() -> None:
    mine = [1, 2]
    given = taking(list[int]).bind((mine,), {}).inputs["x"]
    assert given == mine
    assert given is not mine


def test_only_a_method_has_an_object_of_its_own() -> None:
    def task(self: int, cls: int) -> None:
        """Do it."""

    bound = of(task).bind((1, 2), {})
    assert bound.inputs == {"self": 1, "cls": 2}


def test_each_of_many_arguments_is_looked_at_by_itself() -> None:
    def task(*numbers: int, **named: float) -> None:
        """Do it."""

    contract = of(task)
    assert contract.bind((1, 2), {"a": 3}).inputs == {"numbers": (1, 2), "named": {"a": 3.0}}
    with pytest.raises(ValueError, match=r"argument 'numbers\[1\]'"):
        contract.bind((1, "2"), {})
    with pytest.raises(ValueError, match="argument 'b'"):
        contract.bind((), {"a": 1, "b": "2"})


def test_many_arguments_can_be_described_at_once() -> None:
    def task(*pair: *tuple[int, str], **options: Unpack[Options]) -> None:
        """Do it."""

    contract = of(task)
    bound = contract.bind((1, "a"), {"depth": 2})
    assert bound.inputs == {"pair": (1, "a"), "options": {"depth": 2}}
    with pytest.raises(ValueError, match="argument 'pair'"):
        contract.bind((1, 2), {})
    with pytest.raises(ValueError, match="argument 'options'"):
        contract.bind((1, "a"), {"depth": "deep"})


@pytest.mark.parametrize(
    ("name", "value"), [("session", 7), ("on_event", "print"), ("on_token", 1)]
)
def test_what_is_for_the_call_itself_is_checked_too(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        taking(Any).bind((1,), {name: value})


def test_a_class_of_the_surrounding_function_is_found() -> None:
    class Local(BaseModel):
        x: int

    def task(items: list[Local], late: Late) -> Local:
        """Do it."""
        raise NotImplementedError

    task.__code__ = (lambda items, late: None).__code__
    task.__doc__ = "Do it."
    contract = of(task)

    class Late(BaseModel):
        y: int

    with pytest.raises(ValueError, match="'Late' is not defined"):
        contract.bind(([], None), {})
    assert contract.validate_result({"x": 1}) == Local(x=1)


def test_a_class_that_is_defined_later_in_the_module_is_found() -> None:
    namespace: dict[str, Any] = {"__name__": "somewhere"}
    exec("def task(x: 'list[Later]') -> 'Later':\n    'Do it.'", namespace)
    contract = of(namespace["task"])
    exec("class Later: pass", namespace)
    later = namespace["Later"]()
    assert contract.bind(([later],), {}).inputs == {"x": [later]}
    with pytest.raises(OutputInvalid, match="expected type 'Later'"):
        contract.validate_result(1)


def test_an_annotation_that_no_value_can_be_held_against_is_named() -> None:
    with pytest.raises(ArgumentError, match="annotation of argument 'x' of task 'task'"):
        taking("no such thing").bind((1,), {})
    with pytest.raises(ArgumentError, match="annotation of the result of task 'task'"):
        giving(Self).validate_result(1)


# Results


def test_the_agent_reads_what_its_result_should_have_been() -> None:
    with pytest.raises(OutputInvalid) as caught:
        giving(dict[str, float]).validate_result({"a": "b"})
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "Output validation failed. The returned value did not match the expected type "
        "'dict[str, float]'."
    )
    assert lines[1].startswith("Details: 1 validation error")


def test_nothing_promised_is_anything_and_none_is_none() -> None:
    def task():  # type: ignore[no-untyped-def]
        """Do it."""

    marker = object()
    assert of(task).validate_result(marker) is marker
    assert giving(None).validate_result("done") is None


def test_the_schema_of_the_result_is_there_where_json_can_say_it() -> None:
    assert giving(list[int]).result_schema() == {"type": "array", "items": {"type": "integer"}}
    schema = giving(Point).result_schema()
    assert schema is not None
    assert schema["properties"]["x"]["type"] == "integer"
    for annotation in (None, Any, Handle, inspect.Parameter.empty):
        assert giving(annotation).result_schema() is None


def test_errors_can_be_sent_to_another_process() -> None:
    with pytest.raises(OutputInvalid) as caught:
        giving(int).validate_result("x")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (OutputInvalid, str(caught.value))

"""What agent code changes of the host's objects: it is changed there, or refused aloud."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import attrs
import pydantic
import pytest

from tests.agents.sandbox.sandboxes import opened, ran, session, succeeded
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.dialect.rewriting import mark_changes


class Status(enum.StrEnum):
    OPEN = "open"
    PAID = "paid"


@attrs.define
class Line:
    price: float = 1.0
    tags: list[str] = attrs.field(factory=list)
    notes: dict[str, list[int]] = attrs.field(factory=dict)
    status: Status = Status.OPEN
    next: Line | None = None

    def total(self) -> float:
        return self.price


class Model(pydantic.BaseModel):
    price: float = 1.0
    tags: list[str] = []


class Plain:
    def __init__(self) -> None:
        self.price = 1.0
        self.tags: list[str] = []
        self._hidden = 1

    @property
    def fixed(self) -> int:
        return 1


@attrs.frozen
class Frozen:
    price: float = 1.0


def classes() -> Capabilities:
    capabilities = Capabilities()
    for cls in (Line, Model, Plain, Frozen):
        capabilities.add_class(cls)
    return capabilities


@pytest.mark.parametrize("make", [Line, Model, Plain])
@pytest.mark.parametrize(
    ("code", "price", "tags"),
    [
        ("i.one.price = 5.0", 5.0, []),
        ("one = i.one\none.price += 4", 5.0, []),
        ("make().price = 5.0", 5.0, []),
        ("i.one.price, other = 5.0, 1", 5.0, []),
        ("setattr(i.one, 'price', 5.0)", 5.0, []),
        ("if True: i.one.price = 5.0; x = 'é'", 5.0, []),
        ("def f(a):\n    a.price = 5.0\nf(i.one)\nf(i.one)", 5.0, []),
        ("for a in [i.one]: a.price *= 5", 5.0, []),
        ("i.one.tags = [\n    'a', 'b']  # both", 1.0, ["a", "b"]),
        ("i.one.tags.append('a')\ni.one.tags.append('b')", 1.0, ["a", "b"]),
        ("(i.one) . tags.extend(['b', 'a'])\ni.one.tags.sort()", 1.0, ["a", "b"]),
        ("i.one.tags += ['a']\ni.one.tags[0] = 'b'", 1.0, ["b"]),
        ("x = i.one.tags.append('a')", 1.0, ["a"]),
    ],
)
def test_what_code_changes_of_an_open_object_is_changed_at_once(
    make: Callable[[], Any], code: str, price: float, tags: list[str]
) -> None:
    one = make()
    capabilities = classes()
    seen: list[Any] = []
    capabilities.add_function(lambda: one, name="make")
    capabilities.add_function(lambda: seen.append((one.price, one.tags)), name="look")
    back = succeeded(f"i = inputs\n{code}\nlook()\ntask_success(i.one)", capabilities, one=one)
    assert back is one
    assert (one.price, list(one.tags)) == (price, tags)
    assert seen == [(price, tags)]


def test_what_is_deep_in_an_object_is_changed_where_it_is() -> None:
    line = Line(notes={"a": [1]}, next=Line(notes={"b": [2]}))
    code = (
        "n = inputs.line.next\nn.notes['b'].append(3)\nn.notes['c'] = [4]\n"
        "inputs.line.notes['a'][0] += 1\ninputs.line.next.price = inputs.line.total() + 1\n"
        "task_success(inputs.line)"
    )
    assert succeeded(code, classes(), line=line) is line
    assert line == Line(notes={"a": [2]}, next=Line(2.0, notes={"b": [2, 3], "c": [4]}))


def test_a_declared_field_gets_what_its_type_says() -> None:
    line = Line()
    code = "inputs.line.status = 'paid'\ninputs.line.price = 3\ntask_success(1)"
    assert succeeded(code, classes(), line=line) == 1
    assert line.status is Status.PAID
    assert type(line.price) is float


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (Line(), "i.v.price = 'much'", "TypeError: Line.price: 1 validation error for float"),
        (Line(), "i.v.status = 'lost'", "TypeError: Line.status: "),
        (Line(), "i.v.total = 3", "AttributeError: 'Line' object has no open attribute 'total'"),
        (Plain(), "i.v.fixed = 3", "AttributeError: property 'fixed' of 'Plain' object"),
        (Plain(), "i.v._hidden = 3", "AttributeError: 'Plain' object has no open attribute"),
        (Frozen(), "i.v.price = 3.0", "AttributeError: FrozenInstanceError"),
        (
            attrs.make_class("Own", ["tags"])([1]),
            "i.v.tags = 1",
            "AttributeError: 'Own' object is ",
        ),
        (attrs.make_class("Own", ["tags"])([1]), "i.v.tags.pop()", "so its 'tags' can't be set"),
    ],
)
def test_what_cannot_be_changed_is_refused_where_it_is_tried(
    value: Any, code: str, text: str
) -> None:
    before = repr(value)
    with session(classes(), v=value) as one:
        block = one.run(f"i = inputs\n{code}")
        assert text in str(block.error)
        assert str(block.error).splitlines()[-1] == f"  line 2: {code}"
        assert repr(value) == before
        caught = one.run(
            "inputs.v.price = 3.0\ntry:\n    inputs.v.price = 'much'\nexcept TypeError:\n    pass\n"
            "task_success(inputs.v.price)"
        )
        if isinstance(value, Line):
            assert getattr(caught.control, "value", None) == 3.0


def test_objects_of_agent_code_and_data_stay_its_own() -> None:
    calls: list[object] = []
    code = (
        "class Node:\n    def __init__(self):\n        self.all = []\n"
        "    def add(self, x):\n        self.all.append(x)\n        self.last = x\n"
        "n = Node()\nn.add(1)\nn.next = Node()\nn.next.all.append(2)\nn.next.all[0] = 3\n"
        "inputs.data.append(4)\ninputs.data[0] = 5\ntask_success([n, inputs.data])"
    )
    data = [1]
    result = succeeded(code, opened(note=calls.append), data=data)
    assert result == [{"all": [1], "last": 1, "next": {"all": [3]}}, [5, 4]]
    assert data == [1]


def test_the_functions_behind_it_open_nothing() -> None:
    for code in (
        "__x_reread(inputs.v, '_hidden')",
        "__x_change(inputs.v, '_hidden', 2)",
        "__x_change(Plain, 'price', 2)",
    ):
        block = ran(code, classes(), v=Plain())
        assert str(block.error).startswith("AttributeError: "), block


def test_code_that_sets_nothing_of_others_is_left_as_it_is() -> None:
    for code in ("x = a.b + 1", "a[0] = 1", "f(x.y(z))", "class A:\n    x = 1", "x = = 1", "a.b"):
        assert mark_changes(code) is code

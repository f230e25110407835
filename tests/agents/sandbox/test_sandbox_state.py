"""Variables of agent code: what a session tells of them, and what the next one makes of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.agents.sandbox.sandboxes import Calls, changes, opened, session, succeeded
from xpander_client.agents.sandbox.results import Block, Success
from xpander_client.agents.state.codec import Definition, Instance, Unstorable, encode


def test_variables_that_changed_are_told_once() -> None:
    with session() as one:
        one.run("x = 1\ny = [x]\nfor i in range(3): pass\nwith_walrus = (z := 4)")
        assert changes(one) == {"x": 1, "y": [1], "i": 2, "z": 4, "with_walrus": 4}
        assert changes(one) == {}
        one.run("x = 1\ny = y + []")
        assert changes(one) == {}
        one.run("y.append(2)")
        assert changes(one) == {"y": [1, 2]}


def test_a_change_through_another_name_is_found() -> None:
    with session() as one:
        one.run("a = [1]\nb = {'a': a}")
        changes(one)
        one.run("b['a'].append(2)")
        assert changes(one) == {"a": [1, 2], "b": {"a": [1, 2]}}


def test_a_change_by_a_helper_is_found() -> None:
    with session(variables={"n": encode(1), "rows": encode([1])}) as one:
        one.run(
            "def bump():\n    global n, made\n    n += 1\n    made = True\n"
            "    rows.append(n)\nbump()"
        )
        found = changes(one)
    assert (found["n"], found["rows"], found["made"]) == (2, [1, 2], True)


def test_a_change_by_a_helper_of_an_earlier_call_is_found() -> None:
    calls = Calls()
    calls.run("rows = []\ndef add(v):\n    rows.append(v)\ndef twice(v):\n    add(v)\n    add(v)")
    calls.run("twice(5)")
    assert calls.run("task_success(rows)").control == Success([5, 5])


def test_only_what_the_code_mentions_is_read() -> None:
    asked: list[str] = []

    class Watched(dict[str, bytes]):
        def __getitem__(self, name: str) -> bytes:
            asked.append(name)
            return super().__getitem__(name)

    variables: Mapping[str, bytes] = Watched({f"v{n}": encode([n]) for n in range(1000)})
    with session(variables=variables) as one:
        assert one.run("task_success(v1)").control == Success([1])
        assert changes(one) == {}
    assert set(asked) == {"v1"}


@pytest.mark.parametrize(
    "value",
    [
        "1",
        "'text'",
        "[1, {'a': (2, {3})}]",
        "{1: None, (1, 2): b'x'}",
        "1e400",
        "3 + 2j",
        "10 ** 50",
    ],
)
def test_data_is_there_in_the_next_call(value: str) -> None:
    calls = Calls()
    calls.run(f"x = {value}")
    assert calls.run(f"task_success(x == {value})").control == Success(True)


@pytest.mark.parametrize(
    ("made", "used", "value"),
    [
        ("def f(a, b=2):\n    return a + b", "f(1)", 3),
        ("async def f():\n    return 1", "await f()", 1),
        ("f = lambda a: a * 2", "f(4)", 8),
        ("if True:\n    def f():\n        return 'in if'", "f()", "in if"),
        ("import math as m", "m.floor(1.5)", 1),
        ("from json import dumps", "dumps([1])", "[1]"),
        ("K = 5\ndef f(a=K):\n    return a", "f()", 5),
        ("def deco(g):\n    return lambda: g() + 1\n@deco\ndef f():\n    return 1", "f()", 2),
        ("def f(n):\n    return 1 if n == 0 else n * f(n - 1)", "f(5)", 120),
        ("def a():\n    return 1\ndef b():\n    return a()\ndef c():\n    return b()", "c()", 1),
        ("class A:\n    K = 3\n    def k(self):\n        return self.K", "A().k()", 3),
        ("class A:\n    def __init__(self, n):\n        self.n = n\na = A(4)", "a.n", 4),
        ("class A:\n    def __init__(self, n):\n        self.n = n\na = A(4)", "A(9).n", 9),
        (
            "class A:\n    def __init__(self, n):\n        self.n = n\na = [A(1), {'k': A(2)}]",
            "a[1]['k'].n",
            2,
        ),
        ("class A:\n    pass\na = A()\na.x = A()\na.x.y = 1", "(a.x.y, type(a.x) is A)", (1, True)),
        (
            "from dataclasses import dataclass\n"
            "@dataclass(frozen=True)\nclass P:\n    x: int\np = P(3)",
            "(p.x, p == P(3))",
            (3, True),
        ),
        (
            "from collections import namedtuple\nP = namedtuple('P', 'a b')\np = P(1, 2)",
            "(p.a, p[1])",
            (1, 2),
        ),
        ("import heapq\ndef f(v):\n    heapq.heapify(v)\n    return v[0]", "f([3, 1])", 1),
    ],
)  # fmt: skip
def test_definitions_and_their_objects_are_there_in_the_next_call(
    made: str, used: str, value: object
) -> None:
    calls = Calls()
    assert calls.run(made).error is None
    for _ in range(2):
        block = calls.run(f"task_success({used})")
        assert block == Block(control=Success(value))


def test_the_newest_definition_holds() -> None:
    calls = Calls()
    calls.run("def f():\n    return 1", "def f():\n    return 2")
    assert calls.run("task_success(f())").control == Success(2)
    calls.run("f = 3")
    assert calls.run("task_success(f)").control == Success(3)


def test_definitions_are_told_as_their_source() -> None:
    with session() as one:
        one.run("class P:\n    pass\np = P()\np.a = 1\ndef f():  # why\n    return 1\n")
        assert changes(one) == {
            "P": Definition("class P:\n    pass"),
            "p": Instance("P", {"a": 1}),
            "f": Definition("def f():  # why\n    return 1"),
        }


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("x = iter([1])", "a list_iterator"),
        ("x = int", "a class"),
        ("x = sorted", "the function sorted"),
        ("x = inputs.host", "a object"),
        ("x = [inputs.host]", "a list with a object in it"),
        ("x = [print]", "a list"),
        ("def make():\n    return lambda: 1\nx = make()", "function"),
        ("def f():\n    pass\nx = {'f': [f]}", "function"),
        ("x = [1]\nx.append(x)", "contains itself"),
        ("x = note", "a function"),
    ],
)
def test_what_cannot_be_stored_is_told_when_it_is_missed(code: str, what: str) -> None:
    calls = Calls(opened(note=lambda: None))
    calls.run(code, "task_success(1)", host=object())
    block = calls.run("y = 1\nprint(x)")
    assert str(block.error).startswith(
        "NameError: name 'x' is not defined\n  line 2: print(x)\n'x' "
    )
    assert what in str(block.error)
    assert "can't be stored" in str(block.error)
    calls.run("x = 5")
    assert calls.run("task_success(x)").control == Success(5)


@pytest.mark.parametrize(
    "text",
    ["<function 'f' at 0x2c>", "range(0, 3)", "...", "[...]", "<class 'A'>", "re.compile('a')"],
)
def test_a_text_that_looks_like_something_else_stays_a_text(text: str) -> None:
    with session() as one:
        one.run(f"x = {text!r}\ny = [x, {{'k': x}}]\nz = {{x}}")
        assert changes(one) == {"x": text, "y": [text, {"k": text}], "z": {text}}


def test_within_a_session_everything_is_carried_from_block_to_block() -> None:
    host = object()
    with session(host=host) as one:
        one.run("a = [1]\nb = a\nit = iter([1, 2])\nh = [inputs.host]\nnext(it)\n"
                "def counter():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n"
                "        return n\n    return step\nc = counter()\nc()")  # fmt: skip
        one.collect_changes()
        block = one.run("task_success((a is b, next(it), h, c()))")
    assert block.control == Success((True, 2, [host], 2))
    assert isinstance(block.control, Success)
    assert block.control.value[2][0] is host


def test_inputs_are_never_variables() -> None:
    calls = Calls()
    calls.run("x = inputs.secret", secret="mine")
    assert set(calls.variables) == {"x"}
    block = calls.run("task_success(inputs.secret)", other=1)
    assert "no attribute 'secret'" in str(block.error)


def test_a_helper_of_an_earlier_call_sees_the_inputs_of_this_one() -> None:
    calls = Calls()
    calls.run("def doubled():\n    return inputs.n * 2", n=1)
    assert calls.run("task_success(doubled())", n=21).control == Success(42)


def test_variables_that_are_named_in_texts_only_are_there_too() -> None:
    variables = {"n": encode(20), "rows": encode([1])}
    with session(variables=variables) as one:
        assert one.run("name = 'n' * 1\ntask_success(eval(name + ' + 1'))").control == Success(21)


def test_a_variable_whose_name_is_a_builtins_is_the_variable() -> None:
    calls = Calls()
    calls.run("sum = 5\nlist = [1]")
    assert calls.run("task_success((sum, list))").control == Success((5, [1]))


def test_what_was_assigned_before_an_error_has_happened() -> None:
    with session() as one:
        one.run("x = 1\n1 / 0\ny = 2")
        assert changes(one) == {"x": 1}


def test_what_was_assigned_before_a_control_call_has_happened() -> None:
    with session() as one:
        one.run("x = 1\ntask_continue()\ny = 2")
        assert changes(one) == {"x": 1}


def test_a_definition_that_cannot_be_made_again_is_told() -> None:
    calls = Calls(opened(limit=lambda: 3))
    calls.run("def f(a=limit()):\n    return a")
    calls.capabilities = opened()
    block = calls.run("task_success(f())")
    assert "'f' of an earlier call can't be made again: NameError" in str(block.error)


def test_an_object_whose_class_is_gone_is_told() -> None:
    variables = {"p": encode(Instance("Gone", {"x": 1}))}
    with session(variables=variables) as one:
        assert "its class Gone is not known any more" in str(one.run("p.x").error)


def test_names_that_agent_code_makes_up_do_not_disturb_reading() -> None:
    with session() as one:
        one.run(
            "x = 1\nNameError = 5\n__x = 3\nprint = None\ndef note(): pass\nstr = int = list = 4"
        )
        found = changes(one)
    assert found["x"] == 1
    assert found["NameError"] == 5


def test_an_object_and_its_class_in_one_block_are_both_kept() -> None:
    calls = Calls()
    calls.run("class A:\n    pass\na = A()\nrows = [a]")
    assert calls.run("task_success(isinstance(rows[0], A))").control == Success(True)


def test_unstorable_values_are_told_as_such() -> None:
    with session(host=object()) as one:
        one.run("x = inputs.host")
        assert changes(one) == {"x": Unstorable("a object")}


def test_a_value_of_the_sandbox_is_the_same_after_many_calls() -> None:
    calls = Calls()
    calls.run("n = 0\nlog = []\ndef step(k):\n    global n\n    n += k\n    log.append(n)")
    for number in range(20):
        assert calls.run(f"step({number})").error is None
    expected = [sum(range(k + 1)) for k in range(20)]
    assert calls.run("task_success((n, log))").control == Success((190, expected))
    assert succeeded("task_success(1)") == 1

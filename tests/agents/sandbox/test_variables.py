"""What a session knows of its variables, without a process that has them."""

from __future__ import annotations

from xpander_client.agents.sandbox.dialect.source_scan import scan_source
from xpander_client.agents.sandbox.variables import Variables
from xpander_client.agents.state.codec import Definition, Unstorable, decode, encode


def stored(**values: object) -> Variables:
    return Variables({name: encode(value) for name, value in values.items()})


def changes(variables: Variables) -> dict[str, object]:
    return {
        name: None if data is None else decode(data)
        for name, data in variables.collect_changes().items()
    }


def test_what_code_needs_comes_before_it_and_what_is_present_is_left_out() -> None:
    variables = stored(
        outer=Definition("def outer():\n    return inner() + base"),
        inner=Definition("def inner():\n    return base"),
        base=1,
        unused=2,
    )
    assert list(variables.find_wanted({"outer"}, present=())) == ["base", "inner", "outer"]
    assert list(variables.find_wanted({"outer"}, present={"base"})) == ["inner", "outer"]


def test_functions_that_need_each_other_are_each_wanted_once() -> None:
    variables = stored(
        even=Definition("def even(n):\n    return n == 0 or odd(n - 1)"),
        odd=Definition("def odd(n):\n    return n != 0 and even(n - 1)"),
    )
    assert sorted(variables.find_wanted({"even"}, present=())) == ["even", "odd"]


def test_a_change_is_told_once_and_what_stays_is_not_told() -> None:
    variables = stored(same=[1], other=[1])
    for name, value in (("same", [1]), ("other", [1, 2]), ("new", "text")):
        variables.enter(name)
        variables.compare(name, value)
    assert changes(variables) == {"other": [1, 2], "new": "text"}
    variables.compare("other", [1, 2])
    assert changes(variables) == {}
    assert variables["other"] == [1, 2]


def test_a_variable_that_is_gone_is_told_only_if_somebody_has_it() -> None:
    variables = stored(old=1)
    variables.enter("old")
    variables.forget("old")
    variables.forget("never_there")
    assert changes(variables) == {"old": None}


def test_what_cant_be_stored_is_still_carried_to_the_next_block() -> None:
    variables = stored()
    variables.compare("file", Unstorable("an open file"))
    assert "file" in variables
    assert variables["file"] == Unstorable("an open file")


def test_a_name_that_gets_data_is_no_function_any_more() -> None:
    variables = stored()
    variables.learn(scan_source("def f():\n    global total, count\n    total = 1"))
    assert variables.find_class_source("f") is not None
    assert variables.find_globals() == {"total", "count"}
    variables.learn(scan_source("f = 1"))
    assert variables.find_class_source("f") is None
    assert variables.find_globals() == set()
    assert variables.is_given("f")

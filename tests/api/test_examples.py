"""Every call is shown at work. That the examples do what they show, tests of all docstrings see."""

from __future__ import annotations

import doctest
import inspect
from types import FunctionType

import pytest

from xpander_client import api

METHODS: dict[str, FunctionType] = {
    f"{cls.__name__}.{name}": function
    for cls in (getattr(api, name) for name in vars(api)["__all__"])
    if cls.__module__.startswith("xpander_client.api.resources.")
    if not cls.__name__.endswith("WithRawResponse")
    for name, value in vars(cls).items()
    if inspect.isfunction(function := getattr(value, "__func__", value))
    if not name.startswith("_")
}


def test_there_are_methods_in_both_worlds() -> None:
    assert {"Tasks.create", "Tasks.acreate", "Task.aload", "Agents.list"} <= METHODS.keys()


@pytest.mark.parametrize("name", METHODS)
def test_a_call_has_an_example_of_itself(name: str) -> None:
    examples = doctest.DocTestParser().get_examples(METHODS[name].__doc__ or "")
    method = name.partition(".")[2]
    source = "".join(example.source for example in examples)
    assert f".{method}(" in source
    assert ("await " in source or "async for" in source) == method.startswith("a")

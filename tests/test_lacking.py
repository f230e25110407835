"""Attributes of official classes that are not here say what to use; others are missing as ever."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from importlib import import_module
from typing import Any

import pytest

import xpander_client
from xpander_client import agents, background
from xpander_client.lacking import _Refusal, read_table

INSTEAD = {
    name: group["say"].strip() for group in read_table()["instead"] for name in group["names"]
}
ATTRIBUTES = sorted(name for name in INSTEAD if "." in name)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_an_attribute_that_is_not_here_says_what_to_use(attribute: str) -> None:
    room, owner, name = attribute.split(".")
    cls = getattr(import_module(f"xpander_client.{room}"), owner)
    assert not hasattr(cls, name), f"it is here: remove {attribute} from compat/names.toml"
    made: Any = cls.__new__(cls)
    assert not hasattr(made, name)
    with pytest.raises(AttributeError) as raised:
        getattr(made, name)
    text = f"{owner!r} object has no attribute {name!r}: {INSTEAD[attribute]}"
    assert str(raised.value) == text
    assert (raised.value.name, raised.value.obj) == (name, made)


def test_each_attribute_that_is_refused_is_in_the_table() -> None:
    rooms = dict.fromkeys(attribute.partition(".")[0] for attribute in ATTRIBUTES)
    modules = {room: import_module(f"xpander_client.{room}") for room in rooms}
    refused = {
        f"{room}.{each.__name__}.{name}"
        for room, module in modules.items()
        for each in (getattr(module, name) for name in vars(module)["__all__"])
        if isinstance(each, type) and each.__module__.startswith(f"xpander_client.{room}")
        for name, value in vars(each).items()
        if isinstance(value, _Refusal)
    }
    assert refused == set(ATTRIBUTES)


def test_another_attribute_is_missing_as_ever() -> None:
    user = xpander_client.User(id="u1", email="ada@example.com")
    with pytest.raises(AttributeError) as raised:
        _ = user.idd  # type: ignore[attr-defined]  # that is what is tested
    assert str(raised.value) == "'User' object has no attribute 'idd'"
    assert (raised.value.name, raised.value.obj) == ("idd", user)
    assert not hasattr(user, "_private")


def test_an_object_whose_missing_attributes_are_told_can_be_copied_and_pickled() -> None:
    agent = xpander_client.Agent(id="a1", name="Sales", organization_id="o1")
    assert copy.deepcopy(agent) == copy.copy(agent) == pickle.loads(pickle.dumps(agent)) == agent


@pytest.mark.parametrize("keyword", [name for name in INSTEAD if name.endswith("=)")])
def test_a_keyword_that_is_not_here_says_what_holds_instead(keyword: str) -> None:
    owner, _, name = keyword.removesuffix("=)").partition("(")
    make: Any = {
        "Agent": agents.Agent,
        "Plugin": partial(background.Plugin, *["x"] * 6),
        "Tokens": xpander_client.Tokens,
    }[owner]
    with pytest.raises(TypeError) as raised:
        make(**{name: True})
    assert str(raised.value) == f"{owner}() takes no {name!r}: {INSTEAD[keyword]}"
    # Without a value it asks for nothing.
    make(**{name: None})
    with pytest.raises(TypeError, match=rf"{owner}\(\) got an unexpected keyword argument 'nam'"):
        make(nam=None)

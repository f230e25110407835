"""Attributes of official classes that are not here say what to use; others are missing as ever."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import Any

import pytest

import xpander_client
from xpander_client import agents, api, background, legacy
from xpander_client.lacking import _Refusal, read_table

INSTEAD = {
    name: group["say"].strip() for group in read_table()["instead"] for name in group["names"]
}
ATTRIBUTES = sorted(name for name in INSTEAD if "." in name)


MODULES = (xpander_client, api, legacy, agents, background)


def find_classes(name: str) -> list[type[Any]]:
    found = [getattr(module, name, None) for module in MODULES]
    return [each for each in dict.fromkeys(found) if each is not None]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_an_attribute_that_is_not_here_says_what_to_use(attribute: str) -> None:
    owner, _, name = attribute.partition(".")
    told: list[str] = []
    for each in find_classes(owner):
        assert not hasattr(each, name), f"it is here: remove {attribute} from compat/names.toml"
        made: Any = object.__new__(each)
        assert not hasattr(made, name)
        with pytest.raises(AttributeError) as raised:
            getattr(made, name)
        assert (raised.value.name, raised.value.obj) == (name, made)
        told.append(str(raised.value))
    assert f"{owner!r} object has no attribute {name!r}: {INSTEAD[attribute]}" in told


def test_each_attribute_that_is_refused_is_in_the_table() -> None:
    refused = {
        f"{each.__name__}.{name}"
        for module in MODULES
        for each in (getattr(module, name) for name in vars(module)["__all__"])
        if isinstance(each, type)
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
    make: Any = {"Agent": agents.Agent, "Plugin": partial(background.Plugin, *["x"] * 6)}[owner]
    with pytest.raises(TypeError) as raised:
        make(**{name: True})
    assert str(raised.value) == f"{owner}() takes no {name!r}: {INSTEAD[keyword]}"
    # Without a value it asks for nothing.
    make(**{name: None})
    with pytest.raises(TypeError, match=rf"{owner}\(\) got an unexpected keyword argument 'nam'"):
        make(nam=None)

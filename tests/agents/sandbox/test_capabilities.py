"""What an agent opens: the rules of names, and what the model is told of it."""

from __future__ import annotations

import gc
import textwrap
import types
import weakref
from typing import Any

import pytest

from xpander_client.agents.sandbox.capabilities import (
    Capabilities,
    HostClass,
    HostModule,
    MemberSpec,
)
from xpander_client.agents.sandbox.exports import derive_openings
from xpander_client.agents.sandbox.stubs import describe_capabilities
from xpander_client.errors import ArgumentError


class Shop:
    """Sells things.

    All day.
    """

    open_now: bool

    def __init__(self, name: str) -> None:
        self.name = name

    def buy(self, thing: str, count: int = 1) -> float:
        """Buy some.

        Costs money.
        """
        return float(count)

    @classmethod
    def nearest(cls) -> Shop:
        """The one next door."""
        return cls("next")

    @property
    def rating(self) -> int:
        return 5

    def _secret(self) -> None: ...


def weather(city: str, *, days: int = 1) -> list[str]:
    """Foretell the weather."""
    return [city] * days


@pytest.mark.parametrize(
    "name",
    ["dataclass", "dataclasses", "inputs", "print", "task_success", "view_image", "on_host"],
)
def test_names_of_the_sandbox_are_reserved(name: str) -> None:
    text = f"The name '{name}' is reserved and cannot be registered."
    capabilities = Capabilities()
    with pytest.raises(ValueError, match=text):
        capabilities.add_function(weather, name=name)
    with pytest.raises(ValueError, match=text):
        capabilities.add_class(Shop, name=name)
    with pytest.raises(ValueError, match=text):
        capabilities.add_module(textwrap, name=name)


@pytest.mark.parametrize("name", ["a b", "1a", "<lambda>", "a.b"])
def test_a_function_needs_a_name_that_code_can_write(name: str) -> None:
    with pytest.raises(ArgumentError, match="can't be a name in agent code"):
        Capabilities().add_function(weather, name=name)


def test_arguments_are_checked() -> None:
    capabilities = Capabilities()
    with pytest.raises(TypeError, match="'name' parameter is required when registering an inst"):
        capabilities.add_module(Shop("a"))
    with pytest.raises(TypeError, match="recursive"):
        capabilities.add_module(Shop("a"), name="shop", recursive=True)
    with pytest.raises(ArgumentError, match="visibility 'loud'"):
        capabilities.add_function(weather, visibility="loud")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="is no class"):
        capabilities.add_class(weather)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="is no function"):
        capabilities.add_function(5, name="five")  # type: ignore[arg-type]
    assert capabilities.changes == 0


@pytest.mark.parametrize(
    ("options", "member", "is_open"),
    [
        ({}, "buy", True),
        ({}, "_secret", False),
        ({}, "__class__", False),
        ({"include": "*", "exclude": ()}, "_secret", True),
        ({"include": "*", "exclude": ()}, "__globals__", False),
        ({"include": ["__enter__"]}, "__enter__", True),
        ({"include": ["b*"]}, "buy", True),
        ({"include": str.islower}, "buy", True),
        ({"include": str.isupper}, "buy", False),
        ({"include": ["rating", lambda name: name == "buy"]}, "buy", True),
        ({"exclude": lambda name: len(name) == 3}, "buy", False),
        ({"include": lambda name: True}, "_secret", False),
        ({"include": lambda name: True, "exclude": ()}, "__globals__", False),
        ({"include": ["b*"]}, "rating", False),
        ({"exclude": "b*"}, "buy", False),
        ({"include": ["_secret"]}, "_secret", True),
        ({"include": (), "configure": {"buy": MemberSpec()}}, "buy", True),
    ],
)
def test_patterns_decide_which_members_are_open(
    options: dict[str, Any], member: str, is_open: bool
) -> None:
    assert HostClass("Shop", Shop, **options).is_open(member) is is_open


@pytest.mark.parametrize(
    ("options", "path", "is_open"),
    [
        ({}, "Image", True),
        ({}, "Image.crop", True),
        ({}, "Image._new", False),
        ({}, "_private.x", False),
        ({"include": ["open"]}, "Image", False),
        ({"include": ["Image*"]}, "Image.crop", True),
        ({"include": lambda path: path.endswith("crop")}, "Image.crop", True),
        ({"exclude": ["Image.save"]}, "Image.save", False),
        ({"include": [], "configure": {"open": MemberSpec()}}, "open", True),
    ],
)
def test_patterns_of_modules_are_those_of_paths(
    options: dict[str, Any], path: str, is_open: bool
) -> None:
    assert HostModule("m", textwrap, **options).is_open(path) is is_open


def test_stubs_tell_signature_and_docstring_by_visibility() -> None:
    capabilities = Capabilities()
    capabilities.add_function(weather)
    capabilities.add_function(weather, name="brief", visibility="medium")
    capabilities.add_function(weather, name="hidden", visibility="low")
    capabilities.add_function(weather, name="other", docstring="Something else.")
    text = describe_capabilities(capabilities)
    assert text.splitlines()[1] == '    """Foretell the weather."""'
    assert text.replace("'", "").startswith(
        "def weather(city: str, *, days: int = 1) -> list[str]:\n"
    )
    assert "def brief(" in text
    assert text.count("Foretell") == 1
    assert "hidden" not in text
    assert '    """Something else."""' in text


def test_stubs_of_a_class_have_its_members() -> None:
    capabilities = Capabilities()
    capabilities.add_class(Shop, configure={"rating": MemberSpec(visibility="low")})
    text = describe_capabilities(capabilities)
    for part in ("class Shop:", "Sells things.", "def __init__(self, name", "def buy(self, thing",
                 '"""Buy some."""', "@classmethod", "open_now"):  # fmt: skip
        assert part in text, part
    for part in ("_secret", "rating", "Costs money"):
        assert part not in text, part


def test_a_class_that_cannot_be_made_says_so() -> None:
    capabilities = Capabilities()
    capabilities.add_class(Shop, constructable=False)
    text = describe_capabilities(capabilities)
    assert "__init__" not in text
    assert "objects of it can't be made here" in text


def test_stubs_of_modules_and_of_live_objects() -> None:
    capabilities = Capabilities()
    capabilities.add_module(textwrap)
    capabilities.add_module(Shop("a"), name="shop")
    text = describe_capabilities(capabilities)
    assert "# import textwrap" in text
    assert "def textwrap.wrap(text" in text
    assert "def shop.buy(thing" in text
    assert "heapq" in text


def test_a_module_with_very_many_names_is_told_in_part() -> None:
    big = types.ModuleType("big")
    for number in range(500):
        setattr(big, f"value_{number}", number)
    capabilities = Capabilities()
    capabilities.add_module(big)
    text = describe_capabilities(capabilities)
    assert "# ... and 420 more" in text
    assert len(text) < 5_000


def test_stubs_do_not_change_from_run_to_run() -> None:
    def search(query: str, where: object = object()) -> None: ...

    capabilities = Capabilities()
    capabilities.add_function(search)
    assert "0x" not in describe_capabilities(capabilities)


def test_stubs_are_made_again_when_something_was_added() -> None:
    capabilities = Capabilities()
    first = describe_capabilities(capabilities)
    assert describe_capabilities(capabilities) is first
    capabilities.add_function(weather)
    assert "weather" in describe_capabilities(capabilities)


def test_openings_follow_what_is_added_and_end_with_their_capabilities() -> None:
    capabilities = Capabilities()
    before = derive_openings(capabilities)
    assert derive_openings(capabilities) is before
    capabilities.add_function(weather)
    assert "weather" in derive_openings(capabilities).functions
    gone = weakref.ref(derive_openings(capabilities).functions["weather"].function)
    assert gone() is weather

    def short_lived() -> None: ...

    capabilities.add_function(short_lived)
    derive_openings(capabilities)
    held = weakref.ref(short_lived)
    del short_lived, capabilities, before
    gc.collect()
    assert held() is None

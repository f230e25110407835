"""Says what to use instead of names of the official packages that are not here.

The table is data of `compat`, which nothing imports. It is read when such a name is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn


@cache
def read_table() -> dict[str, Any]:
    """Return the table of names, as its file has it."""
    import tomllib

    with open(os.path.join(os.path.dirname(__file__), "compat", "names.toml"), "rb") as file:
        return tomllib.load(file)


@cache
def _read_instead() -> dict[str, str]:
    groups = read_table()["instead"]
    return {name: group["say"].strip() for group in groups for name in group["names"]}


def refuse_import(module: str, name: str) -> NoReturn:
    """Raise the ImportError for a name that a module of the official package has, and ours not."""
    text = f"xpander_client has no {name}: {_read_instead()[name]}"
    raise ImportError(text, name=module)


def refuse_attributes(cls: type, *names: str) -> None:
    """Let attributes that a class of the official package has, and `cls` not, say what to use.

    Asking for one is an AttributeError. Other attributes cost what they did, which with a
    `__getattr__` they would not before Python 3.12.
    """
    room = cls.__module__.split(".")[1]
    for name in names:
        if not hasattr(cls, name):
            setattr(cls, name, _Refusal(room, cls.__name__, name))


def refuse_keywords(owner: str, given: Mapping[str, None]) -> None:
    """Refuse keywords that a class of another package takes, and ours not.

    None is no value of one: it asks for nothing.

    Raises:
        TypeError: there is one; the message says what holds instead, if that is known.
    """
    for name, value in given.items():
        reason = _read_instead().get(f"{owner}({name}=)")
        if reason is None:
            raise TypeError(f"{owner}() got an unexpected keyword argument {name!r}")
        if value is not None:
            raise TypeError(f"{owner}() takes no {name!r}: {reason}")


class _Refusal:
    __slots__ = ("_attribute", "_owner", "_room")

    def __init__(self, room: str, owner: str, attribute: str) -> None:
        self._room = room
        self._owner = owner
        self._attribute = attribute

    def __get__(self, instance: object, owner: type) -> NoReturn:
        text = f"{self._owner!r} object has no attribute {self._attribute!r}: "
        text += _read_instead()[f"{self._room}.{self._owner}.{self._attribute}"]
        raise AttributeError(text, name=self._attribute, obj=instance)

"""Says what to use instead of names of the official packages that are not here.

The table is data of `compat`, which nothing imports. It is read when such a name is asked for.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn


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
    raise ImportError(text, name=name, path=module)


class LackingAttributes:
    """A base of classes whose official counterparts have attributes that are not here.

    Asking an object for one is an AttributeError that says what to use instead.
    """

    __slots__ = ()

    # Hidden from type checkers: they would take any attribute for one that exists.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            if not name.startswith("_"):
                owners = (owner.__name__ for owner in type(self).__mro__)
                known = _read_instead()
                reason = next(
                    filter(None, (known.get(f"{owner}.{name}") for owner in owners)), None
                )
                text += f": {reason}" if reason else ""
            raise AttributeError(text, name=name, obj=self)

"""Says what to use instead of names of the official packages that are not here.

The table is data of `compat`, which nothing imports. It is read when such a name is asked for.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn


@cache
def read_table() -> dict[str, Any]:
    """Return the table of names, as its file has it."""
    import tomllib
    from importlib.resources import files

    text = files("xpander_client").joinpath("compat", "names.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _read_instead() -> dict[str, str]:
    groups = read_table()["instead"]
    return {name: group["say"].strip() for group in groups for name in group["names"]}


def refuse_import(module: str, name: str) -> NoReturn:
    """Raise the ImportError for a name that a module of the official package has, and ours not."""
    text = f"xpander_client has no {name}: {_read_instead()[name]}"
    raise ImportError(text, name=name, path=module)

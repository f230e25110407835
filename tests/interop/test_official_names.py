"""What the official package offers, and ours: the difference is a file that may only shrink."""

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import xpander_sdk

from tests.surfaces import check_shrinks, describe, find_missing
from xpander_client.lacking import read_table

# What programs import from. Other modules are the package's own affair.
_PUBLIC = {"exceptions", "models", "modules"}
_OWN = {"agno", "gateway_route", "streaming_server", "dynamic_tools", "mcp_tool_proxy", "utils"}


def find_modules() -> Iterator[tuple[str, ModuleType]]:
    yield "", xpander_sdk
    for found in pkgutil.walk_packages(xpander_sdk.__path__, "xpander_sdk."):
        path = found.name.removeprefix("xpander_sdk.")
        steps = path.split(".")
        if steps[0] in _PUBLIC and not _OWN & set(steps) and "._" not in path:
            yield path, import_module(found.name)


def list_lines(module: ModuleType) -> Iterator[str]:
    """Yield what a module defines with all of its members, and what a package takes together."""
    names = {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and not inspect.ismodule(value) and is_official(value)
    }
    if hasattr(module, "__path__"):
        yield from names
    own = {name: value for name, value in names.items() if value.__module__ == module.__name__}
    yield from describe(own, is_public)


def is_official(value: object) -> bool:
    return (getattr(value, "__module__", None) or "").startswith("xpander_sdk.")


def is_public(owner: type) -> bool:
    """Tell whether members of a class are for users; those of the models' base are told once."""
    return owner.__module__.startswith(tuple(f"xpander_sdk.{name}." for name in _PUBLIC)) and (
        owner.__name__ != "XPanderSharedModel"
    )


def find_ours(path: str, name: str) -> object:
    try:
        return getattr(import_module(f"xpander_client.{path}".rstrip(".")), name, None)
    except ImportError:
        return None


def test_what_the_official_package_has_and_we_lack_only_shrinks() -> None:
    missing = {
        f"{path}: {line}".removeprefix(": ")
        for path, module in find_modules()
        for line in find_missing(list_lines(module), lambda name, path=path: find_ours(path, name))
    }
    check_shrinks(missing, Path(__file__).with_name("official_names.txt"))


def test_each_official_name_that_is_not_here_says_what_to_use() -> None:
    table = read_table()["xpander_sdk"]
    silent = {
        (path, line)
        for path, module in find_modules()
        for line in find_missing(list_lines(module), lambda name, path=path: find_ours(path, name))
        if line.isidentifier() and line not in table.get(path, {}).get("lacks", ())
    }
    assert silent == set()

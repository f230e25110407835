"""A name of a package is the same thing, whatever was imported before it."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import xpander_client


def packages() -> Iterator[ModuleType]:
    yield xpander_client
    for found in pkgutil.walk_packages(xpander_client.__path__, "xpander_client."):
        if found.ispkg:
            yield importlib.import_module(found.name)


def shared_names() -> list[tuple[str, str]]:
    """The packages that offer a name which one of their modules has, too."""
    return [
        (package.__name__, name)
        for package in packages()
        for name in sorted(
            {module.name for module in pkgutil.iter_modules(package.__path__)}
            & {*getattr(package, "__all__", ())}
        )
    ]


def test_no_name_becomes_a_module_in_any_order_of_imports() -> None:
    shared = shared_names()
    assert ("xpander_client.worker", "run") in shared
    code = """
import importlib, sys
for line in sys.argv[1:]:
    package, name = line.split(":")
    module = f"{package}.{name}"
    for known in [one for one in sys.modules if one.startswith(package)]:
        del sys.modules[known]
    for code in (
        f"import {module}",
        f"from {package} import {name}",
        f"from {module} import {name}",
        f"from {package} import *",
        f"import {module}",
    ):
        exec(code, {})
        if getattr(sys.modules[package], name) is not getattr(sys.modules[module], name):
            print(f"{package}.{name} is a module after: {code}")
"""
    found = subprocess.run(
        [sys.executable, "-c", code, *(f"{package}:{name}" for package, name in shared)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (found.stdout, found.stderr, found.returncode) == ("", "", 0)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lazy package whose function `sell` stands in a module `sell`, which `till` imports."""
    folder = tmp_path / "lazy_shop"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from xpander_client.lazy import attach\n"
        "homes = {'lazy_shop.sell': ('sell',), '.till': ('open_till',)}\n"
        "__getattr__, __dir__, __all__ = attach(__name__, homes)\n"
    )
    (folder / "sell.py").write_text("def sell(): return 'sold'\n")
    (folder / "till.py").write_text("from .sell import sell\ndef open_till(): return sell()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("lazy_shop")]:
        del sys.modules[name]


LINES = (
    "import lazy_shop.sell",
    "from lazy_shop import sell",
    "from lazy_shop import open_till, sell",
    "from lazy_shop.sell import sell",
    "from lazy_shop import *",
)


@pytest.mark.parametrize("lines", list(itertools.permutations(LINES, 2)))
def test_a_module_does_not_take_the_place_of_a_function(shop: Path, lines: tuple[str, str]) -> None:
    for line in lines:
        exec(line, {})
    package = importlib.import_module("lazy_shop")
    assert package.sell() == "sold"
    assert "sell" in dir(package)


def test_what_a_program_puts_in_the_place_of_a_name_stays(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = importlib.import_module("lazy_shop")
    with monkeypatch.context() as patched:
        patched.setattr(package, "sell", lambda: "given away")
        importlib.import_module("lazy_shop.till")
        assert package.sell() == "given away"
    assert package.sell() == "sold"


def test_a_module_that_shares_no_name_is_bound_as_ever(shop: Path) -> None:
    module = importlib.import_module("lazy_shop.till")
    assert importlib.import_module("lazy_shop").till is module

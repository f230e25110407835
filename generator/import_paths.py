"""Prints the import paths of the official packages from the table of their names."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from generator.docstrings import print_docstring
from generator.literals import print_literal
from generator.parsing import TEMPLATES
from generator.rendering import RUNTIME, format_files

# For each package of the table its name, and the folders in which its modules stand here.
_PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "xpander_sdk": ("xpander_sdk", ()),
    "xpander_sdk_1": ("xpander_sdk", ("compat", "xpander_sdk_1")),
    "xpander_utils": ("xpander_utils", ("compat", "xpander_utils")),
}


def print_import_paths(table: Path) -> dict[str, dict[str, str]]:
    """Return the files of the import paths: for each folder of the package, text by path in it."""
    listed = tomllib.loads(table.read_text("utf-8"))
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["literal"] = print_literal
    known: dict[str, Any] = environment.globals  # jinja's annotation allows its own only
    known.update(print_docstring=print_docstring, runtime=RUNTIME)
    template = environment.get_template("lazy_init.py.jinja")
    files: dict[str, str] = {}
    for key, (official, place) in _PACKAGES.items():
        modules = {_split(path): names for path, names in listed[key].items()}
        packages = {path[:length] for path in modules for length in range(len(path))}
        for path in {*modules, *packages}:
            if not (place or path):
                continue  # the package itself is written by hand
            names = modules.get(path, {})
            text = template.render(
                about=f"What `{'.'.join((official, *path))}` has, for programs written for it.",
                exports=dict(_find_homes(names)),
                lacking=names.get("lacks", []),
            )
            # The topmost modules are folders, so that each has one of its own to be printed into.
            is_package = path in packages or len(path) <= (0 if place else 1)
            end = ("__init__.py",) if is_package else ()
            files["/".join((RUNTIME, *place, *path, *end)).removesuffix(".py") + ".py"] = text
    folders: dict[str, dict[str, str]] = defaultdict(dict)
    for file, text in format_files(files).items():
        steps = file.split("/")
        depth = 3 if steps[1] == "compat" else 2
        folders["/".join(steps[1:depth])]["/".join(steps[depth:])] = text
    return folders


def read_lacking_attributes(table: Path) -> dict[str, list[str]]:
    """Return for each printed class the attributes of the official one that it is without.

    Keywords that its constructor is without stand below the name of the class with `()`.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for group in tomllib.loads(table.read_text("utf-8"))["instead"]:
        for name in group["names"]:
            if name.startswith("api."):
                _, owner, attribute = name.split(".")
                found[owner].append(attribute)
            elif name.endswith("=)"):
                owner, keyword = name.removesuffix("=)").split("(")
                found[f"{owner}()"].append(keyword)
    return {owner: sorted(attributes) for owner, attributes in found.items()}


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


def _find_homes(names: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for home, listed in names.items():
        if home != "lacks":
            for name in listed:
                yield name, RUNTIME if home == "package" else f"{RUNTIME}.{home}"

"""Show the shape of the package, measured, or check the rules that no linter has.

`python -m scripts.house` prints the figures, `python -m scripts.house --check` the problems.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts.house import rules
from scripts.house.figures import count_rooms, format_table, measure
from scripts.house.imports import Reference, find_mentions, find_references
from scripts.house.source import Module, find_files, parse_files

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = "xpander_client"
# What the generator makes: the client, and the import paths of the official packages.
_PRINTED = tuple(
    f"{_PACKAGE}.{name}."
    for name in (
        "api",
        "compat.xpander_sdk_1",
        "compat.xpander_utils",
        "exceptions",
        "models",
        "modules",
        "testing",
        "types",
    )
)
_PRINTED_FOLDERS = tuple(name.replace(".", "/") for name in _PRINTED)
_TEXTS = ("README.md", "pyproject.toml", "tox.ini", "generator/templates/*")


def main() -> int:
    """Return the exit status: 1 when a rule is broken."""
    parser = argparse.ArgumentParser(prog="python -m scripts.house", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=_ROOT, help="another tree to look at")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="check the rules")
    modes.add_argument("--json", action="store_true", help="print the figures as JSON, in full")
    arguments = parser.parse_args()
    gc.disable()  # syntax trees are many objects that live long: a third of the time
    if not arguments.check:
        print_figures(arguments.root, as_json=arguments.json)
        return 0
    found = list(find_problems(arguments.root))
    print(*found, sep="\n", end="\n" * bool(found))
    for rule, count in Counter(problem.rule for problem in found).items():
        print(f"{rule}: {count}", file=sys.stderr)
    return 1 if found else 0


def print_figures(root: Path, *, as_json: bool) -> None:
    """Print what the package of the tree at `root` measures, with and without printed code."""
    files = find_files(root, _PACKAGE)
    written = {path: text for path, text in files.items() if not path.startswith(_PRINTED_FOLDERS)}
    tests = sum(text.count("\n") for text in find_files(root, "tests").values())
    modules = parse_files(files)
    groups = {
        "all": measure(files, modules, tests),
        "hand-written": measure(written, modules, tests),
    }
    rooms = count_rooms(files)
    if as_json:
        figures = {name: group._asdict() for name, group in groups.items()}
        print(json.dumps({**figures, "rooms": rooms}, indent=2))
    else:
        print(format_table(groups, rooms))


def find_problems(root: Path) -> Iterator[rules.Problem]:
    """Yield what breaks a rule in the tree at `root`."""
    modules = parse_files(find_files(root, _PACKAGE, "generator", "scripts", "tests"))
    package = {
        name: module for name, module in modules.items() if f"{name}.".startswith(f"{_PACKAGE}.")
    }
    written = [module for name, module in package.items() if not f"{name}.".startswith(_PRINTED)]
    yield from rules.check_loggers(written)
    yield from rules.check_exits(written)
    yield from rules.check_exports(written)
    yield from rules.check_module_names(written)
    yield from rules.check_folders(package)
    references = [*find_references(modules, _PACKAGE), *_find_texts(root, modules)]
    yield from rules.check_underscores(modules, references, written)


def _find_texts(root: Path, modules: dict[str, Module]) -> Iterator[Reference]:
    """Yield the names that prose, templates and entry points use."""
    for pattern in _TEXTS:
        for path in root.glob(pattern):
            text = path.read_text(encoding="utf-8")
            name = str(path.relative_to(root))
            for dotted in find_mentions(text, _PACKAGE):
                module, _, last = dotted.rpartition(".")
                if module in modules:
                    yield Reference(module, last, name, 1)


if __name__ == "__main__":
    sys.exit(main())

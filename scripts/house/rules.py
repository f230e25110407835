"""The rules of style that no linter has. Each takes facts and yields problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from scripts.house.imports import Reference, find_folder_pairs
from scripts.house.source import Definition, Kind, Module

# Modules besides the packages that users import from by name.
PUBLIC_MODULES = {
    "xpander_client.agents.agent",
    "xpander_client.configuration",
    "xpander_client.core.answer",
    "xpander_client.errors",
}
# Pairs of folders that may import each other, and why.
MUTUAL_FOLDERS: dict[tuple[str, str], str] = {}

_VAGUE_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
_EXIT_PARAMETERS = ["exc_type", "exc", "traceback"]


class Problem(NamedTuple):
    """What breaks a rule: where, what, and what to do."""

    rule: str
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text} [{self.rule}]"


def check_loggers(modules: Iterable[Module]) -> Iterator[Problem]:
    """Check that the logger of a module is called `_logger`."""
    for module in modules:
        for name, line in module.loggers:
            if name != "_logger":
                yield Problem("logger", module.path, line, f"call the logger _logger, not {name}")


def check_exits(modules: Iterable[Module]) -> Iterator[Problem]:
    """Check that the parameters of `__exit__` and `__aexit__` have the names that all have."""
    for module in modules:
        for names, line in module.exits:
            if names != _EXIT_PARAMETERS:
                text = f"call the parameters {', '.join(_EXIT_PARAMETERS)}, not {', '.join(names)}"
                yield Problem("exit", module.path, line, text)


def check_exports(
    modules: Iterable[Module], public: Iterable[str] = frozenset(PUBLIC_MODULES)
) -> Iterator[Problem]:
    """Check that `__all__` stands only where users import from."""
    for module in modules:
        if module.exported is not None and not module.is_package and module.name not in public:
            text = "users import nothing from here: remove __all__"
            yield Problem("exports", module.path, module.exported_line, text)


def check_module_names(modules: Iterable[Module]) -> Iterator[Problem]:
    """Check that no file or folder has a name that says nothing."""
    for module in modules:
        name = module.name.rpartition(".")[2]
        if name.strip("_") in _VAGUE_NAMES:
            text = f"{name} says nothing: name the file for what is in it"
            yield Problem("file-name", module.path, 1, text)


def check_folders(
    modules: Mapping[str, Module], allowed: Iterable[tuple[str, str]] = frozenset(MUTUAL_FOLDERS)
) -> Iterator[Problem]:
    """Check that no two folders import each other."""
    for (first, second), places in find_folder_pairs(modules).items():
        if (first, second) not in allowed:
            path, _, line = places[0].partition(":")
            others = f", and {', '.join(places[1:6])}" if len(places) > 1 else ""
            text = f"{first} and {second} import each other (here{others}): keep one direction"
            yield Problem("folders", path, int(line), text)


def check_underscores(
    modules: Mapping[str, Module],
    references: Iterable[Reference],
    checked: Iterable[Module],
    public: Iterable[str] = frozenset(PUBLIC_MODULES),
) -> Iterator[Problem]:
    """Check that a leading underscore stands at those names that only their own module uses.

    A name is used by others if another module, a test, a text or an entry point names it, or if
    users import it from where it is. A class that stands in the signature of such a name is, too:
    they get objects of it. A decorator that keeps a function, as a fixture or a command, uses it.
    Tests may look behind an underscore: that is what they are for.
    """
    used: dict[str, dict[str, Reference]] = defaultdict(dict)
    for reference in references:
        known = used[reference.module].setdefault(reference.name, reference)
        if _is_test(known.path):
            used[reference.module][reference.name] = reference
    for module in checked:
        names = used[module.name]
        is_door = module.is_package or module.name in public
        own = module.definitions if module.exported is None else module.exported
        shown = _find_shown(module, {*names, *(own if is_door else [])})
        imported = {each.bound_to for each in module.imports}  # with what stands in for it
        for name, definition in module.definitions.items():
            if name.startswith("__") or name in imported or definition.kind is Kind.TYPE_PARAMETER:
                continue
            user = names.get(name)
            if name.startswith("_") and user is not None and not _is_test(user.path):
                text = f"{name} is used in {user.path}:{user.line}: call it {name.lstrip('_')}"
                yield Problem("underscore", module.path, definition.line, text)
            elif not name.startswith("_") and not (name in shown or _is_kept(name, definition)):
                text = f"{name} is used here alone: call it _{name}"
                yield Problem("underscore", module.path, definition.line, text)


def _is_test(path: str) -> bool:
    return path.startswith("tests/")


def _is_kept(name: str, definition: Definition) -> bool:
    return definition.is_registered or name == "main"


def _find_shown(module: Module, names: set[str]) -> set[str]:
    """Return `names` and the classes in their signatures, and in the signatures of these."""
    shown: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in shown:
            shown.add(name)
            definition = module.definitions.get(name)
            pending += definition.signature & module.definitions.keys() if definition else ()
    return shown

"""Find what modules import and use of each other, and where that goes round in circles."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from scripts.house.source import Module, Strength


class Reference(NamedTuple):
    """A name of another module, and where it is used."""

    module: str
    name: str  # empty: the module itself
    path: str
    line: int


def find_edges(modules: Mapping[str, Module], strength: Strength) -> dict[str, set[str]]:
    """Return which modules each module imports, with imports up to `strength` counted."""
    edges: dict[str, set[str]] = {name: set() for name in modules}
    for name, module in modules.items():
        for imported in module.imports:
            if imported.strength <= strength:
                target = _find_module(modules, imported.target)
                if target and target != name:
                    edges[name].add(target)
    return edges


def find_circles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the strongly connected components that have two members or more, largest first."""
    circles: list[list[str]] = []
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()

    def enter(name: str) -> tuple[str, Iterator[str]]:
        index[name] = lowest[name] = len(index)
        path.append(name)
        on_path.add(name)
        return name, iter(edges[name])

    for start in edges:
        if start in index:
            continue
        pending = [enter(start)]
        while pending:
            name, targets = pending[-1]
            for target in targets:
                if target not in index:
                    pending.append(enter(target))
                    break
                if target in on_path:
                    lowest[name] = min(lowest[name], index[target])
            else:
                pending.pop()
                if pending:
                    above = pending[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == index[name]:
                    members = path[path.index(name) :]
                    del path[len(path) - len(members) :]
                    on_path.difference_update(members)
                    if len(members) > 1:
                        circles.append(sorted(members))
    return sorted(circles, key=lambda members: (-len(members), members))


def find_folder_pairs(modules: Mapping[str, Module]) -> dict[tuple[str, str], list[str]]:
    """Return the pairs of folders that import each other, each with the imports as `path:line`.

    A folder's `__init__` hands on what users import and does not count; neither does the package's
    own folder, whose errors and configuration everybody may import.
    """
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module in modules.values():
        if module.is_package or "." not in module.folder:
            continue
        for imported in module.imports:
            target = modules.get(_find_module(modules, imported.target))
            if target and target.folder != module.folder and "." in target.folder:
                place = f"{module.path}:{imported.line}"
                places[module.folder, target.folder].append(place)
    return {
        (first, second): list(dict.fromkeys(found + places[second, first]))
        for (first, second), found in sorted(places.items())
        if first < second and (second, first) in places
    }


def find_references(modules: Mapping[str, Module], package: str) -> Iterator[Reference]:
    """Yield each name of another module that a module uses: imported, as an attribute, in a string.

    A name that a package hands on is followed to the module that defines it.
    """
    bindings = {name: _find_bindings(module) for name, module in modules.items()}

    def resolve(dotted: str, seen: frozenset[str] = frozenset()) -> tuple[str, str]:
        found = _find_module(modules, dotted)
        name = dotted[len(found) + 1 :].partition(".")[0] if found else ""
        if not name or name in modules[found].definitions or dotted in seen:
            return found, name
        if further := bindings[found].get(name):
            rest = dotted[len(found) + 1 + len(name) :]
            end, end_name = resolve(further + rest, seen | {dotted})
            return (end, end_name) if end else (found, name)
        return found, name

    for module in modules.values():
        mentioned = [(imported.target, imported.line) for imported in module.imports]
        mentioned += [
            (target, max(1, module.exported_line)) for target in module.lazy_homes.values()
        ]
        own = bindings[module.name]
        handed_on = [own[name] for name in own.keys() & module.values if own[name] in modules]
        for chain, line in module.attributes:
            root, _, rest = chain.partition(".")
            if root in own:
                mentioned.append((f"{own[root]}.{rest}", line))
            else:  # `form.parse(value) for form in (json_form, text_form)`
                mentioned += [(f"{value}.{chain.rpartition('.')[2]}", line) for value in handed_on]
        for text, line in module.strings:
            mentioned += [(dotted, line) for dotted in find_mentions(text, package)]
        known: set[str] = set()
        for dotted, line in mentioned:
            found, name = resolve(dotted)
            if found and found != module.name:
                known.add(found)
                yield Reference(found, name, module.path, line)
        # `import_module(HOMES[name]).ENGINE` may mean each module that has one.
        for chain, line in module.attributes:
            root, _, name = chain.partition(".")
            if root == "import_module":
                for found, other in modules.items():
                    if name in other.definitions:
                        yield Reference(found, name, module.path, line)
        # What is patched or fetched by name: `monkeypatch.setattr(till, "LIMIT", 3)`.
        for text, line in module.strings:
            if text.isidentifier():
                for found in known:
                    if text in modules[found].definitions:
                        yield Reference(found, text, module.path, line)
            elif re.fullmatch(r"(\.\w+){2,}", text):  # `f"shop.{room}.drawer.LIMIT"`
                end, _, name = text.rpartition(".")
                for found in modules:
                    if found.endswith(end):
                        yield Reference(found, name, module.path, line)


def find_mentions(text: str, package: str) -> Iterator[str]:
    """Yield the dotted names in prose, in programs in strings, in entry points."""
    if package not in text:
        return
    for source, names in re.findall(rf"from ({package}[\w.]*) import \(?([\w, \n]+)", text):
        for name in names.split(","):
            if name.split():
                yield f"{source}.{name.split()[0]}"
    for dotted in re.findall(rf"(?<![\w.]){package}(?:[.:]\w+)+", text):
        yield dotted.replace(":", ".")


def _find_module(modules: Mapping[str, Module], dotted: str) -> str:
    """Return the longest part of a dotted name that is a module, or nothing."""
    while dotted and dotted not in modules:
        dotted = dotted.rpartition(".")[0]
    return dotted


def _find_bindings(module: Module) -> dict[str, str]:
    bindings = dict(module.lazy_homes)
    for imported in module.imports:
        bound_whole = imported.bound_to == imported.target.partition(".")[0]
        bindings[imported.bound_to] = imported.bound_to if bound_whole else imported.target
    return bindings

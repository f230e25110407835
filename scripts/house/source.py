"""Read Python files into the few facts that the figures and the rules ask for.

The standard library is enough for all of this folder: it runs where nothing else is installed.
"""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path


class Strength(enum.IntEnum):
    """When an import is executed."""

    AT_IMPORT = 0
    IN_FUNCTION = 1
    FOR_TYPES = 2


class Kind(enum.Enum):
    """What stands behind a module-level name."""

    FUNCTION = "function"
    CLASS = "class"
    CONSTANT = "constant"
    TYPE_PARAMETER = "type parameter"


@dataclass(frozen=True)
class Import:
    """One imported name: `from shop import till as t` has the target `shop.till`."""

    target: str
    bound_to: str
    line: int
    strength: Strength


@dataclass(frozen=True)
class Definition:
    """A name that a module defines at its top."""

    line: int
    kind: Kind
    signature: frozenset[str] = frozenset()  # what its annotations name
    is_registered: bool = False  # a decorator that keeps the function: a fixture, a command


@dataclass
class Module:
    """The facts about one file. Names are dotted; a package has the name of its folder."""

    name: str
    path: str
    is_package: bool
    imports: list[Import] = field(default_factory=list[Import])
    definitions: dict[str, Definition] = field(default_factory=dict[str, Definition])
    attributes: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    values: set[str] = field(default_factory=set[str])  # names that stand without an attribute
    strings: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    exported: list[str] | None = None
    exported_line: int = 0
    loggers: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    exits: list[tuple[list[str], int]] = field(default_factory=list[tuple[list[str], int]])
    lazy_homes: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def folder(self) -> str:
        """The dotted name of the folder that the file lies in."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


def find_files(root: Path, *folders: str) -> dict[str, str]:
    """Return the text of each Python file in `folders`, by its path from `root`."""
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    }


def parse_files(files: Mapping[str, str]) -> dict[str, Module]:
    """Return the facts about each file, by the name of its module."""
    with ProcessPoolExecutor() as pool:
        modules = pool.map(parse_module, files, files.values(), chunksize=32)
        return {module.name: module for module in modules}


def parse_module(path: str, text: str) -> Module:
    """Return the facts about one file."""
    parts = path.removesuffix(".py").split("/")
    is_package = parts[-1] == "__init__"
    module = Module(".".join(parts[:-1] if is_package else parts), path, is_package)
    tree = ast.parse(text, path)
    _collect_definitions(module, tree.body)
    pending: list[tuple[ast.AST, Strength]] = [(tree, Strength.AT_IMPORT)]
    while pending:
        node, strength = pending.pop()
        kind = type(node)
        if kind in _COLLECTED:
            _collect_node(module, node, strength)
        if kind in _FUNCTIONS:
            strength = max(strength, Strength.IN_FUNCTION)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            continue  # the name is the beginning of the chain, and no value of its own
        for_types = isinstance(node, ast.If) and _last_part(node.test) == "TYPE_CHECKING"
        for name in _FIELDS[kind]:
            child = getattr(node, name)
            below = Strength.FOR_TYPES if for_types and name == "body" else strength
            if type(child) is list:
                pending += [(each, below) for each in child if isinstance(each, ast.AST)]
            elif isinstance(child, ast.AST):
                pending.append((child, below))
    return module


_FUNCTIONS = {ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda}
_COLLECTED = {
    ast.Attribute,
    ast.Name,
    ast.Constant,
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Dict,
}
# The fields of each kind of node that can hold further ones: half of all are left out.
_LEAVES = {"ctx", "id", "attr", "op", "ops", "kind", "type_comment"}
_FIELDS = {
    kind: tuple(name for name in kind._fields if name not in _LEAVES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def _collect_node(module: Module, node: ast.AST, strength: Strength) -> None:
    match node:
        case ast.Attribute():
            module.attributes.append((_dotted(node), node.lineno))
        case ast.Name():
            module.values.add(node.id)
        case ast.Constant(value=str(value)):
            module.strings.append((value, node.lineno))
        case ast.Import():
            for alias in node.names:
                root = alias.name.partition(".")[0]
                bound_to = alias.asname or root
                module.imports.append(Import(alias.name, bound_to, node.lineno, strength))
        case ast.ImportFrom():
            source = _absolute(module, node)
            for alias in node.names:
                module.imports.append(
                    Import(
                        f"{source}.{alias.name}",
                        alias.asname or alias.name,
                        node.lineno,
                        strength,
                    )
                )
        case (
            ast.FunctionDef(name="__exit__" | "__aexit__")
            | ast.AsyncFunctionDef(name="__exit__" | "__aexit__")
        ):
            if not node.args.vararg:
                names = [argument.arg for argument in node.args.args[1:]]
                module.exits.append((names, node.lineno))
        case ast.Dict():
            module.lazy_homes.update(_find_homes(node))
        case _:
            pass


def _find_homes(table: ast.Dict) -> Iterator[tuple[str, str]]:
    """Yield each name of a lazy package's table, with the dotted name of what it stands for.

    Any `{"pay": "shop.till"}` is taken for one: where there is no such module, it does no harm.
    """
    for key, value in zip(table.keys, table.values, strict=True):
        match key, value:
            case ast.Constant(value=str(name)), ast.Constant(value=str(home)):
                yield name, f"{home}.{name}"
            case ast.Constant(value=str(home)), ast.Tuple(elts=names) | ast.List(elts=names):
                for constant in names:
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                        yield constant.value, f"{home}.{constant.value}"
            case _:
                pass


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return the dotted name of what is imported from, also for `from . import`."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    kept = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _collect_definitions(module: Module, body: list[ast.stmt]) -> None:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                registered = any(
                    _last_part(decorator) not in _PURE_DECORATORS
                    for decorator in node.decorator_list
                )
                definition = Definition(
                    node.lineno, Kind.FUNCTION, _find_signature(node), registered
                )
                module.definitions.setdefault(node.name, definition)
            case ast.ClassDef():
                definition = Definition(node.lineno, Kind.CLASS, _find_signature(node))
                module.definitions.setdefault(node.name, definition)
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                _collect_constants(module, node, targets)
            case ast.If() | ast.Try() | ast.With():
                for part in _blocks(node):
                    _collect_definitions(module, part)
            case _:
                pass


def _find_signature(node: ast.stmt) -> frozenset[str]:
    """Return the names in the annotations of a function, or of a class and what is public in it."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            annotations = [
                argument.annotation
                for argument in ast.walk(node.args)
                if isinstance(argument, ast.arg)
            ]
            annotations.append(node.returns)
        case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
            annotations = [node.annotation]
        case ast.ClassDef():
            public = (
                part for part in node.body if re.match(r"[^_]|__", getattr(part, "name", "") or "x")
            )
            return frozenset().union(*(_find_signature(part) for part in public))
        case _:
            return frozenset()
    return frozenset(
        name
        for annotation in annotations
        if annotation
        for part in ast.walk(annotation)
        for name in _find_names(part)
    )


def _find_names(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Constant(value=str(text)):  # "Till", or Literal["open"], which does no harm
            return re.findall(r"\w+", text)
        case _:
            return []


def _blocks(node: ast.If | ast.Try | ast.With) -> Iterator[list[ast.stmt]]:
    yield node.body
    if not isinstance(node, ast.With):
        yield node.orelse
    if isinstance(node, ast.Try):
        yield node.finalbody
        for handler in node.handlers:
            yield handler.body


def _collect_constants(
    module: Module, node: ast.Assign | ast.AnnAssign, targets: Sequence[ast.expr]
) -> None:
    function = _last_part(node.value) if isinstance(node.value, ast.Call) else ""
    is_parameter = function in {"TypeVar", "ParamSpec", "TypeVarTuple"}
    kind = Kind.TYPE_PARAMETER if is_parameter else Kind.CONSTANT
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            if not isinstance(part, ast.Name):
                continue
            if part.id == "__all__":
                module.exported_line = node.lineno
                module.exported = [
                    constant.value
                    for constant in ast.walk(node)
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
                ]
            else:
                module.definitions.setdefault(part.id, Definition(node.lineno, kind))
                if function == "getLogger":
                    module.loggers.append((part.id, node.lineno))


_PURE_DECORATORS = {
    "asynccontextmanager",
    "cache",
    "contextmanager",
    "coroutine",
    "lru_cache",
    "overload",
    "singledispatch",
    "wraps",
}


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c`, or `.c` where the chain does not begin with a name.

    What is loaded by `import_module(…).c` begins with the function's name.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Call) and _last_part(node) == "import_module":
        return f"import_module.{parts[-1]}"
    if not isinstance(node, ast.Name):
        return f".{parts[0]}"
    return ".".join([node.id, *reversed(parts)])


def _last_part(node: ast.AST) -> str:
    """Return the name that is called or meant: `cache` of `@functools.cache(…)`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

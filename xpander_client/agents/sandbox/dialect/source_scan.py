"""What a piece of agent code mentions and defines, found without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from keyword import iskeyword

import attrs

from xpander_client.agents.sandbox.dialect.parsing import parse_block

_NAME = re.compile(r"[^\W\d]\w*")
_TOP_LEVEL = re.compile(r"(?:@|(?:async\s+)?def\s|class\s)")
_DEFINES = re.compile(r"(?:async\s+)?(?:def|class)\s+([^\W\d]\w*)")
_AWAITING = frozenset({"create_task", "ensure_future", "gather", "run", "wait", "wait_for"})
"""Functions of asyncio that await what they are given."""
LONGEST = 1_000_000
"""Characters of code that are looked at. No block of a model comes near."""


@attrs.frozen
class Source:
    """What is known of a piece of code.

    `names` are all names in it, also those that may only stand in its texts. `bound` are those that
    it can assign at top level, or None when the code can't be taken apart here: the sandbox then
    decides whether it is correct. `definitions` are the sources of top-level functions and classes
    and of whatever else is bound by a statement that can be run again to the same effect.
    """

    names: frozenset[str]
    bound: frozenset[str] | None
    definitions: dict[str, str]
    awaits: bool = False
    """Whether anything is awaited in it. Where nothing is, calls of async functions are, too."""
    awaited: frozenset[tuple[int, int]] = frozenset()
    """Where calls stand, in bytes, whose result is awaited or given to `gather` right there."""
    final: tuple[tuple[int, int], ...] = ()
    """Where `finally` parts stand, in bytes."""
    factories: dict[str, str] = attrs.field(factory=dict)
    """The lambdas by which defaultdicts in variables make what is missing."""


def is_class(source: str) -> bool:
    """Tell whether the source of a definition is that of a class."""
    found = _DEFINES.search(source)
    return found is not None and found[0].startswith("class")


@lru_cache(maxsize=256)
def scan_source(code: str) -> Source:
    """Take the code apart. Its lines end with a newline character, and nothing else."""
    names = frozenset(name for name in _NAME.findall(code[:LONGEST]) if not iskeyword(name))
    try:
        tree = parse_block(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The sandbox's Python is newer than the host's may be.
        awaits = re.search(r"\bawait\b|\basyncio\b", code) is not None
        return Source(names, None, _roughly_defined(code), awaits)
    try:
        return _describe(code, tree, names)
    except RecursionError:
        return Source(names, None, {})


def _describe(code: str, tree: ast.Module, names: frozenset[str]) -> Source:
    starts = [0]
    for line in code.split("\n"):
        starts.append(starts[-1] + len(line.encode("utf-8", "replace")) + 1)
    bound: set[str] = set()
    definitions: dict[str, str] = {}
    awaited: list[ast.expr] = []
    awaits = False
    final: list[tuple[int, int]] = []

    def place(first: ast.AST, last: ast.AST) -> tuple[int, int]:
        begin = starts[first.lineno - 1] + first.col_offset  # type: ignore[attr-defined]
        end = starts[last.end_lineno - 1] + last.end_col_offset  # type: ignore[attr-defined]
        return begin, end

    stored: set[str] = set()
    for statement in _at_top(tree):
        _bind(statement, code, bound, stored, definitions)
    for name in stored:
        # Bound in more than one way: which of them holds is only known at run time.
        definitions.pop(name, None)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            bound.update(node.names)
        elif isinstance(node, ast.Await):
            awaits = True
            awaited.append(node.value)
        elif isinstance(node, ast.Call) and _name_called(node) in _AWAITING:
            awaits = True
            awaited += [one for item in node.args for one in _read_gathered(item)]
        elif isinstance(node, ast.Try) and node.finalbody:
            final.append(place(node.finalbody[0], node.finalbody[-1]))
    places = frozenset(place(one, one) for one in awaited if isinstance(one, ast.Call))
    return Source(
        names, frozenset(bound), definitions, awaits, places, tuple(final), _factories(tree)
    )


def _factories(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[made_by, *_]) as call)
                | ast.AnnAssign(
                    target=ast.Name(id=name), value=ast.Call(args=[made_by, *_]) as call
                )
            ) if isinstance(made_by, ast.Lambda) and _name_called(call) == "defaultdict":
                found[name] = ast.unparse(made_by)
    return found


def _read_gathered(item: ast.expr) -> list[ast.expr]:
    """Return what an argument of `gather` gives it: itself, or the items that `*` takes apart."""
    match item:
        case ast.Starred(value=ast.List(elts=items) | ast.Tuple(elts=items)):
            return items
        case ast.Starred(value=ast.ListComp(elt=one) | ast.GeneratorExp(elt=one)):
            return [one]
    return [item]


def _name_called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _at_top(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk all nodes that run in the module's own scope."""
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Assign) and _is_definition(node.value):
            continue
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            # Only `:=` binds outside of a comprehension.
            waiting.extend(one for one in ast.walk(node) if isinstance(one, ast.NamedExpr))
            continue
        waiting.extend(ast.iter_child_nodes(node))


def _bind(
    node: ast.AST, code: str, bound: set[str], stored: set[str], definitions: dict[str, str]
) -> None:
    def define(name: str, source: str) -> None:
        bound.add(name)
        if definitions.setdefault(name, source) != source:
            stored.add(name)

    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) if _is_definition(node.value):
            define(name, _segment(code, node))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            define(node.name, _segment(code, node))
        case ast.Name(id=name, ctx=ast.Store()):
            bound.add(name)
            stored.add(name)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            bound.add(name)
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            bound.add(name)
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                define(name, _import(node, alias))


def _is_definition(value: ast.expr) -> bool:
    """Tell whether an assigned value is made of its source alone."""
    return isinstance(value, ast.Lambda) or (
        isinstance(value, ast.Call) and _name_called(value) == "namedtuple"
    )


def _import(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    named = alias.name + (f" as {alias.asname}" if alias.asname else "")
    if isinstance(node, ast.Import):
        return f"import {named}"
    return f"from {'.' * node.level}{node.module or ''} import {named}"


def _segment(code: str, node: ast.stmt) -> str:
    """Return the source of a statement with its decorators, moved to the left edge."""
    import textwrap

    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    last = node.end_lineno or node.lineno
    lines = code.split("\n")[first - 1 : last]
    if lines and node.col_offset and lines[0][: node.col_offset].strip():
        # Behind something else on its line, as in `if a: b = 1`.
        return ast.unparse(node)
    if lines and ";" in lines[-1]:
        return ast.unparse(node)
    return textwrap.dedent("\n".join(lines))


def _roughly_defined(code: str) -> dict[str, str]:
    """Find the functions and classes at the left edge, up to the next line at that edge."""
    definitions: dict[str, str] = {}
    part: list[str] = []

    def end() -> None:
        text = "\n".join(part).rstrip()
        found = _DEFINES.search(text)
        if found is not None and _TOP_LEVEL.match(text):
            definitions[found[1]] = text
        part.clear()

    for line in code[:LONGEST].splitlines():
        at_edge = bool(line) and not line[0].isspace() and line[0] not in ")]}#"
        if at_edge and not (part and part[-1].startswith("@")):
            end()
        part.append(line)
    end()
    return definitions

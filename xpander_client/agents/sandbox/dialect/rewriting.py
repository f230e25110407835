"""Agent code with what the interpreter keeps to itself told to the host.

What code sets of an object of the host, or changes in a list or dict that is an attribute of one,
is changed in a copy of which nobody hears. So each such statement tells the host behind itself, on
the same line. Lines keep their numbers.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from xpander_client.agents.sandbox.dialect.parsing import parse_block

MARK = "__x_host"
"""The attribute by which the class of a host's object is known in the sandbox."""
CHANGE = "__x_change"
"""The function of the host that takes an object, a name and the attribute's new value."""
REREAD = "__x_reread"
"""The function of the host that gives an attribute as it is there, for what could not be set."""
SOURCE = f"""\
__x_set_ones = []
def __x_on(value, name):
    if hasattr(type(value), {MARK!r}) or hasattr(value, {MARK!r}):
        __x_set_ones.append((value, name))
    return value
def __x_held(value, name):
    held = getattr(value, name)
    if type(held) in (list, dict, set) and type(value).__name__ != "Inputs":
        if hasattr(type(value), {MARK!r}):
            __x_set_ones.append((value, name, held))
    return held
def __x_tell_set():
    while __x_set_ones:
        value, name, *held = __x_set_ones.pop(0)
        try:
            {CHANGE}(value, name, held[0] if held else getattr(value, name))
        except Exception:
            try:
                setattr(value, name, {REREAD}(value, name))
            except Exception:
                pass
            raise
def __x_setattr(value, name, new):
    setattr(__x_on(value, name), name, new)
    __x_tell_set()
def __x_task(awaitable, name=None, context=None):
    return awaitable
None
"""
_CHANGING = frozenset(
    {
        *("add", "append", "clear", "difference_update", "discard", "extend", "insert"),
        *("intersection_update", "pop", "popitem", "remove", "reverse", "setdefault", "sort"),
        *("symmetric_difference_update", "update"),
    }
)
"""Methods by which lists, dicts and sets are changed."""
_TASKS = ("create_task", "ensure_future")


@lru_cache(maxsize=256)
def mark_changes(code: str) -> str:
    """Write the code so that it reports what it changes; unparsable code stays as it is."""
    if "." not in code and "setattr" not in code and "asyncio" not in code:
        return code
    try:
        tree = parse_block(code)
        edits = _Edits(code)
        edits.visit(tree)
        if not edits.edits:
            return code
        parse_block(made := edits.write_edits())
        return made
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code


class _Edits(ast.NodeVisitor):
    def __init__(self, code: str) -> None:
        self._code = code.encode("utf-8", "surrogatepass")
        self._starts = [0]
        for line in self._code.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.edits: list[tuple[int, int, str]] = []
        self._own: frozenset[str] = frozenset()
        self._in_class = False
        self._asyncio = {"asyncio"}

    def write_edits(self) -> str:
        """Write the code with all edits."""
        parts, at = [], 0
        for begin, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            parts += [self._code[at:begin], text.encode()]
            at = end
        return b"".join([*parts, self._code[at:]]).decode("utf-8", "surrogatepass")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Take note that the first argument of methods is an object of agent code."""
        before, self._in_class = self._in_class, True
        self.generic_visit(node)
        self._in_class = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._statement(node, node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._statement(node, [node.target])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._statement(node, [] if node.value is None else [node.target])

    def visit_Import(self, node: ast.Import) -> None:
        self._asyncio |= {one.asname for one in node.names if one.name == "asyncio" and one.asname}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        tasks = [one for one in node.names if one.name in _TASKS]
        if node.module == "asyncio" and tasks:
            others = [one for one in node.names if one not in tasks]
            made = [f"{one.asname or one.name} = __x_task" for one in tasks]
            if others:
                made.append(ast.unparse(ast.ImportFrom("asyncio", others, 0)))
            self._put(node, "; ".join(made))

    def visit_Expr(self, node: ast.Expr) -> None:
        self._statement(node, [])

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id="setattr"):
                self._put(node.func, "__x_setattr")
            case ast.Attribute(value=ast.Name(id=of), attr=name) if (
                name in _TASKS and of in self._asyncio
            ):
                self._put(node.func, "__x_task")
        self.generic_visit(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        own, in_class = self._own, self._in_class
        if in_class and node.args.args:
            self._own = own | {node.args.args[0].arg}
        self._in_class = False
        self.generic_visit(node)
        self._own, self._in_class = own, in_class

    def _statement(self, node: ast.stmt, targets: list[ast.expr]) -> None:
        self.generic_visit(node)
        told = False
        for one in (one for target in targets for one in _set(target)):
            if isinstance(one, ast.Attribute):
                told |= self._tell(one, "__x_on(", is_set=True)
            elif (held := _find_holder(one.value)) is not None:
                told |= self._tell(held, "__x_held(", is_set=False)
        for call in ast.walk(node):
            match call:
                case ast.Call(func=ast.Attribute(value=of, attr=name)) if name in _CHANGING:
                    if (held := _find_holder(of)) is not None:
                        told |= self._tell(held, "__x_held(", is_set=False)
        if told:
            end = self._place(node)[1]
            self.edits.append((end, end, "; __x_tell_set()"))

    def _tell(self, one: ast.Attribute, by: str, *, is_set: bool) -> bool:
        if isinstance(one.value, ast.Name) and one.value.id in self._own:
            return False
        begin, end = self._place(one.value if is_set else one)
        dot = end if is_set else self._code.rindex(b".", begin, end)
        self.edits.append((begin, begin, by))
        self.edits.append((dot, end, f", {one.attr!r})"))
        return True

    def _put(self, node: ast.expr | ast.stmt, text: str) -> None:
        self.edits.append((*self._place(node), text))

    def _place(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )


def _set(target: ast.expr) -> list[ast.Attribute | ast.Subscript]:
    """List the attributes and items that an assignment to this target sets."""
    match target:
        case ast.Attribute() | ast.Subscript():
            return [target]
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [one for item in items for one in _set(item)]
        case ast.Starred(value=item):
            return _set(item)
    return []


def _find_holder(value: ast.expr) -> ast.Attribute | None:
    """Find the attribute that holds what is changed, however deep in it that is."""
    while isinstance(value, ast.Subscript):
        value = value.value
    return value if isinstance(value, ast.Attribute) else None

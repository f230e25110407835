"""Agent code as the interpreter runs it: usual Python that it lacks, written with functions.

Only what stands at such a place is changed, line by line the same, and the functions (those of
`preludes`) do for plain data what the interpreter does. Code that Python itself can't read is left
as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Set
from functools import lru_cache
from typing import Any

from xpander_client.agents.sandbox.dialect.parsing import parse_block

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "oadd", ast.Sub: "osub", ast.Mult: "omul", ast.Div: "otruediv",
    ast.FloorDiv: "ofloordiv", ast.Mod: "omod", ast.Pow: "opow", ast.MatMult: "omatmul",
    ast.BitAnd: "oand", ast.BitOr: "oor", ast.BitXor: "oxor", ast.LShift: "olshift",
    ast.RShift: "orshift", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.Eq: "eq", ast.NotEq: "ne",
    ast.In: "in", ast.NotIn: "not_in",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip
_OPERATOR = re.compile(
    r"((?:[\s)\\]|#[^\n]*\n)*)"
    r"(?:\*\*|//|<<|>>|<=|>=|==|!=|not\s+in\b|in\b|[-+*/%@&|^<>])"
    r"(.*)",
    re.DOTALL,
)
_ASSIGNED = re.compile(r"(\s*)(?:\*\*|//|<<|>>|[-+*/%@&|^])=(.*)", re.DOTALL)
_TYPES = frozenset(
    {"str", "bytes", "int", "float", "bool", "list", "tuple", "dict", "set", "frozenset", "type"}
)
_METHODS = frozenset(
    name
    for cls in (str, bytes, list, tuple, dict, set, frozenset)
    for name in dir(cls)
    if not name.startswith("_")
)
_OF_TYPES = frozenset({"fromkeys", "fromhex", "from_bytes", "maketrans"})
_ONE_ARGUMENT = frozenset({"len", "abs", "str", "repr", "bool", "int", "float"})
_FUNCTIONS = frozenset({"len", "abs", "repr", "round", "callable"})
_CONSUMERS = frozenset(
    {"sum", "min", "max", "any", "all", "sorted", "enumerate", "reversed", "iter"}
    | {"list", "tuple", "set", "frozenset", "zip", "map", "filter"}
)
_GIVES_NUMBERS = frozenset({"len", "int", "float", "bool", "ord", "hash", "id", "range"})
_EAGER = frozenset({"map", "filter", "zip", "enumerate", "reversed"})
_TAKES_ITEMS = frozenset({"join", "extend", "update", "union"})
_ANSWERS_BOOL = frozenset({"isinstance", "hasattr", "bool", "any", "all", "callable"})
_DISPLAYS = (
    ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda,
)  # fmt: skip
_IN_PLACE = frozenset({ast.Mult, ast.Sub, ast.BitOr, ast.BitAnd, ast.BitXor})
"""Operators that change a list or set itself, with `=`, though the interpreter makes a new one."""
_PATTERN_IS_FIRST = {
    "compile": 1, "match": 2, "search": 2, "findall": 2, "finditer": 2, "split": 3,
    "sub": 4, "subn": 4,
}  # fmt: skip
"""Functions of `re`, and how many arguments they have before the flags."""
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
"""What a `$` in a pattern may be part of: an escape, a class, or nothing."""
_WORD = re.compile(r"\w")


@lru_cache(maxsize=512)
def rewrite_idioms(
    code: str,
    *,
    has_objects: bool = False,
    has_functions: bool = False,
    inner_modules: frozenset[str] = frozenset(),
    taken: frozenset[str] = frozenset(),
    known: frozenset[str] = frozenset(),
) -> str:
    """Write the code, with the same lines, for the interpreter.

    With `has_objects` operators, `len`, loops and the like may meet objects of the host, or of
    classes with special methods; with `has_functions` functions of the host may be called by
    `sorted`, `map` and the like. `inner_modules` are the paths of modules that are objects for the
    interpreter, `taken` names of builtins that mean something else here, `known` variables
    that the code finds.
    """
    try:
        tree = parse_block(code)
        has_functions = has_functions or has_objects
        return _Rewriting(
            code, tree, has_objects, has_functions, inner_modules, taken, known
        ).rewrite(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code


class _Rewriting:
    def __init__(
        self,
        code: str,
        tree: ast.Module,
        has_objects: bool,
        has_functions: bool,
        inner_modules: frozenset[str],
        taken: frozenset[str],
        known: frozenset[str],
    ) -> None:
        self._code = code.encode()
        self._starts = [0]
        for line in self._code.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._has_objects = has_objects
        self._has_functions = has_functions
        self._inner_modules = inner_modules
        self._taken = taken | _find_bound_names(tree) - {"re"}
        self._in_class = False
        self._numbers: Set[str] = frozenset()
        if has_objects:
            self._numbers = self._find_numbers(tree, known)

    def rewrite(self, tree: ast.Module) -> str:
        return self._splice(0, len(self._code), _walk_placed(tree))

    # -- places

    def _start(self, node: Any) -> int:
        return int(self._starts[node.lineno - 1] + node.col_offset)

    def _end(self, node: Any) -> int:
        return int(self._starts[node.end_lineno - 1] + node.end_col_offset)

    def _between(self, start: int, end: int) -> str:
        return self._code[start:end].decode()

    def _source(self, node: ast.AST) -> str:
        return self._between(self._start(node), self._end(node))

    def _splice(self, start: int, end: int, nodes: Iterable[ast.AST]) -> str:
        """Write a part of the code, with the text of these nodes for what stands there."""
        made = ""
        at = start
        for node in sorted(nodes, key=self._start):
            if self._start(node) < at:
                continue
            text = self._text(node)
            made = _join(made, self._between(at, self._start(node)))
            made = _join(made, text)
            at = self._end(node)
        return _join(made, self._between(at, end))

    def _as_long(self, text: str, node: ast.AST, end: str = "") -> str:
        """Give the text as many lines as the node has; they are added before `end`."""
        missing = self._source(node).count("\n") - text.count("\n") - end.count("\n")
        return text + "\n" * max(0, missing) + end

    # -- nodes

    def _text(self, node: ast.AST) -> str:
        rewrite = getattr(self, f"_{type(node).__name__.lower()}", None)
        made: str | None = None if rewrite is None else rewrite(node)
        return self._plainly(node) if made is None else made

    def _plainly(self, node: ast.AST) -> str:
        return self._splice(self._start(node), self._end(node), _walk_placed(node))

    def _is_builtin(self, node: ast.AST, names: Set[str]) -> bool:
        return isinstance(node, ast.Name) and node.id in names and node.id not in self._taken

    def _find_numbers(self, tree: ast.AST, known: Set[str]) -> Set[str]:
        """Find the variables that hold nothing but numbers: what loops count with stays cheap."""
        values = _find_values(tree)
        numbers = {
            name for name, given in values.items() if None not in given and name not in known
        }
        while True:
            self._numbers = numbers
            more = {name for name in numbers if all(map(self._is_number, values[name]))}
            if more == numbers:
                return numbers
            numbers = more

    def _is_number(self, node: ast.AST | None) -> bool:
        match node:
            case ast.Constant(value=value):
                return type(value) in (int, float, bool)
            case ast.Name(id=name):
                return name in self._numbers
            case ast.BinOp(left=left, right=right):
                return self._is_number(left) and self._is_number(right)
            case ast.UnaryOp(operand=operand):
                return self._is_number(operand)
            case ast.Call(func=function):
                return self._is_builtin(function, _GIVES_NUMBERS)
        return False

    def _is_data(self, *nodes: ast.AST) -> bool:
        return all(isinstance(one, _DISPLAYS) or self._is_number(one) for one in nodes)

    def _truth(self, node: ast.expr) -> str:
        text = self._text(node)
        if not self._has_objects or isinstance(node, ast.Yield) or self._is_data(node):
            return text
        if isinstance(node, ast.Compare) and self._is_data(node.left, *node.comparators):
            return text
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return text
        if isinstance(node, ast.Compare) and isinstance(
            node.ops[-1], (ast.Is, ast.IsNot, ast.In, ast.NotIn)
        ):
            return text
        if isinstance(node, ast.Call) and self._is_builtin(node.func, _ANSWERS_BOOL):
            return text
        if isinstance(node, ast.Compare) and text.startswith("__x_"):
            # In one call, as that is what loops ask most.
            return text.replace("__x_", "__x_if_", 1)
        return f"__x_truth({text})"

    def _items(self, node: ast.expr) -> str:
        text = self._text(node)
        if not self._has_objects or isinstance(node, _DISPLAYS):
            return text
        if isinstance(node, ast.Call) and self._is_builtin(
            node.func, _CONSUMERS | {"range"} - {"iter"}
        ):
            return text
        return f"__x_iter({text})"

    def _replace(self, node: ast.AST, parts: Iterable[tuple[ast.AST, str]]) -> str:
        """Write the node's code with these texts for nodes in it, and the usual for the others."""
        texts = {id(one): text for one, text in parts}
        made, at = "", self._start(node)
        for one in sorted(_walk_placed(node), key=self._start):
            if self._start(one) < at:
                continue
            made = _join(made, self._between(at, self._start(one)))
            made = _join(made, texts[id(one)] if id(one) in texts else self._text(one))
            at = self._end(one)
        return _join(made, self._between(at, self._end(node)))

    def _binary(self, name: str, node: ast.AST, left: ast.AST, right: ast.AST) -> str | None:
        gap = _OPERATOR.fullmatch(self._between(self._end(left), self._start(right)))
        if gap is None:
            return None
        before = self._between(self._start(node), self._start(left))
        after = self._between(self._end(right), self._end(node))
        return f"__x_{name}({before}{self._text(left)}{gap[1]},{gap[2]}{self._text(right)}{after})"

    def _binop(self, node: ast.BinOp) -> str | None:
        if not self._has_objects or self._is_data(node.left, node.right):
            return None
        return self._binary(_OPERATORS[type(node.op)], node, node.left, node.right)

    def _unaryop(self, node: ast.UnaryOp) -> str | None:
        if not self._has_objects:
            return None
        if isinstance(node.op, ast.Not):
            return self._replace(node, [(node.operand, self._truth(node.operand))])
        if self._is_data(node.operand):
            return None
        name = _OPERATORS[type(node.op)]
        before = self._between(self._start(node) + 1, self._start(node.operand))
        after = self._between(self._end(node.operand), self._end(node))
        return f"__x_{name}({before}{self._text(node.operand)}{after})"

    def _boolop(self, node: ast.BoolOp) -> str:
        return self._replace(node, [(one, self._truth(one)) for one in node.values[:-1]])

    def _compare(self, node: ast.Compare) -> str | None:
        if not self._has_objects or any(type(one) not in _OPERATORS for one in node.ops):
            return None
        operands = [node.left, *node.comparators]
        if self._is_data(*operands):
            return None
        if len(node.ops) == 1:
            name = _OPERATORS[type(node.ops[0])]
            return self._binary(name, node, node.left, node.comparators[0])
        # `a < b < c`, where b may be looked at twice.
        if "\n" in self._source(node) or not all(
            isinstance(one, (ast.Name, ast.Constant)) for one in operands[1:-1]
        ):
            return None
        parts = [
            f"__x_{_OPERATORS[type(operator)]}({self._text(one)}, {self._text(other)})"
            for operator, one, other in zip(node.ops, operands[:-1], operands[1:], strict=True)
        ]
        truths = [f"__x_truth({one})" for one in parts[:-1]]
        return f"({' and '.join([*truths, parts[-1]])})"

    def _ifexp(self, node: ast.IfExp) -> str:
        return self._replace(node, [(node.test, self._truth(node.test))])

    def _if(self, node: ast.If) -> str:
        return self._replace(node, [(node.test, self._truth(node.test))])

    def _while(self, node: ast.While) -> str:
        return self._replace(node, [(node.test, self._truth(node.test))])

    def _assert(self, node: ast.Assert) -> str:
        return self._replace(node, [(node.test, self._truth(node.test))])

    def _for(self, node: ast.For) -> str:
        return self._replace(node, [(node.iter, self._items(node.iter))])

    def _comprehension(self, node: Any) -> str:
        parts: list[tuple[ast.AST, str]] = []
        for one in node.generators:
            if not one.is_async:
                parts.append((one.iter, self._items(one.iter)))
            parts += [(test, self._truth(test)) for test in one.ifs]
        return self._replace(node, parts)

    _listcomp = _setcomp = _dictcomp = _generatorexp = _comprehension

    def _starred(self, node: ast.Starred) -> str | None:
        if isinstance(node.ctx, ast.Load):
            return self._replace(node, [(node.value, self._items(node.value))])
        return None

    def _subscript(self, node: ast.Subscript) -> str | None:
        if not isinstance(node.ctx, ast.Load):
            return None
        if self._is_builtin(node.value, {"inputs"}) and isinstance(node.slice, ast.Constant):
            name = node.slice.value
            if isinstance(name, str) and name.isidentifier():
                return self._as_long(f"inputs.{name}", node)
        if not self._has_objects or self._is_builtin(node.value, _TYPES):
            return None
        item = self._object_and_key(node)
        return None if item is None else f"__x_item({item})"

    def _object_and_key(self, node: ast.Subscript) -> str | None:
        """Write the two of `x[key]` as arguments."""
        gap = self._between(self._end(node.value), self._start(node.slice))
        after = self._between(self._end(node.slice), self._end(node))
        if "#" in gap + after or "[" not in gap:
            return None
        before = self._between(self._start(node), self._start(node.value))
        value = f"{before}{self._text(node.value)}{gap.replace('[', ',', 1)}"
        return f"{value}{self._key(node.slice)}{after[:-1]}"

    def _key(self, node: ast.expr) -> str:
        if isinstance(node, ast.Slice):
            parts = [
                "None" if one is None else self._text(one)
                for one in (node.lower, node.upper, node.step)
            ]
            return self._as_long(f"__x_slice({', '.join(parts)}", node, ")")
        if isinstance(node, ast.Tuple):
            text = self._replace(node, [(one, self._key(one)) for one in node.elts])
            return text if self._source(node).startswith("(") else f"({text})"
        return self._text(node)

    def _assign(self, node: ast.Assign) -> str | None:
        if not self._has_objects or len(node.targets) != 1:
            return None
        target = node.targets[0]
        if isinstance(target, ast.Subscript):
            item = self._object_and_key(target)
            if item is None:
                return None
            # The value comes first, as it is made before the rest is looked at.
            lines = "\n" * (node.value.lineno - node.lineno)
            return self._as_long(f"__x_set(({lines}{self._text(node.value)}), {item}", node, ")")
        if isinstance(target, (ast.Tuple, ast.List)):
            return self._replace(node, [(node.value, self._items(node.value))])
        return None

    def _augassign(self, node: ast.AugAssign) -> str | None:
        if not self._has_objects and type(node.op) not in _IN_PLACE:
            return None
        if self._is_number(node.target) and self._is_number(node.value):
            return None
        gap = _ASSIGNED.fullmatch(self._between(self._end(node.target), self._start(node.value)))
        if gap is None:
            return None
        name = f"__x_i{_OPERATORS[type(node.op)][1:]}"
        after = self._between(self._end(node.value), self._end(node))
        value = f"{gap[2]}{self._text(node.value)}{after}"
        if isinstance(node.value, ast.Tuple):
            value = f"({value})"
        target = node.target
        if isinstance(target, ast.Name) or (
            isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
        ):
            whole = self._source(target)
            return f"{whole}{gap[1]}= {name}({whole},{value})"
        match target:
            case ast.Attribute(
                value=ast.Call(func=ast.Name(id="__x_on"), args=[ast.Name(id=of), *_]), attr=attr
            ):
                # What is set is told to the host, and read as it is.
                return f"{self._source(target)}{gap[1]}= {name}({of}.{attr},{value})"
        if isinstance(target, ast.Subscript) and self._can_be_later(node.value):
            item = self._object_and_key(target)
            if item is not None:
                return f"__x_update({item}, {name}, lambda: ({value}))"
        return None

    def _can_be_later(self, *nodes: ast.AST) -> bool:
        """Tell whether these may stand in a function of their own."""
        return not self._in_class and not any(
            isinstance(one, (ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Starred))
            for node in nodes
            for one in ast.walk(node)
        )

    def _delete(self, node: ast.Delete) -> str | None:
        parts = []
        for target in node.targets:
            item = self._object_and_key(target) if isinstance(target, ast.Subscript) else None
            if item is None:
                return None
            parts.append(f"__x_del({item})")
        return self._as_long("; ".join(parts), node)

    def _attribute(self, node: ast.Attribute) -> str | None:
        """Write a method that is not called at once: `key=d.get`, `map(str.strip, lines)`."""
        if node.attr not in _METHODS or not isinstance(node.ctx, ast.Load):
            return None
        call = f"lambda o, *a, **k: o.{node.attr}(*a, **k)"
        if self._is_builtin(node.value, _TYPES):
            if node.attr in _OF_TYPES:
                return "__x_maketrans" if node.attr == "maketrans" else None
            value = self._source(node.value)
            return self._as_long(f"__x_unbound({value}, {call}", node, ")")
        value = self._text(node.value)
        return self._as_long(f"__x_bound({value}, lambda o: o.{node.attr}, {call}", node, ")")

    def _name(self, node: ast.Name) -> str | None:
        names = _FUNCTIONS if self._has_objects else {"round", "callable"}
        is_read = isinstance(node.ctx, ast.Load) and self._is_builtin(node, names)
        return f"__x_{node.id}" if is_read else None

    def _call(self, node: ast.Call) -> str | None:
        function, given = node.func, node.args
        is_plain = not any(isinstance(one, ast.Starred) for one in given)
        keywords = {one.arg for one in node.keywords}
        if isinstance(function, ast.Attribute):
            return self._method_call(node, function, keywords)
        if not isinstance(function, ast.Name) or function.id in self._taken or not given:
            return None
        name = function.id
        if name in ("any", "all", "next") and isinstance(given[0], ast.GeneratorExp):
            return self._lazy(node, name, given[0])
        if name == "next" and isinstance(given[0], ast.Call):
            if self._is_builtin(given[0].func, _EAGER):
                return self._replace(node, [(given[0], f"iter({self._text(given[0])})")])
            return None
        if self._has_functions:
            # A builtin could not wait for what the host answers.
            if name in ("sorted", "min", "max") and "key" in keywords and None not in keywords:
                return self._replace(node, [(function, f"__x_{name}")])
            if name in ("map", "filter") and len(given) > 1 and is_plain:
                return self._replace(node, [(function, f"__x_{name}")])
        if not self._has_objects:
            return None
        if name in ("print", "format") or (
            name in _ONE_ARGUMENT and len(given) == 1 and is_plain and not keywords
        ):
            return self._replace(node, [(function, f"__x_{name}")])
        if name in _CONSUMERS and is_plain and (name not in ("min", "max") or len(given) == 1):
            items = given if name == "zip" else given[:1]
            return self._replace(node, [(one, self._items(one)) for one in items])
        return None

    def _method_call(
        self, node: ast.Call, function: ast.Attribute, keywords: Set[str | None]
    ) -> str | None:
        name, given = function.attr, node.args
        if self._is_builtin(function.value, _TYPES):
            return self._replace(node, [(function, self._text(function))])
        parts: list[tuple[ast.AST, str]] = []
        if name in _PATTERN_IS_FIRST and self._is_builtin(function.value, {"re"}):
            most = _PATTERN_IS_FIRST[name]
            if given and isinstance(given[0], ast.Constant) and len(given) <= most:
                pattern = _with_line_end(given[0].value)
                if pattern is not None and "flags" not in keywords:
                    parts.append((given[0], self._as_long(f"({pattern!r}", given[0], ")")))
        if (
            (name == "dumps" and "default" in keywords)
            or (name in ("sub", "subn") and given and len(given) + len(keywords) > 1)
            or (name == "translate" and len(given) == 1)
            or (name == "sort" and "key" in keywords and self._has_functions)
        ):
            gap = self._between(self._end(function), self._end(node))
            if gap.lstrip().startswith("(") and None not in keywords:
                value = f"__x_{name}({self._text(function.value)}, "
                whole = self._replace(node, [(function, ""), *parts]).lstrip()
                return self._as_long(f"{value}{whole[1:]}", node)
        parts.append((function, self._plainly(function)))
        if name in _TAKES_ITEMS and len(given) == 1:
            parts.append((given[0], self._items(given[0])))
        return self._replace(node, parts)

    def _lazy(self, node: ast.Call, name: str, made: ast.GeneratorExp) -> str | None:
        """`any(...)` and the like, which stop at the first item that decides."""
        (one, *more) = made.generators
        names = _list_names(one.target)
        if more or one.is_async or names is None or not self._can_be_later(made):
            return None
        parameters = ", ".join(names)
        text = f"__x_{name}({self._items(one.iter)}, {len(names) if _is_tuple(one.target) else 0}"
        text += f", lambda {parameters}: ({self._write_truth(name, made.elt)})"
        tests = " and ".join(f"({self._truth(test)})" for test in one.ifs) or "None"
        text += f", lambda {parameters}: {tests}" if one.ifs else ", None"
        for other in node.args[1:]:
            text += f", {self._text(other)}"
        return None if node.keywords else self._as_long(text, node, ")")

    def _write_truth(self, name: str, node: ast.expr) -> str:
        return self._text(node) if name == "next" else self._truth(node)

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        """Write an f-string. What stands in it has places on new Pythons only, so it is written
        anew.
        """
        parts = self._format_parts(node)
        if parts is None:
            # Python's text of the parts may differ from what was written, so only where needed.
            return self._source(node)
        return self._as_long(f'"".join([{", ".join(parts)}', node, "])")

    def _format_parts(self, node: ast.JoinedStr) -> list[str] | None:
        parts = []
        is_changed = False
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                source = ast.unparse(one.value)
                text = self._again(source)
                specification = "''"
                if isinstance(one.format_spec, ast.JoinedStr):
                    inner = self._format_parts(one.format_spec)
                    specification = (
                        f'"".join([{", ".join(inner)}])'
                        if inner is not None
                        else ast.unparse(one.format_spec)
                    )
                if one.conversion in (ord("r"), ord("s"), ord("a")):
                    text = f"__x_{'str' if one.conversion == ord('s') else 'repr'}({text})"
                is_changed = is_changed or text != source
                if self._has_objects and not isinstance(one.value, ast.Constant):
                    is_changed = True
                parts.append(f"__x_format({text}, {specification})")
            else:
                parts.append(ast.unparse(one))
        return parts if is_changed else None

    def _again(self, source: str) -> str:
        """Write the text of an expression that stands by itself."""
        tree = parse_block(source)
        inner = _Rewriting(
            source,
            tree,
            self._has_objects,
            self._has_functions,
            self._inner_modules,
            self._taken,
            frozenset(),
        )
        inner._numbers = self._numbers
        inner._in_class = self._in_class
        return inner.rewrite(tree)

    # -- statements with parts that are no code to run

    def _classdef(self, node: ast.ClassDef) -> str:
        outside, self._in_class = self._in_class, True
        try:
            return self._plainly(node)
        finally:
            self._in_class = outside

    def _function(self, node: Any) -> str:
        outside, self._in_class = self._in_class, False
        try:
            return self._plainly(node)
        finally:
            self._in_class = outside

    _functiondef = _asyncfunctiondef = _lambda = _function

    def _import(self, node: ast.Import) -> str | None:
        if not any(self._is_ours(one.name) for one in node.names):
            return None
        parts = []
        for one in node.names:
            top, _, rest = one.name.partition(".")
            if not self._is_ours(one.name):
                parts.append(f"import {one.name}" + (f" as {one.asname}" if one.asname else ""))
            elif one.asname is None and rest and top not in self._inner_modules:
                parts.append(f"import {top}")
            else:
                name = one.asname or top
                parts.append(f"{name} = {self._module(one.name if one.asname else top)}")
        return self._as_long("; ".join(parts), node)

    def _importfrom(self, node: ast.ImportFrom) -> str | None:
        module = node.module or ""
        if node.level or any(one.name == "*" for one in node.names):
            return None
        if not self._is_ours(module):
            return None
        parts = [
            f"{one.asname or one.name} = {self._module(module)}.{one.name}" for one in node.names
        ]
        return self._as_long("; ".join(parts), node)

    def _is_ours(self, path: str) -> bool:
        parts = path.split(".")
        return path in ("heapq", "operator") or any(
            ".".join(parts[:count]) in self._inner_modules for count in range(1, len(parts) + 1)
        )

    def _module(self, path: str) -> str:
        if path in self._inner_modules:
            return f"__x_module({path!r})"
        if path in ("heapq", "operator"):
            return f"__x_{path}"
        above, _, name = path.rpartition(".")
        return f"{self._module(above)}.{name}"


def _walk_placed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes in this one that have a place and are run, without those within them."""
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params", "type_comment", "pattern", "ctx"):
            continue
        for one in field if isinstance(field, list) else [field]:
            if not isinstance(one, ast.AST):
                continue
            if hasattr(one, "lineno"):
                yield one
            else:
                yield from _walk_placed(one)


def _with_line_end(pattern: object) -> str | None:
    """Return the pattern with Python's `$`, which matches before a last line end, too; None without
    one.

    What flags within the pattern may change stays as it is.
    """
    if not isinstance(pattern, str) or "$" not in pattern or re.search(r"\(\?[a-zA-Z]", pattern):
        return None
    return _TOKEN.sub(lambda found: "(?=\n?\\Z)" if found[0] == "$" else found[0], pattern)


def _join(before: str, after: str) -> str:
    """Two texts behind each other, apart where they would become one word."""
    if before and after and _WORD.match(before[-1]) and _WORD.match(after[0]):
        # Only at the seam of what was changed: words of the source are apart already.
        return f"{before} {after}"
    return before + after


def _list_names(target: ast.expr) -> list[str] | None:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)) and all(
        isinstance(one, ast.Name) for one in target.elts
    ):
        names = [one.id for one in target.elts if isinstance(one, ast.Name)]
        return names if names and len(set(names)) == len(names) else None
    return None


def _is_tuple(target: ast.expr) -> bool:
    return not isinstance(target, ast.Name)


def _find_values(tree: ast.AST) -> dict[str, list[ast.AST | None]]:
    """Return what the code gives to each name that it binds; None for what can't be said."""
    values: dict[str, list[ast.AST | None]] = {}
    seen: set[int] = set()

    def give(target: ast.AST, value: ast.AST | None) -> None:
        if isinstance(target, ast.Name):
            seen.add(id(target))
            values.setdefault(target.id, []).append(value)

    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    give(target, value)
            case (
                ast.AugAssign(target=target, value=value)
                | ast.NamedExpr(target=target, value=value)
            ):
                give(target, value)
            case ast.For(target=target, iter=items) | ast.comprehension(target=target, iter=items):
                # Of range(...), which counts as a number, the items are numbers.
                is_range = isinstance(items, ast.Call) and _write_call(items) == "range"
                give(target, items if is_range else None)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in seen:
            values.setdefault(node.id, []).append(None)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            for name in node.names:
                values.setdefault(name, []).append(None)
    for name in _find_bound_names(tree, stores=False):
        values.setdefault(name, []).append(None)
    return values


def _write_call(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _find_bound_names(tree: ast.AST, *, stores: bool = True) -> frozenset[str]:
    """Find all names that the code binds; without `stores` but by assignments and loops."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                if stores:
                    names.add(name)
            case ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                names.add(name)
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                names.add(name)
    return frozenset(names)

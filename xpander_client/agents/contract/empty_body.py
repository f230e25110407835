"""Whether a function's body does nothing, so that an agent can stand in for it."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from functools import cache
from types import CodeType, FunctionType
from typing import Any

_BY_VALUE = frozenset((*dis.hasconst, *dis.hasname))


def is_empty(function: FunctionType) -> bool:
    """Tell whether the body is only bare constants, as a docstring or `...`, and `pass`.

    It may end with `raise NotImplementedError`, with or without a message. The bytecode decides,
    which is always there. It can't tell `return` from `pass`: where there is a source, it has to
    agree.

    Example:
        >>> def nothing():
        ...     "Does nothing."
        ...     raise NotImplementedError
        >>> is_empty(nothing)
        True
    """
    is_async = inspect.iscoroutinefunction(function)
    if _instructions(function.__code__) not in _empty_instructions(is_async):
        return False
    body = _body_in_source(function)
    return body is None or all(_does_nothing(statement) for statement in body)


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(ast.Constant()):
            return True
        case ast.Raise(
            ast.Name("NotImplementedError")
            | ast.Call(ast.Name("NotImplementedError"), [] | [ast.Constant()], []),
            None,
        ):
            return True
    return False


@cache
def _empty_instructions(is_async: bool) -> list[list[tuple[str, object]]]:
    bodies = (
        "pass",
        "raise NotImplementedError",
        "raise NotImplementedError()",
        "raise NotImplementedError('message')",
    )
    head = "async def body():" if is_async else "def body():"
    namespace: dict[str, Any] = {}
    found = []
    for body in bodies:
        exec(f"{head} {body}", namespace)  # the texts above
        found.append(_instructions(namespace["body"].__code__))
    return found


def _instructions(code: CodeType) -> list[tuple[str, object]]:
    # Where a value lies in the code's tables depends on the docstring, so the value is compared.
    # All texts count as one: only a message can be the only difference.
    return [
        (
            step.opname,
            str
            if isinstance(step.argval, str) and step.opcode in dis.hasconst
            else step.argval
            if step.opcode in _BY_VALUE
            else step.arg,
        )
        for step in dis.get_instructions(code)
        if step.opname != "NOP"
    ]


def _body_in_source(function: FunctionType) -> list[ast.stmt] | None:
    """Return the function's statements, or None where no source has them (as with `exec`)."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except Exception:  # there is none, or it is another by now: each Python has its own errors
        return None
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == function.__name__
        ):
            return node.body
    return None

"""Whether a function's body does nothing, so that an agent can stand in for it."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from functools import cache
from types import CodeType, FunctionType


def is_empty(function: FunctionType) -> bool:
    """Whether the body is only `pass`, `...`, a docstring or other bare constants.

    The bytecode decides, which is always there. It can't tell `return` from `pass`: where there is
    a source, it has to agree.

    Example:
        >>> def nothing():
        ...     "Does nothing."
        >>> is_empty(nothing)
        True
    """
    if _instructions(function.__code__) != _empty(inspect.iscoroutinefunction(function)):
        return False
    body = _body_in_source(function)
    return body is None or all(_does_nothing(statement) for statement in body)


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


@cache
def _empty(is_async: bool) -> list[tuple[str, object]]:
    async def nothing_async() -> None:
        pass

    def nothing() -> None:
        pass

    return _instructions((nothing_async if is_async else nothing).__code__)


def _instructions(code: CodeType) -> list[tuple[str, object]]:
    # Where a constant lies in the code's table depends on the docstring, so its value is compared.
    return [
        (step.opname, step.argval if step.opcode in dis.hasconst else step.arg)
        for step in dis.get_instructions(code)
        if step.opname != "NOP"
    ]


def _body_in_source(function: FunctionType) -> list[ast.stmt] | None:
    """The function's statements, or None where no source says them (as with `exec`)."""
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
